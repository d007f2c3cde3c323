//! A small residual CNN whose patches stay local.
//!
//! Space-to-depth instead of strided convolutions keeps every pixel and makes the first layers small matrix products,
//! which is what a CPU is good at. The receptive field of a patch ends two patches away: a larger one halves phrase
//! grounding on the phantom.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Distribution, Tensor};
use lgdea_kernel::{batch_norm, gelu, relu};
use serde_json::json;

use super::{ImageArchitecture, PyTorch};
use crate::convolution::around;
use crate::layer_norm::{self, LayerNorm};
use crate::precision::{convolve_blocks, linear};

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

impl ImageArchitecture for PatchCnn {
    type Settings = lgdea_spec::PatchCnn;
    type Shape = lgdea_spec::PatchCnn;

    fn shape(settings: &Self::Settings) -> Self::Shape {
        settings.clone()
    }

    fn new(shape: &Self::Shape, device: &Device) -> Self {
        let lgdea_spec::PatchCnn { size, width, patch } = *shape;
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

    fn width(shape: &Self::Shape) -> usize {
        shape.width
    }

    /// # Panics
    /// If the images are not `size` × `size`.
    fn forward(&self, images: Tensor<3>) -> Tensor<3> {
        let [batch, height, width] = images.dims();
        assert_eq!([height, width], [self.size, self.size], "images must be {0} × {0}", self.size);
        let x = images.reshape([batch, 1, height, width]);
        let x = self.stem.forward(self.patch / 2, x);
        let x = self.merge.forward(2, x);
        let x = x.clone() + self.block.forward(1, x);
        let h = x.flatten::<3>(2, 3).swap_dims(1, 2) + self.position.val().unsqueeze();
        let mixed = linear(&self.contract, gelu(linear(&self.expand, h.clone())));
        self.norm.forward(h + mixed)
    }

    fn pytorch(settings: &Self::Settings) -> Option<PyTorch> {
        let lgdea_spec::PatchCnn { size, width, patch } = settings;
        let arguments = json!({ "size": size, "width": width, "patch": patch });
        Some(PyTorch::Own { class: "PatchCnn", source: PYTORCH, arguments })
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

    /// Over blocks of `factor` × `factor` pixels, moved into channels.
    fn forward(&self, factor: usize, x: Tensor<4>) -> Tensor<4> {
        relu(batch_norm(&self.norm, convolve_blocks(&self.conv, factor, x)))
    }
}

/// The same network in PyTorch.
const PYTORCH: &str = r#"
class ConvNorm(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)))


class PatchCnn(nn.Module):
    """lgdea's small residual CNN on space-to-depth input."""

    def __init__(self, size: int, width: int, patch: int):
        super().__init__()
        half, narrow = patch // 2, max(width // 2, 1)
        self.half = half
        self.stem = ConvNorm(half * half, narrow, 3)
        self.merge = ConvNorm(4 * narrow, width, 1)
        self.block = ConvNorm(width, width, 3)
        self.position = nn.Parameter(torch.zeros((size // patch) ** 2, width))
        self.expand = nn.Linear(width, 2 * width)
        self.contract = nn.Linear(2 * width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, images):
        x = self.stem(F.pixel_unshuffle(images, self.half))
        x = self.merge(F.pixel_unshuffle(x, 2))
        x = x + self.block(x)
        h = x.flatten(2).transpose(1, 2) + self.position
        return self.norm(h + self.contract(F.gelu(self.expand(h))))
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::precision::convolve;

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

    #[test]
    fn over_blocks_a_convolution_is_that_of_their_pixels_as_channels() {
        let device = Device::flex();
        device.seed(2);
        for (channels, kernel, factor) in [(1, 3, 4), (3, 1, 2), (2, 3, 1)] {
            let layer = ConvNorm::new(channels * factor * factor, 5, kernel, &device);
            let x = Tensor::<4>::random([2, channels, 8, 16], Distribution::Default, &device);
            let expected = convolve(&layer.conv, space_to_depth(x.clone(), factor));
            let found = convolve_blocks(&layer.conv, factor, x);
            assert_eq!(found.dims(), expected.dims());
            assert!((found - expected).abs().max().into_scalar::<f32>() < 1e-5, "{channels} {kernel} {factor}");
        }
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
