//! Swin transformer (Liu et al. 2021), as timm has it.
//!
//! <https://github.com/huggingface/pytorch-image-models/blob/main/timm/models/swin_transformer.py>, whose names the fields have.

use burn::module::{Module, Param};
use burn::nn::conv::Conv2d;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Distribution, Int, Tensor, TensorData};
use lgdea_kernel::gelu;
use serde::Deserialize;
use serde_json::json;

use super::{ImageArchitecture, PyTorch};
use crate::attention::attend;
use crate::convolution::patches;
use crate::layer_norm::{self, LayerNorm};
use crate::precision::{convolve, linear};
use crate::weights::{Named, Naming};

/// What is added where a cell must not attend to another, as the authors have it.
const APART: f32 = -100.0;
/// Width within a perceptron, as a multiple of its channels.
const EXPANSION: usize = 4;

/// Which Swin transformer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SwinShape {
    /// Side of the square images, in pixels.
    pub size: usize,
    /// Pixels that a cell of the first map covers.
    pub patch: usize,
    /// Side of a window, in cells.
    pub window: usize,
    /// Blocks of each stage.
    pub depths: Vec<usize>,
    /// Attention heads of each stage.
    pub heads: Vec<usize>,
    /// Channels of the first stage; each further stage doubles them and halves the sides.
    pub width: usize,
}

/// Swin transformer on grey images without its classifier.
#[derive(Module, Debug)]
pub struct Swin {
    patch_embed: PatchEmbed,
    layers: Vec<Stage>,
    norm: LayerNorm,
}

#[derive(Module, Debug)]
struct PatchEmbed {
    proj: Conv2d,
    norm: LayerNorm,
}

#[derive(Module, Debug)]
struct Stage {
    downsample: Option<Merge>,
    blocks: Vec<Block>,
}

impl ImageArchitecture for Swin {
    type Settings = lgdea_spec::Swin;
    type Shape = SwinShape;

    /// As in timm's files.
    const NAMING: Option<Naming> =
        Some(Naming { from_file, to_file: str::to_owned, grey: Some("patch_embed.proj.weight"), positions: None });

    fn shape(settings: &Self::Settings) -> Self::Shape {
        let lgdea_spec::SwinVariant::Tiny = settings.variant;
        let (depths, heads) = (vec![2, 2, 6, 2], vec![3, 6, 12, 24]);
        SwinShape { size: settings.size, patch: 4, window: 7, depths, heads, width: 96 }
    }

    fn new(shape: &Self::Shape, device: &Device) -> Self {
        let stage = |(number, (&depth, &heads)): (usize, (&usize, &usize))| {
            let (width, grid) = (shape.width << number, (shape.size / shape.patch) >> number);
            let windows = |block: usize| Windows::new(grid, shape.window, !block.is_multiple_of(2));
            Stage {
                downsample: (number > 0).then(|| Merge::new(width / 2, device)),
                blocks: (0..depth).map(|block| Block::new(width, heads, windows(block), device)).collect(),
            }
        };
        Self {
            patch_embed: PatchEmbed {
                proj: patches(shape.width, shape.patch, device),
                norm: norm(shape.width, device),
            },
            layers: shape.depths.iter().zip(&shape.heads).enumerate().map(stage).collect(),
            norm: norm(Self::width(shape), device),
        }
    }

    fn width(shape: &Self::Shape) -> usize {
        shape.width << (shape.depths.len() - 1)
    }

    /// `(size / 32)²` patches, after the last norm.
    fn forward(&self, images: Tensor<3>) -> Tensor<3> {
        let x = convolve(&self.patch_embed.proj, images.unsqueeze_dim::<4>(1)).permute([0, 2, 3, 1]);
        let x = self.layers.iter().fold(self.patch_embed.norm.forward(x), |x, stage| {
            let x = match &stage.downsample {
                Some(merge) => merge.forward(x),
                None => x,
            };
            stage.blocks.iter().fold(x, |x, block| block.forward(x))
        });
        self.norm.forward(x).flatten::<3>(1, 2)
    }

    fn pytorch(settings: &Self::Settings) -> Option<PyTorch> {
        let arguments = json!({ "in_chans": 1, "img_size": settings.size });
        Some(PyTorch::timm("swin_tiny_patch4_window7_224", arguments, 4))
    }
}

/// Four cells to one of twice the channels.
#[derive(Module, Debug)]
struct Merge {
    norm: LayerNorm,
    reduction: Linear,
}

