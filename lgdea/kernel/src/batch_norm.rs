//! Batch norm with a backward pass in closed form.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::autodiff::{Autodiff, NodeId};
use burn::backend::tensor::FloatTensor;
use burn::backend::{AutodiffBackend, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::nn::BatchNorm;
use burn::tensor::{Shape, Tensor};

use crate::gradient::{inverse_deviation, ternary};
#[cfg(feature = "libtorch")]
use crate::libtorch;
use crate::planes;

/// What the layer makes of `[batch, channels, …]` (Ioffe and Szegedy 2015); in training it notes the batch's statistics.
pub fn batch_norm<const D: usize>(layer: &BatchNorm, x: Tensor<D>) -> Tensor<D> {
    if !x.device().is_autodiff() || !layer.training.is_enabled() {
        return layer.forward(x);
    }
    let device = x.device();
    let [gamma, beta] = [&layer.gamma, &layer.beta].map(|weights| weights.val().into_dispatch());
    let (output, mean, variance) = Dispatch::fused_batch_norm(x.into_dispatch(), gamma, beta, layer.epsilon);
    for (running, found) in [(&layer.running_mean, mean), (&layer.running_var, variance)] {
        let found = Tensor::<1>::from_dispatch(found).detach();
        let before = running.value_sync().to_device(&device);
        running.update((before * (1.0 - layer.momentum) + found * layer.momentum).detach());
    }
    Tensor::from_dispatch(output)
}

/// The operation; without gradients as burn has it.
#[backend_extension(Flex, LibTorch: cfg(feature = "libtorch"), Cube: cfg(feature = "cuda"), Autodiff)]
trait FusedBatchNorm: Backend {
    /// Output, mean and biased variance.
    fn fused_batch_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        batch_norm_forward::<Self>(x, gamma, beta, epsilon)
    }

    /// Gradients with respect to `x`, `γ` and `β` where the output has the gradient `grad`.
    fn batch_norm_gradients(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f64,
        grad: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        batch_norm_backward::<Self>(x, gamma, [mean, variance], epsilon, grad).into()
    }
}

// Each sum and each product of burn's passes over all of memory, on one thread.
impl FusedBatchNorm for Flex {
    fn fused_batch_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        planes::forward(x, gamma, beta, epsilon)
    }

    fn batch_norm_gradients(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f64,
        grad: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        planes::gradients(x, gamma, [mean, variance], epsilon, grad).into()
    }
}

#[cfg(feature = "libtorch")]
impl FusedBatchNorm for burn::backend::LibTorch {
    fn fused_batch_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (gamma, beta) = (Some(&gamma.tensor), Some(&beta.tensor));
        let (output, mean, inverse) = x.tensor.native_batch_norm(gamma, beta, None, None, true, 0.0, epsilon);
        let variance = inverse.pow_tensor_scalar(-2) - epsilon;
        let [output, mean, variance] = [output, mean, variance].map(FloatTensor::<Self>::new);
        (output, mean, variance)
    }

    fn batch_norm_gradients(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f64,
        grad: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        if libtorch::is_on_gpu(&x) {
            libtorch::batch_norm_gradients(x, gamma, epsilon, grad).into()
        } else {
            batch_norm_backward::<Self>(x, gamma, [mean, variance], epsilon, grad).into()
        }
    }
}

#[cfg(feature = "cuda")]
impl FusedBatchNorm for burn::backend::Cube {}

impl<B: FusedBatchNorm, C: CheckpointStrategy> FusedBatchNorm for Autodiff<B, C> {
    fn fused_batch_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        #[derive(Debug)]
        struct BatchNorm;

        impl<B: FusedBatchNorm> Backward<B, 3> for BatchNorm {
            type State = (NodeId, NodeId, FloatTensor<B>, FloatTensor<B>, f64);

            fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
                ternary::<B, _>(ops, grads, |(x, gamma, mean, variance, epsilon), grad| {
                    let [x, gamma] = [x, gamma].map(|node| checkpointer.retrieve_node_output(node));
                    B::batch_norm_gradients(x, gamma, mean, variance, epsilon, grad).into()
                });
            }
        }

        let nodes = [x.node(), gamma.node(), beta.node()];
        match BatchNorm.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let (node_x, node_gamma) = (prep.checkpoint(&x), prep.checkpoint(&gamma));
                let (output, mean, variance) =
                    B::fused_batch_norm(x.into_primitive(), gamma.into_primitive(), beta.into_primitive(), epsilon);
                let output = prep.finish((node_x, node_gamma, mean.clone(), variance.clone(), epsilon), output);
                (output, Self::from_inner(mean), Self::from_inner(variance))
            }
            OpsKind::UnTracked(prep) => {
                let (output, mean, variance) =
                    B::fused_batch_norm(x.into_primitive(), gamma.into_primitive(), beta.into_primitive(), epsilon);
                (prep.finish(output), Self::from_inner(mean), Self::from_inner(variance))
            }
        }
    }
}

/// Output, mean and biased variance of a batch norm over `[batch, channels, …]`.
pub(crate) fn batch_norm_forward<B: Backend>(
    x: FloatTensor<B>,
    gamma: FloatTensor<B>,
    beta: FloatTensor<B>,
    epsilon: f64,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let shape = x.shape();
    let channels = shape[1];
    let x = flat::<B>(x);
    let mean = mean_of_channels::<B>(x.clone());
    let centred = B::float_sub(x, mean.clone());
    let variance = mean_of_channels::<B>(B::float_mul(centred.clone(), centred.clone()));
    let scale = B::float_mul(per_channel::<B>(gamma), inverse_deviation::<B>(variance.clone(), epsilon));
    let output = B::float_add(B::float_mul(centred, scale), per_channel::<B>(beta));
    let vector = |statistic| B::float_reshape(statistic, Shape::new([channels]));
    (B::float_reshape(output, shape), vector(mean), vector(variance))
}

/// Gradients with respect to `x`, `γ` and `β` of a batch norm whose output has the gradient `g`: with `n` values a channel and `x̂` the
/// standardised `x`, `γ (g − Σg / n − x̂ Σ g x̂ / n) / √(var x + ε)`, `Σ g x̂` and `Σ g`.
pub(crate) fn batch_norm_backward<B: Backend>(
    x: FloatTensor<B>,
    gamma: FloatTensor<B>,
    [mean, variance]: [FloatTensor<B>; 2],
    epsilon: f64,
    grad: FloatTensor<B>,
) -> [FloatTensor<B>; 3] {
    let shape = x.shape();
    let channels = shape[1];
    let (x, grad) = (flat::<B>(x), flat::<B>(grad));
    let count = (shape.num_elements() / channels) as f64;

    let inverse = inverse_deviation::<B>(per_channel::<B>(variance), epsilon);
    let centred = B::float_sub(x, per_channel::<B>(mean));
    let level = mean_of_channels::<B>(grad.clone());
    let slope = B::float_mul(mean_of_channels::<B>(B::float_mul(grad.clone(), centred.clone())), inverse.clone());

    // `x̂` is the centred `x` over the deviation: its factor is a number per channel.
    let scale = B::float_mul(per_channel::<B>(gamma), inverse.clone());
    let along = B::float_mul(centred, B::float_mul(slope.clone(), inverse));
    let of_x = B::float_mul(B::float_sub(B::float_sub(grad, level.clone()), along), scale);

    let total = |mean| B::float_mul_scalar(B::float_reshape(mean, Shape::new([channels])), count.into());
    [B::float_reshape(of_x, shape), total(slope), total(level)]
}

/// `[batch, channels, …]` as `[batch, channels, places]`.
fn flat<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    let shape = x.shape();
    let (batch, channels) = (shape[0], shape[1]);
    B::float_reshape(x, Shape::new([batch, channels, shape.num_elements() / (batch * channels)]))
}

