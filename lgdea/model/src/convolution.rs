//! What convolutional networks share.

use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Initializer, PaddingConfig2d};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};

/// Whose number the random start of a convolution is scaled by (He et al. 2015).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fan {
    /// The inputs.
    In,
    /// The outputs.
    Out,
}

/// Where the zeros stand that keep the size of an image but for the stride.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Padding {
    /// As many on each side, as the layer has it.
    Even,
    /// So many that there are `⌈size / stride⌉` places, an odd one behind: `TensorFlow`'s `SAME`.
    Same,
}

impl Padding {
    /// Zeros before and behind, along both sides of `[batch, channels, h, w]`.
    fn of(self, layer: &Conv2d, x: &Tensor<4>) -> [(usize, usize); 2] {
        let PaddingConfig2d::Explicit(top, left, bottom, right) = layer.padding else {
            unreachable!("layers are made with the padding around them in numbers");
        };
        match self {
            Self::Even => [(top, bottom), (left, right)],
            Self::Same => [0, 1].map(|side| {
                let (size, kernel, stride) = (x.dims()[2 + side], layer.kernel_size[side], layer.stride[side]);
                let zeros = ((size.div_ceil(stride) - 1) * stride + kernel).saturating_sub(size);
                (zeros / 2, zeros - zeros / 2)
            }),
        }
    }
}

/// A convolution without bias that keeps the size but for its stride.
pub(crate) fn config(channels: [usize; 2], kernel: usize, stride: usize) -> Conv2dConfig {
    Conv2dConfig::new(channels, [kernel, kernel])
        .with_stride([stride, stride])
        .with_padding(around(kernel / 2))
        .with_bias(false)
}

/// As [`config`] has it.
pub(crate) fn convolution(channels: [usize; 2], kernel: usize, stride: usize, fan: Fan, device: &Device) -> Conv2d {
    config(channels, kernel, stride)
        .with_initializer(Initializer::KaimingNormal { gain: 2.0_f64.sqrt(), fan_out_only: fan == Fan::Out })
        .init(device)
}

/// A convolution of one colour whose kernels are patches, side by side: each patch has `width` features.
pub(crate) fn patches(width: usize, patch: usize, device: &Device) -> Conv2d {
    Conv2dConfig::new([1, width], [patch, patch]).with_stride([patch, patch]).with_padding(around(0)).init(device)
}

/// The pooling behind the first convolution: it halves the sides.
pub(crate) fn stem_pool() -> MaxPool2d {
    MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).with_padding(around(1)).init()
}

/// What a layer with some weights makes of `[batch, channels, h, w]`: burn's, with a backward pass of its own.
pub(crate) fn apply(layer: &Conv2d, weights: Tensor<4>, padding: Padding, x: Tensor<4>) -> Tensor<4> {
    let options = ConvOptions::new_with_padding(layer.stride, padding.of(layer, &x), layer.dilation, layer.groups);
    let x = lgdea_kernel::convolution(x, weights, options);
    match &layer.bias {
        Some(bias) => x + bias.val().reshape([1, -1, 1, 1]),
        None => x,
    }
}

/// As many zeros on each side.
pub(crate) fn around(pad: usize) -> PaddingConfig2d {
    PaddingConfig2d::Explicit(pad, pad, pad, pad)
}