impl Merge {
    fn new(width: usize, device: &Device) -> Self {
        Self {
            norm: norm(4 * width, device),
            reduction: LinearConfig::new(4 * width, 2 * width).with_bias(false).init(device),
        }
    }

    /// `[batch, h, w, width]` to `[batch, h / 2, w / 2, 2 · width]`.
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, height, width, channels] = x.dims();
        let x = x.reshape([batch, height / 2, 2, width / 2, 2, channels]).permute([0, 1, 3, 4, 2, 5]);
        linear(&self.reduction, self.norm.forward(x.reshape([batch, height / 2, width / 2, 4 * channels])))
    }
}

/// Attention within windows, and a perceptron.
#[derive(Module, Debug)]
struct Block {
    norm1: LayerNorm,
    attn: Attention,
    norm2: LayerNorm,
    mlp: Mlp,
}

#[derive(Module, Debug)]
struct Mlp {
    fc1: Linear,
    fc2: Linear,
}

#[derive(Module, Debug)]
struct Attention {
    /// What heads add by the distance of two cells of a window, `[(2 window - 1)², heads]`.
    relative_position_bias_table: Param<Tensor<2>>,
    /// Queries, keys and values in one, as files have it.
    qkv: Linear,
    proj: Linear,
    heads: usize,
    #[module(skip)]
    windows: Windows,
}

/// How a map is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Windows {
    /// Cells along a side of the map.
    grid: usize,
    /// Cells along a side of a window.
    side: usize,
    /// Cells that the windows are shifted by, down and to the right.
    shift: usize,
}

impl Block {
    fn new(width: usize, heads: usize, windows: Windows, device: &Device) -> Self {
        let linear = |input, output| LinearConfig::new(input, output).init(device);
        let distances = (2 * windows.side - 1).pow(2);
        let table = Tensor::random([distances, heads], Distribution::Normal(0.0, 0.02), device);
        Self {
            norm1: norm(width, device),
            attn: Attention {
                relative_position_bias_table: Param::from_tensor(table),
                qkv: linear(width, 3 * width),
                proj: linear(width, width),
                heads,
                windows,
            },
            norm2: norm(width, device),
            mlp: Mlp { fc1: linear(width, EXPANSION * width), fc2: linear(EXPANSION * width, width) },
        }
    }

    /// `[batch, h, w, width]` to the same.
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = x.clone() + self.attn.forward(self.norm1.forward(x));
        let hidden = gelu(linear(&self.mlp.fc1, self.norm2.forward(x.clone())));
        x + linear(&self.mlp.fc2, hidden)
    }
}

impl Attention {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, _, _, width] = x.dims();
        let Windows { grid, side, shift } = self.windows;
        let x = self.windows.cut(rolled(x, shift));
        let [windows, cells, _] = x.dims();
        let depth = width / self.heads;
        let qkv = linear(&self.qkv, x).reshape([windows, cells, 3, self.heads, depth]).permute([2, 0, 3, 1, 4]);
        // Each `[windows, heads, cells, depth]`.
        let parts = [0, 1, 2].map(|part| qkv.clone().narrow(0, part, 1).squeeze_dim::<4>(0));
        let bias = self.bias(batch).reshape([windows, self.heads, cells, cells]);
        let attended = attend(&self.qkv, parts, Some(bias)).swap_dims(1, 2).reshape([windows, cells, width]);
        let count = grid / side;
        let x = linear(&self.proj, attended).reshape([batch, count, count, side, side, width]);
        rolled(x.permute([0, 1, 3, 2, 4, 5]).reshape([batch, grid, grid, width]), (grid - shift) % grid)
    }

    /// What is added to the scores, `[batch, windows of an image, heads, cells, cells]`.
    fn bias(&self, batch: usize) -> Tensor<5> {
        let Windows { grid, side, .. } = self.windows;
        let (cells, windows, heads) = (side * side, (grid / side).pow(2), self.heads);
        let table = self.relative_position_bias_table.val();
        let device = table.device();
        let distances = Tensor::<1, Int>::from_data(self.windows.distances().as_slice(), &device);
        let near = table.select(0, distances).reshape([1, cells, cells, heads]).permute([0, 3, 1, 2]);
        let bias = match self.windows.apart() {
            Some(apart) => near + Tensor::from_data(TensorData::new(apart, [windows, 1, cells, cells]), &device),
            None => near.expand([windows, heads, cells, cells]),
        };
        bias.unsqueeze::<5>().expand([batch, windows, heads, cells, cells])
    }
}

