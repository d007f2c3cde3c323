//! `EfficientNet` (Tan and Le 2019), as timm has it; files of torchvision and of `EfficientNet-PyTorch` are read, too.
//!
//! <https://github.com/huggingface/pytorch-image-models/blob/main/timm/models/efficientnet.py>

use burn::module::Module;
use burn::nn::Initializer;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::activation::{sigmoid, silu};
use burn::tensor::{Device, Tensor};
use lgdea_kernel::relu6;
use lgdea_spec::TrainedIn;
use serde::Deserialize;
use serde_json::json;

use super::{ImageArchitecture, PyTorch};
use crate::conv_norm::{ConvNorm, ConvNormShape};
use crate::convolution::Padding;
use crate::precision::convolve;
use crate::weights::{Named, Naming};

/// Factors of channels and of blocks, by the number of a variant.
const FACTORS: [(f64, f64); 5] = [(1.0, 1.0), (1.0, 1.1), (1.1, 1.2), (1.2, 1.4), (1.4, 1.8)];
/// Stages of the smallest: blocks, side of the kernel, stride, expansion, channels.
const STAGES: [[usize; 5]; 7] = [
    [1, 3, 1, 1, 16],
    [2, 3, 2, 6, 24],
    [2, 5, 2, 6, 40],
    [3, 3, 2, 6, 80],
    [3, 5, 1, 6, 112],
    [4, 5, 2, 6, 192],
    [1, 3, 1, 6, 320],
];
/// Channels of its first convolution, and of its last.
const STEM: usize = 32;
const HEAD: usize = 1280;
/// Channels are multiples of it.
const DIVISOR: usize = 8;
/// Channels of a block's input for each that squeeze-and-excitation has between.
const SQUEEZE: usize = 4;

/// Which `EfficientNet`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EfficientNetShape {
    /// Channels of the first convolution.
    pub stem: usize,
    /// Stages.
    pub stages: Vec<EfficientNetStage>,
    /// Channels of the last convolution.
    pub head: usize,
    /// Whether it is a lite one: no squeeze-and-excitation, and ReLU6.
    pub lite: bool,
    /// On which its zeros and ε depend.
    pub trained_in: TrainedIn,
}

/// Blocks of a kind, the first of which may halve the image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EfficientNetStage {
    /// Number of blocks.
    pub blocks: usize,
    /// Side of the depthwise kernels.
    pub kernel: usize,
    /// Stride of the first block.
    pub stride: usize,
    /// Channels within a block, as a multiple of those that come in; 1 for a block without expansion.
    pub expansion: usize,
    /// Channels that come out.
    pub channels: usize,
}

impl EfficientNetShape {
    /// The published shape of a variant.
    pub fn of(settings: &lgdea_spec::EfficientNet) -> Self {
        let (lite, number) = settings.variant.family();
        let (wider, deeper) = FACTORS[number];
        let stages = STAGES.iter().enumerate().map(|(place, &[blocks, kernel, stride, expansion, channels])| {
            // The lite ones keep the first and the last stage as they are.
            let fixed = lite && (place == 0 || place + 1 == STAGES.len());
            let blocks = if fixed { blocks } else { (blocks as f64 * deeper).ceil() as usize };
            EfficientNetStage { blocks, kernel, stride, expansion, channels: widened(channels, wider) }
        });
        let [stem, head] = [STEM, HEAD].map(|channels| if lite { channels } else { widened(channels, wider) });
        Self { stem, stages: stages.collect(), head, lite, trained_in: settings.trained_in }
    }

    fn padding(&self) -> Padding {
        match self.trained_in {
            TrainedIn::Tensorflow => Padding::Same,
            TrainedIn::Pytorch => Padding::Even,
        }
    }

    fn epsilon(&self) -> f64 {
        match self.trained_in {
            TrainedIn::Tensorflow => 1e-3,
            TrainedIn::Pytorch => 1e-5,
        }
    }

    fn conv_norm(
        &self,
        channels: [usize; 2],
        kernel: usize,
        stride: usize,
        groups: usize,
        device: &Device,
    ) -> ConvNorm {
        ConvNorm::new(ConvNormShape { channels, kernel, stride, groups }, self.padding(), self.epsilon(), device)
    }
}

/// Channels times a factor, as the next multiple of 8, but not less than nine tenths of the product.
fn widened(channels: usize, factor: f64) -> usize {
    let product = channels as f64 * factor;
    let near = ((product / DIVISOR as f64 + 0.5).floor() as usize * DIVISOR).max(DIVISOR);
    if (near as f64) < 0.9 * product { near + DIVISOR } else { near }
}

