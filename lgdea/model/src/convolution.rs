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

/// A convolution without bias that keeps the size but for its stride.
pub(crate) fn convolution(channels: [usize; 2], kernel: usize, stride: usize, fan: Fan, device: &Device) -> Conv2d {
    Conv2dConfig::new(channels, [kernel, kernel])
        .with_stride([stride, stride])
        .with_padding(around(kernel / 2))
        .with_bias(false)
        .with_initializer(Initializer::KaimingNormal { gain: 2.0_f64.sqrt(), fan_out_only: fan == Fan::Out })
        .init(device)
}

/// The pooling behind the first convolution: it halves the sides.
pub(crate) fn stem_pool() -> MaxPool2d {
    MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).with_padding(around(1)).init()
}

/// What a layer whose padding is [`around`] makes of `[batch, channels, h, w]`: burn's, with a backward pass of its own.
pub(crate) fn apply(layer: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    let PaddingConfig2d::Explicit(top, left, bottom, right) = layer.padding else {
        unreachable!("layers are made with the padding around them in numbers");
    };
    let options =
        ConvOptions::new_with_padding(layer.stride, [(top, bottom), (left, right)], layer.dilation, layer.groups);
    let x = lgdea_kernel::convolution(x, layer.weight.val(), options);
    match &layer.bias {
        Some(bias) => x + bias.val().reshape([1, -1, 1, 1]),
        None => x,
    }
}

/// As many zeros on each side.
pub(crate) fn around(pad: usize) -> PaddingConfig2d {
    PaddingConfig2d::Explicit(pad, pad, pad, pad)
}
