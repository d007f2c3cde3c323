//! `ConvNeXt` (Liu et al. 2022), as timm has it; torchvision's files are read, too.
//!
//! <https://github.com/huggingface/pytorch-image-models/blob/main/timm/models/convnext.py>

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use lgdea_kernel::gelu;
use serde::Deserialize;
use serde_json::json;

use super::{ImageArchitecture, PyTorch};
use crate::convolution::around;
use crate::layer_norm::LayerNorm;
use crate::precision::{convolve, linear};
use crate::weights::{Named, Naming};

const EPSILON: f64 = 1e-6;
/// Pixels that a patch of the first convolution covers.
const PATCH: usize = 4;
/// Side of the depthwise kernels.
const KERNEL: usize = 7;
/// Width within a block, as a multiple of its channels.
const EXPANSION: usize = 4;
/// What a block's output is scaled by at the start.
const SCALE: f64 = 1e-6;
/// Random weights at the start.
const START: Initializer = Initializer::Normal { mean: 0.0, std: 0.02 };

/// Which `ConvNeXt`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ConvNextShape {
    /// Blocks of each stage.
    pub blocks: Vec<usize>,
    /// Channels of the first stage; each further stage doubles them.
    pub width: usize,
}

/// `ConvNeXt` on grey images without its classifier.
#[derive(Module, Debug)]
pub struct ConvNext {
    stem: Stem,
    stages: Vec<Stage>,
}

#[derive(Module, Debug)]
struct Stem {
    conv: Conv2d,
    norm: LayerNorm,
}

#[derive(Module, Debug)]
struct Stage {
    downsample: Option<Downsample>,
    blocks: Vec<Block>,
}

/// Halves the sides.
#[derive(Module, Debug)]
struct Downsample {
    norm: LayerNorm,
    conv: Conv2d,
}

impl ImageArchitecture for ConvNext {
    type Settings = lgdea_spec::ConvNext;
    type Shape = ConvNextShape;

    /// As in timm's and torchvision's files.
    const NAMING: Option<Naming> = Some(Naming { from_file, to_file, grey: Some("stem.conv.weight"), positions: None });

    fn shape(settings: &Self::Settings) -> Self::Shape {
        let third = match settings.variant {
            lgdea_spec::ConvNextVariant::Tiny => 9,
            lgdea_spec::ConvNextVariant::Small => 27,
        };
        ConvNextShape { blocks: vec![3, 3, third, 3], width: 96 }
    }

    fn new(shape: &Self::Shape, device: &Device) -> Self {
        let stage = |(number, &blocks): (usize, &usize)| {
            let channels = shape.width << number;
            let downsample = (number > 0).then(|| Downsample {
                norm: norm(channels / 2, device),
                conv: patches([channels / 2, channels], 2, device),
            });
            Stage { downsample, blocks: (0..blocks).map(|_| Block::new(channels, device)).collect() }
        };
        Self {
            stem: Stem { conv: patches([1, shape.width], PATCH, device), norm: norm(shape.width, device) },
            stages: shape.blocks.iter().enumerate().map(stage).collect(),
        }
    }

    fn width(shape: &Self::Shape) -> usize {
        shape.width << (shape.blocks.len() - 1)
    }

    /// `(size / 32)²` patches. The published classifier norms their mean; patches have no norm there.
    fn forward(&self, images: Tensor<3>) -> Tensor<3> {
        let x = convolve(&self.stem.conv, images.unsqueeze_dim::<4>(1));
        let x = normed(&self.stem.norm, x);
        let x = self.stages.iter().fold(x, |x, stage| {
            let x = match &stage.downsample {
                Some(Downsample { norm, conv }) => convolve(conv, normed(norm, x)),
                None => x,
            };
            stage.blocks.iter().fold(x, |x, block| block.forward(x))
        });
        x.flatten::<3>(2, 3).swap_dims(1, 2)
    }

    fn pytorch(settings: &Self::Settings) -> Option<PyTorch> {
        let variant = match settings.variant {
            lgdea_spec::ConvNextVariant::Tiny => "tiny",
            lgdea_spec::ConvNextVariant::Small => "small",
        };
        Some(PyTorch::timm(&format!("convnext_{variant}"), json!({ "in_chans": 1 }), 4))
    }
}

/// A depthwise convolution and a perceptron at each place, scaled.
#[derive(Module, Debug)]
struct Block {
    conv_dw: Conv2d,
    norm: LayerNorm,
    mlp: Mlp,
    /// Of each channel.
    scale: Param<Tensor<1>>,
}

#[derive(Module, Debug)]
struct Mlp {
    fc1: Linear,
    fc2: Linear,
}