/// `EfficientNet` on grey images without its classifier.
#[derive(Module, Debug)]
pub struct EfficientNet {
    stem: ConvNorm,
    blocks: Vec<Vec<Block>>,
    head: ConvNorm,
    #[module(skip)]
    activation: Activation,
}

/// What follows a convolution and its norm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Activation {
    Silu,
    /// `min(max(x, 0), 6)`.
    Relu6,
}

impl Activation {
    fn of(self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Silu => silu(x),
            Self::Relu6 => relu6(x),
        }
    }
}

impl ImageArchitecture for EfficientNet {
    type Settings = lgdea_spec::EfficientNet;
    type Shape = EfficientNetShape;

    /// As in timm's files.
    const NAMING: Option<Naming> = Some(Naming { from_file, to_file, grey: Some("stem.conv.weight"), positions: None });

    fn shape(settings: &Self::Settings) -> Self::Shape {
        EfficientNetShape::of(settings)
    }

    fn new(shape: &Self::Shape, device: &Device) -> Self {
        let activation = if shape.lite { Activation::Relu6 } else { Activation::Silu };
        let mut channels = shape.stem;
        let mut stage = |stage: &EfficientNetStage| {
            let block = |place: usize| {
                let input = std::mem::replace(&mut channels, stage.channels);
                Block::new(shape, stage, input, if place == 0 { stage.stride } else { 1 }, activation, device)
            };
            (0..stage.blocks).map(block).collect()
        };
        Self {
            stem: shape.conv_norm([1, shape.stem], 3, 2, 1, device),
            blocks: shape.stages.iter().map(&mut stage).collect(),
            head: shape.conv_norm([channels, shape.head], 1, 1, 1, device),
            activation,
        }
    }

    fn width(shape: &Self::Shape) -> usize {
        shape.head
    }

    /// `(size / 32)²` patches, after the last convolution.
    fn forward(&self, images: Tensor<3>) -> Tensor<3> {
        let x = self.activation.of(self.stem.forward(images.unsqueeze_dim::<4>(1)));
        let x = self.blocks.iter().flatten().fold(x, |x, block| block.forward(x));
        self.activation.of(self.head.forward(x)).flatten::<3>(2, 3).swap_dims(1, 2)
    }

    fn pytorch(settings: &Self::Settings) -> Option<PyTorch> {
        let (lite, number) = settings.variant.family();
        let family = if lite { "lite" } else { "b" };
        let trained_in = match settings.trained_in {
            TrainedIn::Tensorflow => "tf_",
            TrainedIn::Pytorch => "",
        };
        Some(PyTorch::timm(&format!("{trained_in}efficientnet_{family}{number}"), json!({ "in_chans": 1 }), 4))
    }
}

/// An inverted residual (Sandler et al. 2018) with squeeze-and-excitation.
#[derive(Module, Debug)]
struct Block {
    expand: Option<ConvNorm>,
    depthwise: ConvNorm,
    squeeze: Option<Squeeze>,
    project: ConvNorm,
    skips: bool,
    #[module(skip)]
    activation: Activation,
}

impl Block {
    fn new(
        shape: &EfficientNetShape,
        stage: &EfficientNetStage,
        input: usize,
        stride: usize,
        activation: Activation,
        device: &Device,
    ) -> Self {
        let inside = input * stage.expansion;
        Self {
            expand: (stage.expansion > 1).then(|| shape.conv_norm([input, inside], 1, 1, 1, device)),
            depthwise: shape.conv_norm([inside, inside], stage.kernel, stride, inside, device),
            squeeze: (!shape.lite).then(|| Squeeze::new(inside, input / SQUEEZE, device)),
            project: shape.conv_norm([inside, stage.channels], 1, 1, 1, device),
            skips: stride == 1 && input == stage.channels,
            activation,
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let short = self.skips.then(|| x.clone());
        let x = match &self.expand {
            Some(expand) => self.activation.of(expand.forward(x)),
            None => x,
        };
        let x = self.activation.of(self.depthwise.forward(x));
        let x = match &self.squeeze {
            Some(squeeze) => squeeze.forward(x),
            None => x,
        };
        let x = self.project.forward(x);
        match short {
            Some(short) => x + short,
            None => x,
        }
    }
}

/// Squeeze-and-excitation (Hu et al. 2018): each channel times what the means of all say of it.
#[derive(Module, Debug)]
struct Squeeze {
    reduce: Conv2d,
    expand: Conv2d,
}

impl Squeeze {
    fn new(channels: usize, between: usize, device: &Device) -> Self {
        let layer = |channels: [usize; 2]| {
            let start = Initializer::KaimingNormal { gain: 2.0_f64.sqrt(), fan_out_only: true };
            Conv2dConfig::new(channels, [1, 1])
                .with_padding(crate::convolution::around(0))
                .with_initializer(start)
                .init(device)
        };
        Self { reduce: layer([channels, between]), expand: layer([between, channels]) }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, channels, height, width] = x.dims();
        let mean = x.clone().reshape([batch, channels, height * width]).mean_dim(2).unsqueeze_dim::<4>(3);
        let gate = convolve(&self.expand, silu(convolve(&self.reduce, mean)));
        x * sigmoid(gate)
    }
}

