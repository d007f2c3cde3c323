//! A convolution and the batch norm behind it.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, BatchNormConfig, Initializer};
use burn::tensor::{Device, FloatDType, Tensor};
use lgdea_kernel::batch_norm;

use crate::convolution::{self, Padding};
use crate::precision::convolve_weights;

/// A convolution without bias and the batch norm behind it, which are computed as one convolution where the norm does not
/// learn.
#[derive(Module, Debug)]
pub(crate) struct ConvNorm {
    conv: Conv2d,
    norm: BatchNorm,
    #[module(skip)]
    padding: Padding,
}

/// What a [`ConvNorm`] is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConvNormShape {
    /// In and out.
    pub(crate) channels: [usize; 2],
    /// Side of the kernel.
    pub(crate) kernel: usize,
    /// Stride.
    pub(crate) stride: usize,
    /// Groups of channels.
    pub(crate) groups: usize,
}

impl ConvNorm {
    /// With the random start of `EfficientNet`'s authors.
    pub(crate) fn new(shape: ConvNormShape, padding: Padding, epsilon: f64, device: &Device) -> Self {
        let ConvNormShape { channels, kernel, stride, groups } = shape;
        let conv = convolution::config(channels, kernel, stride)
            .with_groups(groups)
            .with_initializer(Initializer::KaimingNormal { gain: 2.0_f64.sqrt(), fan_out_only: true });
        Self {
            conv: conv.init(device),
            norm: BatchNormConfig::new(channels[1]).with_epsilon(epsilon).init(device),
            padding,
        }
    }

    /// `[batch, channels, h, w]` to the same.
    pub(crate) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let Self { conv, norm, padding } = self;
        let weights = conv.weight.val();
        if x.device().is_autodiff() && norm.training.is_enabled() {
            return batch_norm(norm, convolve_weights(conv, weights, *padding, x));
        }
        let device = x.device();
        let [mean, variance] = [&norm.running_mean, &norm.running_var].map(|state| state.value().to_device(&device));
        let scale = norm.gamma.val() / (variance + norm.epsilon).sqrt();
        let shift = norm.beta.val() - mean * scale.clone();
        let kind = weights.dtype();
        let scaled = weights.cast(FloatDType::F32) * scale.reshape([-1, 1, 1, 1]);
        convolve_weights(conv, scaled.cast(kind), *padding, x) + shift.reshape([1, -1, 1, 1])
    }
}
