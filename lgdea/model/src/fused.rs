//! Norms, softmax, ReLU and convolution, each one operation with a backward pass in closed form.
//!
//! burn makes a layer norm of some ten reductions and broadcasts and differentiates each of them, which passes three times as
//! often over memory as the closed form does. Its gradient by a convolution's weights is a convolution whose kernel is as large
//! as the output, which is the slow way where a product of matrices would do.
#![cfg_attr(
    feature = "libtorch",
    expect(deprecated, reason = "burn-tch is why burn is pinned: see ARCHITECTURE.md, decision 1")
)]

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, binary, unary};
use burn::backend::autodiff::{Autodiff, NodeId};
use burn::backend::ops::ModuleOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{AutodiffBackend, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::nn::BatchNorm;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Shape, Tensor};

use crate::columns;

/// Layer norm (Ba, Kiros and Hinton 2016) over the last dimension: `γ (x − mean x) / √(var x + ε) + β`.
pub(crate) fn layer_norm<const D: usize>(x: Tensor<D>, gamma: Tensor<1>, beta: Tensor<1>, epsilon: f64) -> Tensor<D> {
    let [x, gamma, beta] = [x.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch()];
    Tensor::from_dispatch(Dispatch::fused_layer_norm(x, gamma, beta, epsilon))
}

/// Softmax over the last dimension.
pub(crate) fn softmax<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::fused_softmax(x.into_dispatch()))
}

/// `max(x, 0)`.
pub(crate) fn relu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::fused_relu(x.into_dispatch()))
}

/// What the layer makes of `[batch, channels, …]` (Ioffe and Szegedy 2015); in training it notes the batch's statistics.
pub(crate) fn batch_norm<const D: usize>(layer: &BatchNorm, x: Tensor<D>) -> Tensor<D> {
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

/// The convolution of `[batch, channels, h, w]` with weights `[outputs, channels, kh, kw]`, in one group and without dilation.
pub(crate) fn convolution(x: Tensor<4>, weights: Tensor<4>, options: ConvOptions<2>) -> Tensor<4> {
    let [x, weights] = [x, weights].map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::fused_convolution(x, weights, options))
}

/// The operations; without gradients as burn has them.
#[backend_extension(Flex, LibTorch: cfg(feature = "libtorch"), Cube: cfg(feature = "cuda"), Autodiff)]
pub(crate) trait Fused: Backend {
    fn fused_layer_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        Self::layer_norm(x, gamma, Some(beta), epsilon)
    }

    fn fused_softmax(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let last = x.shape().num_dims() - 1;
        Self::softmax(x, last)
    }

    fn fused_relu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::relu(x)
    }

    /// The gradient by `x` of `y = max(x, 0)`, whose output has the gradient `grad`.
    fn relu_gradient(output: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::relu_backward(output, grad)
    }

    /// Output, mean and biased variance.
    fn fused_batch_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        batch_norm_forward::<Self>(x, gamma, beta, epsilon)
    }

    fn fused_convolution(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        Self::conv2d(x, weights, None, options)
    }

    /// The gradient by `x` of a convolution whose output has the gradient `grad`.
    fn convolution_gradient_by_x(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        Self::conv2d_x_backward(x, weights, grad, options)
    }

    /// The gradient by the weights of a convolution whose output has the gradient `grad`.
    fn convolution_gradient_by_weights(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        if columns::repeat_nothing(&weights.shape(), &options) {
            columns::gradient_by_weights::<Self>(x, &weights.shape(), grad, &options)
        } else {
            Self::conv2d_weight_backward(x, weights, grad, options)
        }
    }
}

// Its convolutions multiply image by image, which for a few places are products of a large matrix with a few columns.
impl Fused for Flex {
    fn fused_convolution(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        if columns::are_few(&x.shape(), &options) {
            columns::convolution::<Self>(x, weights, &options)
        } else {
            Self::conv2d(x, weights, None, options)
        }
    }

    fn convolution_gradient_by_x(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        if columns::are_few(&x.shape(), &options) {
            columns::gradient_by_x::<Self>(&x.shape(), weights, grad, &options)
        } else {
            Self::conv2d_x_backward(x, weights, grad, options)
        }
    }

    fn convolution_gradient_by_weights(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        if columns::are_few(&x.shape(), &options) || columns::repeat_nothing(&weights.shape(), &options) {
            columns::gradient_by_weights::<Self>(x, &weights.shape(), grad, &options)
        } else {
            Self::conv2d_weight_backward(x, weights, grad, options)
        }
    }
}