/// timm's parts of a block, and of a block without expansion, in our names.
const TIMM: [(&str, &str); 8] = [
    ("conv_pw.", "expand.conv."),
    ("bn1.", "expand.norm."),
    ("conv_dw.", "depthwise.conv."),
    ("bn2.", "depthwise.norm."),
    ("conv_pwl.", "project.conv."),
    ("bn3.", "project.norm."),
    ("se.conv_reduce.", "squeeze.reduce."),
    ("se.conv_expand.", "squeeze.expand."),
];
const TIMM_FIRST: [(&str, &str); 6] = [
    ("conv_dw.", "depthwise.conv."),
    ("bn1.", "depthwise.norm."),
    ("conv_pw.", "project.conv."),
    ("bn2.", "project.norm."),
    ("se.conv_reduce.", "squeeze.reduce."),
    ("se.conv_expand.", "squeeze.expand."),
];
/// What is around the blocks.
const TIMM_OUTSIDE: [(&str, &str); 4] =
    [("conv_stem.", "stem.conv."), ("bn1.", "stem.norm."), ("conv_head.", "head.conv."), ("bn2.", "head.norm.")];
/// Of `EfficientNet-PyTorch`, whose blocks are counted through.
const COUNTED: [(&str, &str); 8] = [
    ("_expand_conv.", "expand.conv."),
    ("_bn0.", "expand.norm."),
    ("_depthwise_conv.", "depthwise.conv."),
    ("_bn1.", "depthwise.norm."),
    ("_se_reduce.", "squeeze.reduce."),
    ("_se_expand.", "squeeze.expand."),
    ("_project_conv.", "project.conv."),
    ("_bn2.", "project.norm."),
];
const COUNTED_OUTSIDE: [(&str, &str); 4] =
    [("_conv_stem.", "stem.conv."), ("_bn0.", "stem.norm."), ("_conv_head.", "head.conv."), ("_bn1.", "head.norm.")];

/// A name whose beginning is replaced.
fn renamed(name: &str, pairs: &[(&str, &str)]) -> Option<String> {
    pairs.iter().find_map(|(from, to)| Some(format!("{to}{}", name.strip_prefix(from)?)))
}

/// timm's parts of a block of a stage.
fn timm(stage: &str) -> &'static [(&'static str, &'static str)] {
    if stage == "0" { &TIMM_FIRST } else { &TIMM }
}

fn from_file(name: &str) -> Named {
    if ["classifier.", "_fc."].iter().any(|head| name.starts_with(head)) {
        return Named::LeftOut;
    }
    let staged = || {
        let (stage, rest) = name.strip_prefix("blocks.")?.split_once('.')?;
        let (block, rest) = rest.split_once('.')?;
        Some(format!("blocks.{stage}.{block}.{}", renamed(rest, timm(stage))?))
    };
    let counted = || {
        let (block, rest) = name.strip_prefix("_blocks.")?.split_once('.')?;
        Some(Named::InOrder { block: block.parse().ok()?, rest: renamed(rest, &COUNTED)? })
    };
    let outside = || renamed(name, &TIMM_OUTSIDE).or_else(|| renamed(name, &COUNTED_OUTSIDE));
    let named = staged().or_else(outside).or_else(|| torchvision(name)).map(Named::Parameter).or_else(counted);
    named.unwrap_or_else(|| Named::Parameter(name.to_owned()))
}

