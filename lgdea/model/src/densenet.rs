//! `DenseNet` (Huang et al. 2017), as torchvision has it: the default of the chest radiograph community (`CheXNet`,
//! `TorchXRayVision`).
//!
//! <https://github.com/pytorch/vision/blob/main/torchvision/models/densenet.py>

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig, MaxPool2d};
use burn::nn::{BatchNorm, BatchNormConfig};
use burn::tensor::{Device, Tensor};
use lgdea_kernel::{batch_norm, relu};
use serde::Deserialize;

use crate::convolution::{self, Fan, stem_pool};
use crate::precision::convolve;
use crate::weights::{Named, Naming};

/// Channels of a layer's bottleneck, as a multiple of the growth.
const BOTTLENECK: usize = 4;

/// Which `DenseNet`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DenseNetShape {
    /// Channels that a layer adds.
    pub growth: usize,
    /// Layers of each dense block.
    pub blocks: Vec<usize>,
    /// Channels of the first convolution.
    pub initial: usize,
}

impl DenseNetShape {
    /// DenseNet-121.
    pub fn densenet_121() -> Self {
        Self { growth: 32, blocks: vec![6, 12, 24, 16], initial: 64 }
    }

    /// Channels of the features.
    pub fn channels(&self) -> usize {
        let last = self.blocks.len().saturating_sub(1);
        let block = |channels: usize, (position, layers): (usize, &usize)| {
            let channels = channels + layers * self.growth;
            if position < last { channels / 2 } else { channels }
        };
        self.blocks.iter().enumerate().fold(self.initial, block)
    }
}

/// `DenseNet` on grey images without its classifier.
#[derive(Module, Debug)]
pub struct DenseNet {
    conv0: Conv2d,
    norm0: BatchNorm,
    pool0: MaxPool2d,
    denseblock: Vec<Vec<DenseLayer>>,
    transition: Vec<Transition>,
    norm5: BatchNorm,
}

impl DenseNet {
    /// How torchvision's files name the parameters.
    pub const NAMING: Naming = Naming { from_file, to_file, grey: Some("conv0.weight") };

    /// A network with random weights.
    pub fn new(shape: &DenseNetShape, device: &Device) -> Self {
        let mut channels = shape.initial;
        let (mut denseblock, mut transition) = (Vec::new(), Vec::new());
        for (position, &layers) in shape.blocks.iter().enumerate() {
            let layer = |at: usize| DenseLayer::new(channels + at * shape.growth, shape.growth, device);
            denseblock.push((0..layers).map(layer).collect());
            channels += layers * shape.growth;
            if position + 1 < shape.blocks.len() {
                transition.push(Transition::new(channels, device));
                channels /= 2;
            }
        }
        Self {
            conv0: convolution(1, shape.initial, 7, 2, device),
            norm0: BatchNormConfig::new(shape.initial).init(device),
            pool0: stem_pool(),
            denseblock,
            transition,
            norm5: BatchNormConfig::new(channels).init(device),
        }
    }

    /// Features `[batch, (size / 32)², channels]` of standardised grey images `[batch, size, size]`.
    pub fn forward(&self, images: Tensor<3>) -> Tensor<3> {
        let x = images.unsqueeze_dim::<4>(1);
        let mut x = self.pool0.forward(relu(batch_norm(&self.norm0, convolve(&self.conv0, x))));
        for (position, block) in self.denseblock.iter().enumerate() {
            x = block.iter().fold(x, |x, layer| Tensor::cat(vec![x.clone(), layer.forward(x)], 1));
            if let Some(transition) = self.transition.get(position) {
                x = transition.forward(x);
            }
        }
        relu(batch_norm(&self.norm5, x)).flatten::<3>(2, 3).swap_dims(1, 2)
    }
}

/// What a layer adds to its input.
#[derive(Module, Debug)]
struct DenseLayer {
    norm1: BatchNorm,
    conv1: Conv2d,
    norm2: BatchNorm,
    conv2: Conv2d,
}

