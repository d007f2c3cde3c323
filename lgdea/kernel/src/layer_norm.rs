//! Layer norm with a backward pass in closed form.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::autodiff::{Autodiff, NodeId};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{Shape, Tensor};

use crate::gradient::{inverse_deviation, ternary};
#[cfg(feature = "libtorch")]
use crate::libtorch;
use crate::rows;

/// Layer norm (Ba, Kiros and Hinton 2016) over the last dimension: `γ (x − mean x) / √(var x + ε) + β`.
pub fn layer_norm<const D: usize>(x: Tensor<D>, gamma: Tensor<1>, beta: Tensor<1>, epsilon: f64) -> Tensor<D> {
    let [x, gamma, beta] = [x.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch()];
    Tensor::from_dispatch(Dispatch::fused_layer_norm(x, gamma, beta, epsilon))
}

/// The operation; without gradients as burn has it.
#[backend_extension(Flex, LibTorch: cfg(feature = "libtorch"), Cube: cfg(feature = "cuda"), Autodiff)]
trait FusedLayerNorm: Backend {
    fn fused_layer_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        Self::layer_norm(x, gamma, Some(beta), epsilon)
    }

    /// Gradients with respect to `x`, `γ` and `β` where the output has the gradient `grad`.
    fn layer_norm_gradients(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        epsilon: f64,
        grad: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        layer_norm_backward::<Self>(x, gamma, epsilon, grad).into()
    }
}

// Each sum and each product of burn's passes over all of memory, on one thread.
impl FusedLayerNorm for Flex {
    fn layer_norm_gradients(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        epsilon: f64,
        grad: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        rows::layer_norm_gradients(x, gamma, epsilon, grad).into()
    }
}

#[cfg(feature = "libtorch")]
impl FusedLayerNorm for burn::backend::LibTorch {
    fn layer_norm_gradients(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        epsilon: f64,
        grad: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        if libtorch::is_on_gpu(&x) {
            libtorch::layer_norm_gradients(x, gamma, epsilon, grad).into()
        } else {
            layer_norm_backward::<Self>(x, gamma, epsilon, grad).into()
        }
    }
}

#[cfg(feature = "cuda")]
impl FusedLayerNorm for burn::backend::Cube {}

impl<B: FusedLayerNorm, C: CheckpointStrategy> FusedLayerNorm for Autodiff<B, C> {
    fn fused_layer_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct LayerNorm;

        impl<B: FusedLayerNorm> Backward<B, 3> for LayerNorm {
            type State = (NodeId, NodeId, f64);

            fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
                ternary::<B, _>(ops, grads, |(x, gamma, epsilon), grad| {
                    let [x, gamma] = [x, gamma].map(|node| checkpointer.retrieve_node_output(node));
                    B::layer_norm_gradients(x, gamma, epsilon, grad).into()
                });
            }
        }

        let nodes = [x.node(), gamma.node(), beta.node()];
        match LayerNorm.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = (prep.checkpoint(&x), prep.checkpoint(&gamma), epsilon);
                let output =
                    B::fused_layer_norm(x.into_primitive(), gamma.into_primitive(), beta.into_primitive(), epsilon);
                prep.finish(state, output)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::fused_layer_norm(
                x.into_primitive(),
                gamma.into_primitive(),
                beta.into_primitive(),
                epsilon,
            )),
        }
    }
}

