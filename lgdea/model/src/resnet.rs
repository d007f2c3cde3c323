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
    /// The published shape of a depth, 18 or 50; an experiment has no other.
    pub fn of_depth(depth: usize) -> Self {
        match depth {
            18 => Self { block: BlockKind::Basic, layers: [2, 2, 2, 2], width: 64 },
            _ => Self { block: BlockKind::Bottleneck, layers: [3, 4, 6, 3], width: 64 },
        }
    }

    /// Channels that a stage, 1 to 4, ends with.
    pub fn channels(&self, stage: usize) -> usize {
        (self.width << (stage - 1)) * self.block.expansion()
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

impl ResNet {
    /// How torchvision's files name the parameters.
    pub const NAMING: Naming = Naming { from_file, to_file, grey: Some("conv1.weight") };

    /// A network with random weights. Stages after `last`, 1 to 4, are not made.
    pub fn new(shape: &ResNetShape, last: usize, device: &Device) -> Self {
        let mut input = shape.width;
        let mut stage = |number: usize| {
            let blocks = if number <= last { shape.layers[number - 1] } else { 0 };
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

    /// The last stage's features `[batch, (size / 2^(stage + 1))², channels]` of standardised grey images
    /// `[batch, size, size]`.
    pub fn forward(&self, images: Tensor<3>) -> Tensor<3> {
        let x = images.unsqueeze_dim::<4>(1);
        let x = self.maxpool.forward(relu(batch_norm(&self.bn1, convolve(&self.conv1, x))));
        let stages = [&self.layer1, &self.layer2, &self.layer3, &self.layer4];
        let x = stages.into_iter().flatten().fold(x, |x, block| block.forward(x));
        x.flatten::<3>(2, 3).swap_dims(1, 2)
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