impl DenseLayer {
    fn new(input: usize, growth: usize, device: &Device) -> Self {
        let between = BOTTLENECK * growth;
        Self {
            norm1: BatchNormConfig::new(input).init(device),
            conv1: convolution(input, between, 1, 1, device),
            norm2: BatchNormConfig::new(between).init(device),
            conv2: convolution(between, growth, 3, 1, device),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = convolve(&self.conv1, relu(batch_norm(&self.norm1, x)));
        convolve(&self.conv2, relu(batch_norm(&self.norm2, x)))
    }
}

/// Halves channels and sides.
#[derive(Module, Debug)]
struct Transition {
    norm: BatchNorm,
    conv: Conv2d,
    pool: AvgPool2d,
}

impl Transition {
    fn new(channels: usize, device: &Device) -> Self {
        Self {
            norm: BatchNormConfig::new(channels).init(device),
            conv: convolution(channels, channels / 2, 1, 1, device),
            pool: AvgPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.pool.forward(convolve(&self.conv, relu(batch_norm(&self.norm, x))))
    }
}

fn convolution(input: usize, output: usize, kernel: usize, stride: usize, device: &Device) -> Conv2d {
    convolution::convolution([input, output], kernel, stride, Fan::In, device)
}

/// `features.denseblock1.denselayer1.conv1.weight` is `denseblock.0.0.conv1.weight`, `features.transition1` is
/// `transition.0`. Files of old have a dot within `norm1` and `conv1`.
fn from_file(name: &str) -> Named {
    let Some(name) = name.strip_prefix("features.") else {
        return Named::LeftOut;
    };
    let parts: Vec<String> = name
        .split('.')
        .map(|part| {
            let counted = ["denseblock", "denselayer", "transition"].into_iter().find_map(|kind| {
                let number: usize = part.strip_prefix(kind)?.parse().ok()?;
                let number = number.checked_sub(1)?;
                Some(if kind == "denselayer" { number.to_string() } else { format!("{kind}.{number}") })
            });
            counted.unwrap_or_else(|| part.to_owned())
        })
        .collect();
    let name = parts.join(".");
    Named::Parameter(
        ["norm.1.", "norm.2.", "conv.1.", "conv.2."]
            .into_iter()
            .fold(name, |name, old| name.replace(&format!(".{old}"), &format!(".{}.", old.replace('.', "")))),
    )
}

fn to_file(name: &str) -> String {
    let mut parts = name.split('.').peekable();
    let mut file = vec!["features".to_owned()];
    let next = |part: Option<&str>| part.and_then(|part| part.parse::<usize>().ok()).map_or(0, |number| number + 1);
    while let Some(part) = parts.next() {
        match part {
            "denseblock" => {
                file.push(format!("denseblock{}", next(parts.next())));
                file.push(format!("denselayer{}", next(parts.next())));
            }
            "transition" => file.push(format!("transition{}", next(parts.next()))),
            other => file.push(other.to_owned()),
        }
    }
    file.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_to_files_and_back() {
        for (file, here) in [
            ("features.conv0.weight", "conv0.weight"),
            ("features.denseblock2.denselayer12.norm1.running_mean", "denseblock.1.11.norm1.running_mean"),
            ("features.transition3.conv.weight", "transition.2.conv.weight"),
        ] {
            assert_eq!(from_file(file), Named::Parameter(here.to_owned()));
            assert_eq!(to_file(here), file);
        }
        let old = from_file("features.denseblock1.denselayer1.norm.1.weight");
        assert_eq!(old, Named::Parameter("denseblock.0.0.norm1.weight".to_owned()));
        assert_eq!(from_file("classifier.weight"), Named::LeftOut);
    }

    #[test]
    fn densenet_121_has_1024_channels() {
        assert_eq!(DenseNetShape::densenet_121().channels(), 1024);
    }
}
