//! A small residual CNN whose patches stay local.
//!
//! Space-to-depth instead of strided convolutions keeps every pixel and makes the first layers small matrix products,
//! which is what a CPU is good at. The receptive field of a patch ends two patches away: a larger one halves phrase
//! grounding on the phantom.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::activation::gelu;
use burn::tensor::{Device, Distribution, Tensor};
use lgdea_kernel::{batch_norm, relu};

use crate::convolution::around;
use crate::layer_norm::{self, LayerNorm};
use crate::precision::{convolve, linear};

/// Residual CNN: pixels `[batch, size, size]` to patch features `[batch, (size / patch)², width]`.
#[derive(Module, Debug)]
pub struct PatchCnn {
    stem: ConvNorm,
    merge: ConvNorm,
    block: ConvNorm,
    /// Learned position of each patch, `[patches, width]`.
    position: Param<Tensor<2>>,
    expand: Linear,
    contract: Linear,
    norm: LayerNorm,
    size: usize,
    patch: usize,
}

impl PatchCnn {
    /// A network with random weights.
    pub fn new(settings: &lgdea_spec::PatchCnn, device: &Device) -> Self {
        let lgdea_spec::PatchCnn { size, width, patch } = *settings;
        let half = patch / 2;
        let narrow = (width / 2).max(1);
        let patches = (size / patch).pow(2);
        let position = Tensor::random([patches, width], Distribution::Normal(0.0, 0.1), device);
        Self {
            stem: ConvNorm::new(half * half, narrow, 3, device),
            merge: ConvNorm::new(4 * narrow, width, 1, device),
            block: ConvNorm::new(width, width, 3, device),
            position: Param::from_tensor(position),
            expand: LinearConfig::new(width, 2 * width).init(device),
            contract: LinearConfig::new(2 * width, width).init(device),
            norm: LayerNorm::new(width, layer_norm::EPSILON, device),
            size,
            patch,
        }
    }

    /// Patch features `h`, `[batch, patches, width]`, of standardised grey images `[batch, size, size]`.
    ///
    /// # Panics
    ///
    /// If the images are not `size` × `size`.
    pub fn forward(&self, images: Tensor<3>) -> Tensor<3> {
        let [batch, height, width] = images.dims();
        assert_eq!([height, width], [self.size, self.size], "images must be {0} × {0}", self.size);
        let x = images.reshape([batch, 1, height, width]);
        let x = self.stem.forward(space_to_depth(x, self.patch / 2));
        let x = self.merge.forward(space_to_depth(x, 2));
        let x = x.clone() + self.block.forward(x);
        let h = x.flatten::<3>(2, 3).swap_dims(1, 2) + self.position.val().unsqueeze();
        let mixed = linear(&self.contract, gelu(linear(&self.expand, h.clone())));
        self.norm.forward(h + mixed)
    }
}

/// Convolution, batch norm, ReLU.
#[derive(Module, Debug)]
struct ConvNorm {
    conv: Conv2d,
    norm: BatchNorm,
}

impl ConvNorm {
    fn new(input: usize, output: usize, kernel: usize, device: &Device) -> Self {
        Self {
            conv: Conv2dConfig::new([input, output], [kernel, kernel])
                .with_padding(around(kernel / 2))
                // The norm that follows has its own shift.
                .with_bias(false)
                .init(device),
            norm: BatchNormConfig::new(output).init(device),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        relu(batch_norm(&self.norm, convolve(&self.conv, x)))
    }
}

/// Moves `factor` × `factor` blocks of pixels into channels: `[b, c, h, w]` to `[b, c·factor², h/factor, w/factor]`.
fn space_to_depth(x: Tensor<4>, factor: usize) -> Tensor<4> {
    let [batch, channels, height, width] = x.dims();
    let (rows, columns) = (height / factor, width / factor);
    x.reshape([batch, channels, rows, factor, columns, factor]).permute([0, 1, 3, 5, 2, 4]).reshape([
        batch,
        channels * factor * factor,
        rows,
        columns,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_to_depth_moves_blocks_into_channels() {
        let x = Tensor::<1>::from_floats(
            [0., 1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11., 12., 13., 14., 15.],
            &Device::flex(),
        )
        .reshape([1, 1, 4, 4]);
        let y: Vec<f32> = space_to_depth(x, 2).into_data().try_to_vec().unwrap();
        let expected = [
            0., 2., 8., 10., // top left of each block
            1., 3., 9., 11., // top right
            4., 6., 12., 14., // bottom left
            5., 7., 13., 15., // bottom right
        ];
        assert_eq!(y, expected);
    }

    #[test]
    fn a_far_pixel_does_not_reach_a_patch() {
        let device = Device::flex();
        device.seed(1);
        let settings = lgdea_spec::PatchCnn { size: 64, width: 16, patch: 8 };
        let network = PatchCnn::new(&settings, &device);
        let blank = Tensor::<3>::zeros([1, 64, 64], &device);
        let spot = blank.clone().slice_assign([0..1, 63..64, 63..64], Tensor::full([1, 1, 1], 9.0, &device));
        let change = (network.forward(spot) - network.forward(blank)).abs().sum_dim(2);
        let change: Vec<f32> = change.into_data().try_to_vec().unwrap();
        assert!(change[63] > 0.0, "the pixel's own patch must see it");
        assert!(change[0] == 0.0 && change[32] == 0.0, "distant patches must not");
    }
}