/// `features.2.1.block.0.0.weight` is the first convolution of the second block of the second stage; of the first stage,
/// `features.1`, the blocks have no expansion.
fn torchvision(name: &str) -> Option<String> {
    let (stage, rest) = name.strip_prefix("features.")?.split_once('.')?;
    let stage: usize = stage.parse().ok()?;
    let layers = [("0.", "conv."), ("1.", "norm.")];
    let Some((block, part)) = rest.split_once(".block.") else {
        return Some(format!("{}.{}", if stage == 0 { "stem" } else { "head" }, renamed(rest, &layers)?));
    };
    let (number, rest) = part.split_once('.')?;
    let number = number.parse::<usize>().ok()? + usize::from(stage == 1);
    let part = match number {
        2 => renamed(rest, &[("fc1.", "squeeze.reduce."), ("fc2.", "squeeze.expand.")])?,
        _ => format!("{}.{}", ["expand", "depthwise", "", "project"].get(number)?, renamed(rest, &layers)?),
    };
    Some(format!("blocks.{}.{block}.{part}", stage.checked_sub(1)?))
}

/// As timm names it.
fn to_file(name: &str) -> String {
    fn back(name: &str, pairs: &[(&str, &str)]) -> Option<String> {
        pairs.iter().find_map(|(to, from)| Some(format!("{to}{}", name.strip_prefix(from)?)))
    }
    let staged = || {
        let (stage, rest) = name.strip_prefix("blocks.")?.split_once('.')?;
        let (block, rest) = rest.split_once('.')?;
        Some(format!("blocks.{stage}.{block}.{}", back(rest, timm(stage))?))
    };
    staged().or_else(|| back(name, &TIMM_OUTSIDE)).unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_three_libraries_go_to_ours() {
        for (file, here) in [
            ("conv_stem.weight", "stem.conv.weight"),
            ("bn2.running_var", "head.norm.running_var"),
            ("blocks.0.0.conv_pw.weight", "blocks.0.0.project.conv.weight"),
            ("blocks.0.0.bn1.weight", "blocks.0.0.depthwise.norm.weight"),
            ("blocks.3.2.conv_pw.weight", "blocks.3.2.expand.conv.weight"),
            ("blocks.3.2.se.conv_reduce.bias", "blocks.3.2.squeeze.reduce.bias"),
        ] {
            assert_eq!(from_file(file), Named::Parameter(here.to_owned()));
            assert_eq!(to_file(here), file);
        }
        for (file, here) in [
            ("features.0.0.weight", "stem.conv.weight"),
            ("features.8.1.bias", "head.norm.bias"),
            ("features.1.0.block.0.1.weight", "blocks.0.0.depthwise.norm.weight"),
            ("features.1.0.block.1.fc2.bias", "blocks.0.0.squeeze.expand.bias"),
            ("features.4.2.block.3.0.weight", "blocks.3.2.project.conv.weight"),
            ("_bn0.weight", "stem.norm.weight"),
        ] {
            assert_eq!(from_file(file), Named::Parameter(here.to_owned()));
        }
        let rest = "depthwise.conv.weight".to_owned();
        assert_eq!(from_file("_blocks.11._depthwise_conv.weight"), Named::InOrder { block: 11, rest });
        assert_eq!(from_file("classifier.bias"), Named::LeftOut);
    }

    #[test]
    fn the_published_shapes_are_those_of_timm() {
        let of = |variant: &str| {
            let settings = format!("encoder.image={{efficientnet={{variant=\"{variant}\"}}}}");
            let experiment = lgdea_spec::Resolved::from_overrides(&[settings]).unwrap().experiment;
            let lgdea_spec::ImageEncoder::EfficientNet(settings) = experiment.encoder.image else { unreachable!() };
            let shape = EfficientNetShape::of(&settings);
            let numbers = |of: fn(&EfficientNetStage) -> usize| shape.stages.iter().map(of).collect::<Vec<_>>();
            (shape.stem, numbers(|stage| stage.blocks), numbers(|stage| stage.channels), shape.head)
        };
        let b4 = (48, vec![2, 4, 4, 6, 6, 8, 2], vec![24, 32, 56, 112, 160, 272, 448], 1792);
        assert_eq!(of("b4"), b4);
        let lite4 = (32, vec![1, 4, 4, 6, 6, 8, 1], vec![24, 32, 56, 112, 160, 272, 448], 1280);
        assert_eq!(of("lite4"), lite4);
        assert_eq!(of("b2").2, [16, 24, 48, 88, 120, 208, 352]);
    }
}
