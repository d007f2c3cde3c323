//! ReLU with a backward pass in closed form.

use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;

/// `max(x, 0)`.
pub fn relu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::fused_relu(x.into_dispatch()))
}

/// The operation; without gradients as burn has it.
#[backend_extension(Flex, LibTorch: cfg(feature = "libtorch"), Cube: cfg(feature = "cuda"), Autodiff)]
trait FusedRelu: Backend {
    fn fused_relu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::relu(x)
    }

    /// The gradient with respect to `x` of `y = max(x, 0)`, whose output has the gradient `grad`.
    fn relu_gradient(output: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::relu_backward(output, grad)
    }
}

impl FusedRelu for Flex {}

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
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, activation};

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
}