impl Windows {
    /// Where the map is no larger than a window, it is one, and no window is shifted.
    fn new(grid: usize, window: usize, shifted: bool) -> Self {
        let shift = if shifted && grid > window { window / 2 } else { 0 };
        Self { grid, side: window.min(grid), shift }
    }

    /// `[batch, grid, grid, width]` as `[batch · windows, cells, width]`.
    fn cut(self, x: Tensor<4>) -> Tensor<3> {
        let [batch, _, _, width] = x.dims();
        let count = self.grid / self.side;
        let x = x.reshape([batch, count, self.side, count, self.side, width]).permute([0, 1, 3, 2, 4, 5]);
        x.reshape([batch * count * count, self.side * self.side, width])
    }

    /// The row of the table for each two cells of a window, row by row.
    fn distances(self) -> Vec<i32> {
        let (side, span) = (self.side, 2 * self.side - 1);
        let along = |one: usize, other: usize| one + side - 1 - other;
        let cells = || (0..side * side).map(|cell| (cell / side, cell % side));
        let pairs = cells().flat_map(|one| cells().map(move |other| (one, other)));
        pairs.map(|(one, other)| (along(one.0, other.0) * span + along(one.1, other.1)) as i32).collect()
    }

    /// What is added for each two cells of each window, row by row: where windows are shifted, those at the border hold cells of
    /// two borders of the map, which do not see each other.
    fn apart(self) -> Option<Vec<f32>> {
        let Self { grid, side, shift } = self;
        if shift == 0 {
            return None;
        }
        let part = |at: usize| usize::from(at >= grid - side) + usize::from(at >= grid - shift);
        let count = grid / side;
        let windows = (0..count * count).map(|window| (window / count * side, window % count * side));
        let apart = windows.flat_map(|(row, column)| {
            let parts: Vec<_> =
                (0..side * side).map(|cell| (part(row + cell / side), part(column + cell % side))).collect();
            let pairs = parts.iter().flat_map(|one| parts.iter().map(move |other| one == other));
            pairs.map(|together| if together { 0.0 } else { APART }).collect::<Vec<f32>>()
        });
        Some(apart.collect())
    }
}

/// `[batch, h, w, width]` whose first `by` rows and columns have gone to the end.
fn rolled(x: Tensor<4>, by: usize) -> Tensor<4> {
    if by == 0 {
        return x;
    }
    [1, 2].into_iter().fold(x, |x, side| {
        let length = x.dims()[side];
        Tensor::cat(vec![x.clone().narrow(side, by, length - by), x.narrow(side, 0, by)], side)
    })
}

fn norm(width: usize, device: &Device) -> LayerNorm {
    LayerNorm::new(width, layer_norm::EPSILON, device)
}

fn from_file(name: &str) -> Named {
    // The classifier, and what older files keep that follows from the sizes.
    let derived = [".attn_mask", ".relative_position_index"];
    if name.starts_with("head.") || derived.iter().any(|end| name.ends_with(end)) {
        return Named::LeftOut;
    }
    Named::Parameter(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_at_the_border_hold_cells_that_do_not_see_each_other() {
        assert_eq!(Windows::new(4, 4, true), Windows { grid: 4, side: 4, shift: 0 });
        let windows = Windows::new(4, 2, true);
        assert_eq!(windows, Windows { grid: 4, side: 2, shift: 1 });
        let apart = windows.apart().unwrap();
        let first = |window: usize| &apart[window * 16..][..4];
        assert_eq!(first(0), [0.0; 4]);
        assert_eq!(first(1), [0.0, APART, 0.0, APART]);
        assert_eq!(first(2), [0.0, 0.0, APART, APART]);
        assert_eq!(first(3), [0.0, APART, APART, APART]);
        assert_eq!(windows.distances()[..4], [4, 3, 1, 0]);
    }

    #[test]
    fn rolled_there_and_back_is_the_same() {
        let x = Tensor::<1, Int>::arange(0..9, &Device::flex()).float().reshape([1, 3, 3, 1]);
        let there = rolled(x.clone(), 1);
        assert_eq!(there.clone().into_data().try_to_vec::<f32>().unwrap(), [4., 5., 3., 7., 8., 6., 1., 2., 0.]);
        assert_eq!(rolled(there, 2).into_data(), x.into_data());
    }
}
