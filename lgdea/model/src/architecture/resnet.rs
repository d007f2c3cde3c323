//! `ResNet` (He et al. 2016), as torchvision has it: the encoder of `GLoRIA`, `MGCA`, `CXR-CLIP` and most of their kin.
//!
//! <https://github.com/pytorch/vision/blob/main/torchvision/models/resnet.py>, whose names the fields have.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, BatchNormConfig};
use burn::tensor::{Device, Tensor};
use lgdea_kernel::{batch_norm, relu};
use serde::Deserialize;
use serde_json::json;

use super::{ImageArchitecture, PyTorch};
use crate::convolution::{self, Fan, stem_pool};
use crate::precision::convolve;
use crate::weights::{Named, Naming};

/// Which `ResNet`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ResNetShape {
    /// Kind of its blocks.
    pub block: BlockKind,
    /// Blocks of the four stages.
    pub layers: [usize; 4],
    /// Channels of the first stage; each further stage doubles them.
    pub width: usize,
    /// The last stage, 1 to 4; those after it are not made.
    #[serde(default = "last_stage")]
    pub stage: usize,
}

fn last_stage() -> usize {
    4
}

/// Kinds of blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockKind {
    /// Two 3 × 3 convolutions.
    Basic,
    /// 1 × 1, 3 × 3 and 1 × 1, the last with four times the channels.
    Bottleneck,
}

impl ResNetShape {
    /// The published shape of a depth, 18 or 50, up to a stage; an experiment has no other.
    pub fn of_depth(depth: usize, stage: usize) -> Self {
        let (block, layers) = match depth {
            18 => (BlockKind::Basic, [2, 2, 2, 2]),
            _ => (BlockKind::Bottleneck, [3, 4, 6, 3]),
        };
        Self { block, layers, width: 64, stage }
    }
}

impl BlockKind {
    fn expansion(self) -> usize {
        match self {
            Self::Basic => 1,
            Self::Bottleneck => 4,
        }
    }
}

/// `ResNet` on grey images without its classifier.
#[derive(Module, Debug)]
pub struct ResNet {
    conv1: Conv2d,
    bn1: BatchNorm,
    maxpool: MaxPool2d,
    layer1: Vec<Block>,
    layer2: Vec<Block>,
    layer3: Vec<Block>,
    layer4: Vec<Block>,
}

impl ImageArchitecture for ResNet {
    type Settings = lgdea_spec::ResNet;
    type Shape = ResNetShape;

    /// As in torchvision's files.
    const NAMING: Option<Naming> = Some(Naming { from_file, to_file, grey: Some("conv1.weight"), positions: None });

    fn shape(settings: &Self::Settings) -> Self::Shape {
        ResNetShape::of_depth(settings.depth, settings.stage)
    }

    fn new(shape: &Self::Shape, device: &Device) -> Self {
        let mut input = shape.width;
        let mut stage = |number: usize| {
            let blocks = if number <= shape.stage { shape.layers[number - 1] } else { 0 };
            let width = shape.width << (number - 1);
            (0..blocks)
                .map(|position| {
                    let stride = if number > 1 && position == 0 { 2 } else { 1 };
                    let block = Block::new(shape.block, input, width, stride, device);
                    input = width * shape.block.expansion();
                    block
                })
                .collect()
        };
        Self {
            conv1: convolution(1, shape.width, 7, 2, device),
            bn1: BatchNormConfig::new(shape.width).init(device),
            maxpool: stem_pool(),
            layer1: stage(1),
            layer2: stage(2),
            layer3: stage(3),
            layer4: stage(4),
        }
    }

    fn width(shape: &Self::Shape) -> usize {
        (shape.width << (shape.stage - 1)) * shape.block.expansion()
    }

    /// The last stage's features: `(size / 2^(stage + 1))²` patches.
    fn forward(&self, images: Tensor<3>) -> Tensor<3> {
        let x = images.unsqueeze_dim::<4>(1);
        let x = self.maxpool.forward(relu(batch_norm(&self.bn1, convolve(&self.conv1, x))));
        let stages = [&self.layer1, &self.layer2, &self.layer3, &self.layer4];
        let x = stages.into_iter().flatten().fold(x, |x, block| block.forward(x));
        x.flatten::<3>(2, 3).swap_dims(1, 2)
    }

    fn pytorch(settings: &Self::Settings) -> Option<PyTorch> {
        let architecture = format!("resnet{}", settings.depth);
        Some(PyTorch::timm(&architecture, json!({ "in_chans": 1 }), settings.stage))
    }
}

/// A residual block.
#[derive(Module, Debug)]
struct Block {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    /// Of a bottleneck.
    conv3: Option<Conv2d>,
    bn3: Option<BatchNorm>,
    downsample: Option<Downsample>,
}

/// What fits the input to the output, where their shapes differ.
#[derive(Module, Debug)]
struct Downsample {
    conv: Conv2d,
    norm: BatchNorm,
}

impl Block {
    fn new(kind: BlockKind, input: usize, width: usize, stride: usize, device: &Device) -> Self {
        let output = width * kind.expansion();
        let norm = |channels: usize| BatchNormConfig::new(channels).init(device);
        let downsample = (stride > 1 || input != output)
            .then(|| Downsample { conv: convolution(input, output, 1, stride, device), norm: norm(output) });
        match kind {
            BlockKind::Basic => Self {
                conv1: convolution(input, width, 3, stride, device),
                bn1: norm(width),
                conv2: convolution(width, width, 3, 1, device),
                bn2: norm(width),
                conv3: None,
                bn3: None,
                downsample,
            },
            BlockKind::Bottleneck => Self {
                conv1: convolution(input, width, 1, 1, device),
                bn1: norm(width),
                conv2: convolution(width, width, 3, stride, device),
                bn2: norm(width),
                conv3: Some(convolution(width, output, 1, 1, device)),
                bn3: Some(norm(output)),
                downsample,
            },
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let short = match &self.downsample {
            Some(Downsample { conv, norm }) => batch_norm(norm, convolve(conv, x.clone())),
            None => x.clone(),
        };
        let x = relu(batch_norm(&self.bn1, convolve(&self.conv1, x)));
        let x = batch_norm(&self.bn2, convolve(&self.conv2, x));
        let x = match (&self.conv3, &self.bn3) {
            (Some(conv3), Some(bn3)) => batch_norm(bn3, convolve(conv3, relu(x))),
            _ => x,
        };
        relu(x + short)
    }
}

fn convolution(input: usize, output: usize, kernel: usize, stride: usize, device: &Device) -> Conv2d {
    convolution::convolution([input, output], kernel, stride, Fan::Out, device)
}

fn from_file(name: &str) -> Named {
    // The classifier.
    if name.starts_with("fc.") {
        return Named::LeftOut;
    }
    Named::Parameter(name.replace(".downsample.0.", ".downsample.conv.").replace(".downsample.1.", ".downsample.norm."))
}

fn to_file(name: &str) -> String {
    name.replace(".downsample.conv.", ".downsample.0.").replace(".downsample.norm.", ".downsample.1.")
}