/// Gradients with respect to `x`, `γ` and `β` of a layer norm whose output has the gradient `g`: with `x̂` the standardised `x`,
/// `(γg − mean(γg) − x̂ mean(γg x̂)) / √(var x + ε)`, `Σ g x̂` and `Σ g`.
pub(crate) fn layer_norm_backward<B: Backend>(
    x: FloatTensor<B>,
    gamma: FloatTensor<B>,
    epsilon: f64,
    grad: FloatTensor<B>,
) -> [FloatTensor<B>; 3] {
    let shape = x.shape();
    let width = gamma.shape()[0];
    let rows = Shape::new([shape.num_elements() / width, width]);
    let (x, grad) = (B::float_reshape(x, rows.clone()), B::float_reshape(grad, rows));

    let mean = B::float_mean_dim(x.clone(), 1);
    let centred = B::float_sub(x, mean);
    let variance = B::float_mean_dim(B::float_mul(centred.clone(), centred.clone()), 1);
    let inverse = inverse_deviation::<B>(variance, epsilon);
    let standard = B::float_mul(centred, inverse.clone());

    let by_x_hat = B::float_mul(grad.clone(), standard.clone());
    let of_gamma = B::float_sum_dim(by_x_hat.clone(), 0);
    let of_beta = B::float_sum_dim(grad.clone(), 0);

    // `mean(γg)` as a product of a matrix and a vector.
    let column =
        B::float_mul_scalar(B::float_reshape(gamma.clone(), Shape::new([width, 1])), (1.0 / width as f64).into());
    let level = B::float_matmul(grad.clone(), column.clone());
    let slope = B::float_matmul(by_x_hat, column);
    let scaled = B::float_mul(grad, B::float_reshape(gamma, Shape::new([1, width])));
    let projected = B::float_mul(standard, slope);
    let of_x = B::float_mul(B::float_sub(B::float_sub(scaled, level), projected), inverse);

    let vector = |sum| B::float_reshape(sum, Shape::new([width]));
    [B::float_reshape(of_x, shape), vector(of_gamma), vector(of_beta)]
}

#[cfg(test)]
mod tests {
    use burn::nn::LayerNormConfig;
    use burn::tensor::Device;

    use super::*;
    use crate::testing::{gap, random};

    #[test]
    fn layer_norm_has_the_gradients_of_burns() {
        Device::flex().seed(1);
        let (x, gamma, beta, weigh) = (random([3, 5, 16]), random([16]), random([16]), random([3, 5, 16]).detach());
        let mut norm = LayerNormConfig::new(16).with_epsilon(1e-3).init(&x.device());
        norm.gamma = norm.gamma.map(|_| gamma.clone());
        norm.beta = norm.beta.map(|shift| shift.map(|_| beta.clone()));
        let theirs = norm.forward(x.clone());
        let ours = layer_norm(x.clone(), gamma.clone(), beta.clone(), 1e-3);
        assert!(gap(ours.clone(), theirs.clone()) < 1e-6);
        let (ours, theirs) = ((ours * weigh.clone()).sum().backward(), (theirs * weigh).sum().backward());
        assert!(gap(x.grad(&ours).unwrap(), x.grad(&theirs).unwrap()) < 1e-5);
        assert!(gap(gamma.grad(&ours).unwrap(), norm.gamma.grad(&theirs).unwrap()) < 1e-5);
        assert!(gap(beta.grad(&ours).unwrap(), norm.beta.unwrap().grad(&theirs).unwrap()) < 1e-5);
    }

    /// What other devices do.
    #[test]
    fn in_pieces_the_gradients_of_layer_norm_are_the_same() {
        use burn::backend::FlexDevice;
        use burn::backend::ops::FloatTensorOps;
        use burn::tensor::TensorData;

        let numbers = |dims: &[usize], step: f32| {
            let count = dims.iter().product::<usize>();
            let values: Vec<f32> = (0..count).map(|index| (index as f32 * step).sin() + 0.5).collect();
            Flex::float_from_data(TensorData::new(values, dims), &FlexDevice)
        };
        let (x, gamma, grad) = (|| numbers(&[9, 40, 21], 0.7), || numbers(&[21], 1.3), || numbers(&[9, 40, 21], 0.3));
        let ours = <[_; 3]>::from(Flex::layer_norm_gradients(x(), gamma(), 1e-3, grad()));
        let pieces = layer_norm_backward::<Flex>(x(), gamma(), 1e-3, grad());
        for (ours, pieces) in ours.into_iter().zip(pieces) {
            let [ours, pieces] = [ours, pieces].map(|x| x.into_data().try_to_vec::<f32>().unwrap());
            assert!(ours.iter().zip(&pieces).all(|(a, b)| (a - b).abs() < 1e-3), "{ours:?} {pieces:?}");
        }
    }
}