/// `[channels]` as `[1, channels, 1]`.
fn per_channel<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    let channels = x.shape()[0];
    B::float_reshape(x, Shape::new([1, channels, 1]))
}

/// Means over batch and places: `[batch, channels, places]` to `[1, channels, 1]`.
fn mean_of_channels<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    B::float_mean_dim(B::float_mean_dim(x, 2), 0)
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::nn::BatchNormConfig;
    use burn::tensor::Device;

    use super::*;
    use crate::testing::{gap, random};

    /// What other devices do.
    #[test]
    fn in_pieces_batch_norm_is_the_same() {
        use burn::backend::FlexDevice;
        use burn::backend::ops::FloatTensorOps;
        use burn::tensor::TensorData;

        let numbers = |dims: &[usize], step: f32| {
            let count = dims.iter().product::<usize>();
            let values: Vec<f32> = (0..count).map(|index| (index as f32 * step).sin() + 0.5).collect();
            Flex::float_from_data(TensorData::new(values, dims), &FlexDevice)
        };
        let (x, grad) = (|| numbers(&[3, 4, 5, 7], 0.7), || numbers(&[3, 4, 5, 7], 0.3));
        let (gamma, beta) = (|| numbers(&[4], 1.3), || numbers(&[4], 2.1));
        let (output, mean, variance) = Flex::fused_batch_norm(x(), gamma(), beta(), 1e-3);
        let ours =
            <[_; 3]>::from(Flex::batch_norm_gradients(x(), gamma(), mean.clone(), variance.clone(), 1e-3, grad()));
        let pieces = batch_norm_forward::<Flex>(x(), gamma(), beta(), 1e-3);
        let in_pieces = batch_norm_backward::<Flex>(x(), gamma(), [mean.clone(), variance.clone()], 1e-3, grad());
        let values = |x: FloatTensor<Flex>| x.into_data().try_to_vec::<f32>().unwrap();
        let pairs = [(output, pieces.0), (mean, pieces.1), (variance, pieces.2)]
            .into_iter()
            .chain(ours.into_iter().zip(in_pieces));
        for (ours, pieces) in pairs {
            let (ours, pieces) = (values(ours), values(pieces));
            assert!(ours.iter().zip(&pieces).all(|(a, b)| (a - b).abs() < 1e-4), "{ours:?} {pieces:?}");
        }
    }

    #[test]
    fn batch_norm_has_gradients_and_statistics_of_burns() {
        Device::flex().seed(3);
        let (x, weigh) = (random([4, 6, 5, 3]), random([4, 6, 5, 3]).detach());
        let fresh = || {
            let mut norm = BatchNormConfig::new(6).init(&x.device());
            norm.gamma = norm.gamma.map(|ones| (ones * 1.5).detach().require_grad());
            norm
        };
        let (ours, theirs) = (fresh(), fresh());
        let (y, expected) = (batch_norm(&ours, x.clone()), theirs.forward(x.clone()));
        assert!(gap(y.clone(), expected.clone()) < 1e-5);
        let (grads, expected) = ((y * weigh.clone()).sum().backward(), (expected * weigh).sum().backward());
        assert!(gap(x.grad(&grads).unwrap(), x.grad(&expected).unwrap()) < 1e-4);
        assert!(gap(ours.gamma.grad(&grads).unwrap(), theirs.gamma.grad(&expected).unwrap()) < 1e-5);
        assert!(gap(ours.beta.grad(&grads).unwrap(), theirs.beta.grad(&expected).unwrap()) < 1e-5);
        assert!(gap(ours.running_mean.value_sync(), theirs.running_mean.value_sync()) < 1e-5);
        assert!(gap(ours.running_var.value_sync(), theirs.running_var.value_sync()) < 1e-5);
        // Afterwards it is the layer's own.
        let (ours, theirs) = (ours.valid(), theirs.valid());
        let x = x.inner();
        assert!(gap(batch_norm(&ours, x.clone()), theirs.forward(x)) < 1e-5);
    }
}
