//! ReLU and ReLU6 with a backward pass in closed form.

use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use rayon::prelude::*;

use crate::flex::{CHUNK, of_kind, single, widest};

/// Where ReLU6 ends.
const CEILING: f32 = 6.0;

/// `max(x, 0)`.
pub fn relu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::fused_relu(x.into_dispatch()))
}

/// `min(max(x, 0), 6)`.
pub fn relu6<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::fused_relu6(x.into_dispatch()))
}

/// The operations; without gradients as burn has them.
#[backend_extension(Flex, LibTorch: cfg(feature = "libtorch"), Cube: cfg(feature = "cuda"), Autodiff)]
trait FusedRelu: Backend {
    fn fused_relu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::relu(x)
    }

    /// The gradient with respect to `x` of `y = max(x, 0)`, whose output has the gradient `grad`.
    fn relu_gradient(output: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::relu_backward(output, grad)
    }

    fn fused_relu6(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::float_clamp(x, 0.0.into(), CEILING.into())
    }

    /// The same of ReLU6.
    fn relu6_gradient(output: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        let below = Self::float_add_scalar(Self::float_neg(output.clone()), CEILING.into());
        Self::relu_gradient(below, Self::relu_gradient(output, grad))
    }
}

// burn takes one number after the other on one thread, and clamps by masks, which pass four times over memory.
impl FusedRelu for Flex {
    fn fused_relu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        // What is no number stays so.
        each(x, |x| if x < 0.0 { 0.0 } else { x })
    }

    fn relu_gradient(output: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        each_gradient(output, grad, |output, grad| if output <= 0.0 { 0.0 } else { grad })
    }

    fn fused_relu6(x: FloatTensor<Self>) -> FloatTensor<Self> {
        each(x, |x| x.clamp(0.0, CEILING))
    }

    fn relu6_gradient(output: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        each_gradient(output, grad, |output, grad| if output > 0.0 && output < CEILING { grad } else { 0.0 })
    }
}

fn each(x: FloatTensor<Flex>, of: impl Fn(f32) -> f32 + Sync) -> FloatTensor<Flex> {
    let kind = x.dtype();
    let mut x = single(x);
    x.storage_mut::<f32>().par_chunks_mut(CHUNK).for_each(|x| {
        widest(|| x.iter_mut().for_each(|x| *x = of(*x)));
    });
    of_kind(x, kind)
}

fn each_gradient(
    output: FloatTensor<Flex>,
    grad: FloatTensor<Flex>,
    of: impl Fn(f32, f32) -> f32 + Sync,
) -> FloatTensor<Flex> {
    let kind = grad.dtype();
    let (output, mut grad) = (single(output), single(grad));
    let chunks = grad.storage_mut::<f32>().par_chunks_mut(CHUNK).zip(output.storage::<f32>().par_chunks(CHUNK));
    chunks.for_each(|(grad, output)| {
        widest(|| grad.iter_mut().zip(output).for_each(|(grad, output)| *grad = of(*output, *grad)));
    });
    of_kind(grad, kind)
}

#[cfg(feature = "libtorch")]
impl FusedRelu for burn::backend::LibTorch {
    fn relu_gradient(output: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        FloatTensor::<Self>::new(output.tensor.threshold_backward(&grad.tensor, 0.0))
    }
}

#[cfg(feature = "cuda")]
impl FusedRelu for burn::backend::Cube {}

impl<B: FusedRelu, C: CheckpointStrategy> FusedRelu for Autodiff<B, C> {
    fn fused_relu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Relu;

        impl<B: FusedRelu> Backward<B, 1> for Relu {
            type State = FloatTensor<B>;

            fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
                let output = ops.state;
                unary::<B, _>(ops.parents, ops.node, grads, |grad| B::relu_gradient(output, grad));
            }
        }

        match Relu.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let output = B::fused_relu(x.into_primitive());
                prep.finish(output.clone(), output)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::fused_relu(x.into_primitive())),
        }
    }

    fn fused_relu6(x: FloatTensor<Self>) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Relu6;

        impl<B: FusedRelu> Backward<B, 1> for Relu6 {
            type State = FloatTensor<B>;

            fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
                let output = ops.state;
                unary::<B, _>(ops.parents, ops.node, grads, |grad| B::relu6_gradient(output, grad));
            }
        }

        match Relu6.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let output = B::fused_relu6(x.into_primitive());
                prep.finish(output.clone(), output)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::fused_relu6(x.into_primitive())),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::backend::FlexDevice;
    use burn::backend::ops::FloatTensorOps;
    use burn::tensor::{Device, TensorData, activation};

    use super::*;
    use crate::testing::{gap, random};

    #[test]
    fn relu_has_the_gradient_of_burns() {
        Device::flex().seed(4);
        let (x, weigh) = (random([5, 7]), random([5, 7]).detach());
        let (ours, theirs) = (relu(x.clone()), activation::relu(x.clone()));
        let (ours, theirs) = ((ours * weigh.clone()).sum().backward(), (theirs * weigh).sum().backward());
        assert!(gap(x.grad(&ours).unwrap(), x.grad(&theirs).unwrap()) < 1e-6);
    }
    #[test]
    fn relu6_has_the_gradient_of_burns_clamp() {
        Device::flex().seed(7);
        let (x, weigh) = (random([9, 31]) * 4.0, random([9, 31]).detach());
        let x = x.detach().require_grad();
        let (ours, theirs) = (relu6(x.clone()), x.clone().clamp(0.0, 6.0));
        assert!(gap(ours.clone(), theirs.clone()) == 0.0);
        let (ours, theirs) = ((ours * weigh.clone()).sum().backward(), (theirs * weigh).sum().backward());
        assert!(gap(x.grad(&ours).unwrap(), x.grad(&theirs).unwrap()) < 1e-6);
        // What goes in may be seen by others.
        let plain = x.clone().inner();
        assert!(gap(relu6(plain.clone()), plain.clone().clamp(0.0, 6.0)) == 0.0);
        assert!(gap(plain, x.inner()) == 0.0);
    }

    /// What other devices do.
    #[test]
    fn in_pieces_the_gradient_of_relu6_is_the_same() {
        let numbers = |values: Vec<f32>| Flex::float_from_data(TensorData::new(values, [5]), &FlexDevice);
        let output = || numbers(vec![0.0, 0.5, 3.0, 5.5, 6.0]);
        let grad = || numbers(vec![1.0, -2.0, 3.0, -4.0, 5.0]);
        let below = Flex::float_add_scalar(Flex::float_neg(output()), CEILING.into());
        let pieces = Flex::relu_gradient(below, Flex::relu_gradient(output(), grad()));
        let values = |x: FloatTensor<Flex>| x.into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(values(Flex::relu6_gradient(output(), grad())), values(pieces));
    }
}
