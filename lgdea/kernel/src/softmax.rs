//! Softmax with a backward pass in closed form.

use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::Tensor;

use crate::rows;

/// Softmax over the last dimension.
pub fn softmax<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::fused_softmax(x.into_dispatch()))
}

/// The operation; without gradients as burn has it.
#[backend_extension(Flex, LibTorch: cfg(feature = "libtorch"), Cube: cfg(feature = "cuda"), Autodiff)]
trait FusedSoftmax: Backend {
    fn fused_softmax(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let last = x.shape().num_dims() - 1;
        Self::softmax(x, last)
    }

    /// The gradient with respect to `x` of `output`, whose gradient is `grad`.
    fn softmax_gradient(output: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        softmax_backward::<Self>(output, grad)
    }
}

impl FusedSoftmax for Flex {
    fn softmax_gradient(output: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        rows::softmax_gradient(output, grad)
    }
}

#[cfg(feature = "libtorch")]
impl FusedSoftmax for burn::backend::LibTorch {
    fn softmax_gradient(output: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        let kind = output.tensor.kind();
        let gradient = tch::Tensor::internal_softmax_backward_data(&grad.tensor, &output.tensor, -1, kind);
        FloatTensor::<Self>::new(gradient)
    }
}

#[cfg(feature = "cuda")]
impl FusedSoftmax for burn::backend::Cube {}

impl<B: FusedSoftmax, C: CheckpointStrategy> FusedSoftmax for Autodiff<B, C> {
    fn fused_softmax(x: FloatTensor<Self>) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Softmax;

        impl<B: FusedSoftmax> Backward<B, 1> for Softmax {
            type State = FloatTensor<B>;

            fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
                let output = ops.state;
                unary::<B, _>(ops.parents, ops.node, grads, |grad| B::softmax_gradient(output, grad));
            }
        }

        match Softmax.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let output = B::fused_softmax(x.into_primitive());
                prep.finish(output.clone(), output)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::fused_softmax(x.into_primitive())),
        }
    }
}

/// The gradient with respect to `x` of `y = softmax(x)` whose output has the gradient `g`: `y (g − Σ g y)`.
fn softmax_backward<B: Backend>(output: FloatTensor<B>, grad: FloatTensor<B>) -> FloatTensor<B> {
    let last = output.shape().num_dims() - 1;
    let product = B::float_mul(grad, output.clone());
    let total = B::float_sum_dim(product.clone(), last);
    B::float_sub(product, B::float_mul(output, total))
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, activation};

    use super::*;
    use crate::testing::{gap, random};

    #[test]
    fn softmax_has_the_gradient_of_burns() {
        Device::flex().seed(2);
        let (x, weigh) = (random([2, 3, 4, 7]), random([2, 3, 4, 7]).detach());
        let (ours, theirs) = (softmax(x.clone()), activation::softmax(x.clone(), 3));
        assert!(gap(ours.clone(), theirs.clone()) < 1e-6);
        let (ours, theirs) = ((ours * weigh.clone()).sum().backward(), (theirs * weigh).sum().backward());
        assert!(gap(x.grad(&ours).unwrap(), x.grad(&theirs).unwrap()) < 1e-5);
    }

    /// What other devices do.
    #[test]
    fn in_pieces_the_gradient_of_softmax_is_the_same() {
        use burn::backend::FlexDevice;
        use burn::backend::ops::FloatTensorOps;
        use burn::tensor::TensorData;

        let numbers = |step: f32| {
            let values: Vec<f32> = (0..60).map(|index| (index as f32 * step).sin()).collect();
            Flex::float_from_data(TensorData::new(values, [3, 4, 5]), &FlexDevice)
        };
        let output = || Flex::fused_softmax(numbers(0.7));
        let [ours, pieces] =
            [Flex::softmax_gradient(output(), numbers(0.3)), softmax_backward::<Flex>(output(), numbers(0.3))]
                .map(|x| x.into_data().try_to_vec::<f32>().unwrap());
        assert!(ours.iter().zip(&pieces).all(|(a, b)| (a - b).abs() < 1e-6), "{ours:?} {pieces:?}");
    }
}