// What torch has an operation for.
#[cfg(feature = "libtorch")]
impl Fused for burn::backend::LibTorch {
    fn relu_gradient(output: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        FloatTensor::<Self>::new(output.tensor.threshold_backward(&grad.tensor, 0.0))
    }

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
}

#[cfg(feature = "cuda")]
impl Fused for burn::backend::Cube {}

impl<B: Fused, C: CheckpointStrategy> Fused for Autodiff<B, C> {
    fn fused_layer_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct LayerNorm;

        impl<B: Backend> Backward<B, 3> for LayerNorm {
            type State = (NodeId, NodeId, f64);

            fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
                ternary::<B, _>(ops, grads, |(x, gamma, epsilon), grad| {
                    let [x, gamma] = [x, gamma].map(|node| checkpointer.retrieve_node_output(node));
                    layer_norm_backward::<B>(x, gamma, epsilon, grad)
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

    fn fused_softmax(x: FloatTensor<Self>) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Softmax;

        impl<B: Backend> Backward<B, 1> for Softmax {
            type State = FloatTensor<B>;

            fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
                let output = ops.state;
                unary::<B, _>(ops.parents, ops.node, grads, |grad| softmax_backward::<B>(output, grad));
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

    fn fused_relu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Relu;

        impl<B: Fused> Backward<B, 1> for Relu {
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

    fn fused_batch_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        #[derive(Debug)]
        struct BatchNorm;

        impl<B: Backend> Backward<B, 3> for BatchNorm {
            type State = (NodeId, NodeId, FloatTensor<B>, FloatTensor<B>, f64);

            fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
                ternary::<B, _>(ops, grads, |(x, gamma, mean, variance, epsilon), grad| {
                    let [x, gamma] = [x, gamma].map(|node| checkpointer.retrieve_node_output(node));
                    batch_norm_backward::<B>(x, gamma, [mean, variance], epsilon, grad)
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

    fn fused_convolution(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Convolution;

        impl<B: Fused> Backward<B, 2> for Convolution {
            type State = (NodeId, NodeId, ConvOptions<2>);

            fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
                let (x, weights, options) = ops.state;
                let [x, weights] = [x, weights].map(|node| checkpointer.retrieve_node_output::<FloatTensor<B>>(node));
                let (also_x, also_weights, also_options) = (x.clone(), weights.clone(), options.clone());
                binary::<B, _, _>(
                    ops.parents,
                    ops.node,
                    grads,
                    |grad| B::convolution_gradient_by_x(also_x, also_weights, grad, also_options),
                    |grad| B::convolution_gradient_by_weights(x, weights, grad, options),
                );
            }
        }

        match Convolution.prepare::<C>([x.node(), weights.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = (prep.checkpoint(&x), prep.checkpoint(&weights), options.clone());
                prep.finish(state, B::fused_convolution(x.into_primitive(), weights.into_primitive(), options))
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(B::fused_convolution(x.into_primitive(), weights.into_primitive(), options))
            }
        }
    }
}

/// Hands the gradients that follow from an operation's own on to its three inputs; burn has the same for one and for two.
fn ternary<B: Backend, S>(
    ops: Ops<S, 3>,
    grads: &mut Gradients,
    gradients: impl FnOnce(S, FloatTensor<B>) -> [FloatTensor<B>; 3],
) {
    let grad = grads.consume::<B>(&ops.node);
    for (parent, grad) in ops.parents.into_iter().zip(gradients(ops.state, grad)) {
        if let Some(parent) = parent {
            grads.register::<B>(parent.id, grad);
        }
    }
}

/// Gradients by `x`, `γ` and `β` of a layer norm whose output has the gradient `g`: with `x̂` the standardised `x`,
/// `(γg − mean(γg) − x̂ mean(γg x̂)) / √(var x + ε)`, `Σ g x̂` and `Σ g`.
fn layer_norm_backward<B: Backend>(
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

/// The gradient by `x` of `y = softmax(x)` whose output has the gradient `g`: `y (g − Σ g y)`.
fn softmax_backward<B: Backend>(output: FloatTensor<B>, grad: FloatTensor<B>) -> FloatTensor<B> {
    let last = output.shape().num_dims() - 1;
    let product = B::float_mul(grad, output.clone());
    let total = B::float_sum_dim(product.clone(), last);
    B::float_sub(product, B::float_mul(output, total))
}

/// Output, mean and biased variance of a batch norm over `[batch, channels, …]`.
fn batch_norm_forward<B: Backend>(
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

/// Gradients by `x`, `γ` and `β` of a batch norm whose output has the gradient `g`: with `n` values a channel and `x̂` the
/// standardised `x`, `γ (g − Σg / n − x̂ Σ g x̂ / n) / √(var x + ε)`, `Σ g x̂` and `Σ g`.
fn batch_norm_backward<B: Backend>(
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

/// `1 / √(variance + ε)`.
fn inverse_deviation<B: Backend>(variance: FloatTensor<B>, epsilon: f64) -> FloatTensor<B> {
    B::float_recip(B::float_sqrt(B::float_add_scalar(variance, epsilon.into())))
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::nn::{BatchNormConfig, LayerNormConfig};
    use burn::tensor::module::conv2d;
    use burn::tensor::{Device, Distribution, activation};

    use super::*;

    fn random<const D: usize>(dims: [usize; D]) -> Tensor<D> {
        let device = Device::flex().autodiff();
        (Tensor::random(dims, Distribution::Normal(0.5, 2.0), &device)).require_grad()
    }

    /// Greatest difference, of the greatest value.
    fn gap<const D: usize>(one: Tensor<D>, two: Tensor<D>) -> f32 {
        let most = two.clone().abs().max().into_scalar::<f32>();
        (one - two).abs().max().into_scalar::<f32>() / most
    }

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

    #[test]
    fn softmax_has_the_gradient_of_burns() {
        Device::flex().seed(2);
        let (x, weigh) = (random([2, 3, 4, 7]), random([2, 3, 4, 7]).detach());
        let (ours, theirs) = (softmax(x.clone()), activation::softmax(x.clone(), 3));
        assert!(gap(ours.clone(), theirs.clone()) < 1e-6);
        let (ours, theirs) = ((ours * weigh.clone()).sum().backward(), (theirs * weigh).sum().backward());
        assert!(gap(x.grad(&ours).unwrap(), x.grad(&theirs).unwrap()) < 1e-5);
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

    #[test]
    fn relu_has_the_gradient_of_burns() {
        Device::flex().seed(4);
        let (x, weigh) = (random([5, 7]), random([5, 7]).detach());
        let (ours, theirs) = (relu(x.clone()), activation::relu(x.clone()));
        let (ours, theirs) = ((ours * weigh.clone()).sum().backward(), (theirs * weigh).sum().backward());
        assert!(gap(x.grad(&ours).unwrap(), x.grad(&theirs).unwrap()) < 1e-6);
    }

    #[test]
    fn convolution_is_burns_and_has_its_gradients() {
        Device::flex().seed(5);
        // Size, kernel, stride and padding: few places, few with a stride, many; one place; patches.
        for (size, kernel, stride, pad) in
            [(4, 3, 1, 1), (5, 3, 2, 1), (9, 3, 1, 1), (7, 1, 2, 0), (7, 1, 1, 0), (3, 1, 1, 0), (9, 2, 2, 0)]
        {
            let (x, weights) = (random([3, 5, size, size - 1]), random([4, 5, kernel, kernel]));
            let options = ConvOptions::new([stride; 2], [pad; 2], [1, 1], 1);
            let ours = convolution(x.clone(), weights.clone(), options.clone());
            let theirs = conv2d(x.clone(), weights.clone(), None, options);
            assert_eq!(ours.dims(), theirs.dims());
            assert!(gap(ours.clone(), theirs.clone()) < 1e-6);
            let weigh = random(ours.dims()).detach();
            let (ours, theirs) = ((ours * weigh.clone()).sum().backward(), (theirs * weigh).sum().backward());
            assert!(gap(x.grad(&ours).unwrap(), x.grad(&theirs).unwrap()) < 1e-5, "kernel {kernel}, stride {stride}");
            assert!(gap(weights.grad(&ours).unwrap(), weights.grad(&theirs).unwrap()) < 1e-5, "kernel {kernel}");
        }
    }

    #[test]
    fn nothing_is_recorded_without_gradients() {
        let x = Tensor::<2>::random([3, 4], Distribution::Default, &Device::flex());
        let ones = Tensor::ones([4], &Device::flex());
        assert!(!softmax(x.clone()).device().is_autodiff());
        assert!(!layer_norm(x, ones.clone(), ones, 1e-5).device().is_autodiff());
    }
}