impl Block {
    fn new(channels: usize, device: &Device) -> Self {
        let linear = |input, output| LinearConfig::new(input, output).with_initializer(START).init(device);
        Self {
            conv_dw: Conv2dConfig::new([channels, channels], [KERNEL, KERNEL])
                .with_groups(channels)
                .with_padding(around(KERNEL / 2))
                .with_initializer(START)
                .init(device),
            norm: norm(channels, device),
            mlp: Mlp { fc1: linear(channels, EXPANSION * channels), fc2: linear(EXPANSION * channels, channels) },
            scale: Param::from_tensor(Tensor::full([channels], SCALE, device)),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let inside = self.norm.forward(convolve(&self.conv_dw, x.clone()).permute([0, 2, 3, 1]));
        let inside = linear(&self.mlp.fc2, gelu(linear(&self.mlp.fc1, inside)));
        x + (inside * self.scale.val().unsqueeze::<4>()).permute([0, 3, 1, 2])
    }
}

/// A layer norm over the channels of `[batch, channels, h, w]`.
fn normed(norm: &LayerNorm, x: Tensor<4>) -> Tensor<4> {
    norm.forward(x.permute([0, 2, 3, 1])).permute([0, 3, 1, 2])
}

fn norm(width: usize, device: &Device) -> LayerNorm {
    LayerNorm::new(width, EPSILON, device)
}

/// A convolution whose kernels are patches, side by side.
fn patches(channels: [usize; 2], patch: usize, device: &Device) -> Conv2d {
    Conv2dConfig::new(channels, [patch, patch])
        .with_stride([patch, patch])
        .with_padding(around(0))
        .with_initializer(START)
        .init(device)
}

fn from_file(name: &str) -> Named {
    if ["head.", "classifier."].iter().any(|head| name.starts_with(head)) {
        return Named::LeftOut;
    }
    let renamed = timm(name).or_else(|| torchvision(name));
    Named::Parameter(renamed.unwrap_or_else(|| name.to_owned()))
}

fn timm(name: &str) -> Option<String> {
    if let Some(rest) = name.strip_prefix("stem.") {
        return Some(format!("stem.{}", layer(rest, ["conv", "norm"])?));
    }
    let (stage, rest) = name.strip_prefix("stages.")?.split_once('.')?;
    let rest = match rest.strip_prefix("downsample.") {
        Some(rest) => format!("downsample.{}", layer(rest, ["norm", "conv"])?),
        None => rest.strip_suffix(".gamma").map_or_else(|| rest.to_owned(), |block| format!("{block}.scale")),
    };
    Some(format!("stages.{stage}.{rest}"))
}

/// `features.3.1.block.2.weight` is the norm of the second block of the second stage, `features.2` what is before that stage.
fn torchvision(name: &str) -> Option<String> {
    let (number, rest) = name.strip_prefix("features.")?.split_once('.')?;
    let number: usize = number.parse().ok()?;
    if number == 0 {
        return Some(format!("stem.{}", layer(rest, ["conv", "norm"])?));
    }
    let stage = number / 2;
    if number.is_multiple_of(2) {
        return Some(format!("stages.{stage}.downsample.{}", layer(rest, ["norm", "conv"])?));
    }
    let (block, rest) = rest.split_once('.')?;
    let rest = match rest {
        "layer_scale" => "scale".to_owned(),
        rest => {
            let (number, kind) = rest.strip_prefix("block.")?.split_once('.')?;
            let parts = [("0", "conv_dw"), ("2", "norm"), ("3", "mlp.fc1"), ("5", "mlp.fc2")];
            let (_, part) = parts.iter().find(|(at, _)| *at == number)?;
            format!("{part}.{kind}")
        }
    };
    Some(format!("stages.{stage}.blocks.{block}.{rest}"))
}

/// The first or the second layer of two by their names.
fn layer(rest: &str, names: [&str; 2]) -> Option<String> {
    let (number, kind) = rest.split_once('.')?;
    Some(format!("{}.{kind}", names.get(number.parse::<usize>().ok()?)?))
}

/// As timm names it.
fn to_file(name: &str) -> String {
    let pairs = [
        ("stem.conv.", "stem.0."),
        ("stem.norm.", "stem.1."),
        (".downsample.norm.", ".downsample.0."),
        (".downsample.conv.", ".downsample.1."),
    ];
    let name = pairs.into_iter().fold(name.to_owned(), |name, (from, to)| name.replace(from, to));
    name.strip_suffix(".scale").map_or_else(|| name.clone(), |block| format!("{block}.gamma"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_two_libraries_go_to_ours() {
        for (file, here) in [
            ("stem.1.weight", "stem.norm.weight"),
            ("stages.1.downsample.1.bias", "stages.1.downsample.conv.bias"),
            ("stages.2.blocks.8.gamma", "stages.2.blocks.8.scale"),
            ("stages.2.blocks.8.mlp.fc1.weight", "stages.2.blocks.8.mlp.fc1.weight"),
        ] {
            assert_eq!(from_file(file), Named::Parameter(here.to_owned()));
            assert_eq!(to_file(here), file);
        }
        for (file, here) in [
            ("features.0.1.bias", "stem.norm.bias"),
            ("features.2.0.weight", "stages.1.downsample.norm.weight"),
            ("features.5.8.layer_scale", "stages.2.blocks.8.scale"),
            ("features.1.0.block.5.bias", "stages.0.blocks.0.mlp.fc2.bias"),
        ] {
            assert_eq!(from_file(file), Named::Parameter(here.to_owned()));
        }
        assert_eq!(from_file("head.norm.weight"), Named::LeftOut);
    }
}
