//! Vision transformer (Dosovitskiy et al. 2021), as timm has it, with what DINOv2 adds (Oquab et al. 2023; Darcet et al. 2023);
//! files of torchvision, and of transformers' `Dinov2Model`, are read, too.
//!
//! <https://github.com/huggingface/pytorch-image-models/blob/main/timm/models/vision_transformer.py>, whose names the
//! fields have.

use burn::module::{Module, Param};
use burn::nn::conv::Conv2d;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Distribution, Tensor};
use lgdea_kernel::gelu;
use serde::Deserialize;
use serde_json::json;

use super::{ImageArchitecture, PyTorch};
use crate::attention::attend;
use crate::convolution::patches;
use crate::layer_norm::LayerNorm;
use crate::precision::{convolve, linear};
use crate::weights::{Named, Naming};

const EPSILON: f64 = 1e-6;
/// What scaled blocks begin with.
const SCALE: f64 = 1e-5;

/// Which vision transformer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VitShape {
    /// Side of the square images, in pixels.
    pub size: usize,
    /// Pixels that a patch covers.
    pub patch: usize,
    /// Width of a token.
    pub width: usize,
    /// Blocks.
    pub depth: usize,
    /// Attention heads.
    pub heads: usize,
    /// Width within the perceptron of a block.
    pub mlp: usize,
    /// Whether what a block adds is scaled, as DINOv2 has it.
    #[serde(default)]
    pub scaled: bool,
    /// Learned tokens beside the patches'. Where there are some, the class token has no position.
    #[serde(default)]
    pub registers: usize,
}

impl VitShape {
    /// The published shape of a variant.
    pub fn of(settings: &lgdea_spec::Vit) -> Self {
        use lgdea_spec::VitVariant::{Base, BaseDinov2, BaseReg4Dinov2, Small, SmallDinov2, SmallReg4Dinov2};
        let (width, heads) = match settings.variant {
            Small | SmallDinov2 | SmallReg4Dinov2 => (384, 6),
            Base | BaseDinov2 | BaseReg4Dinov2 => (768, 12),
        };
        let (scaled, registers) = match settings.variant {
            Small | Base => (false, 0),
            SmallDinov2 | BaseDinov2 => (true, 0),
            SmallReg4Dinov2 | BaseReg4Dinov2 => (true, 4),
        };
        let lgdea_spec::Vit { size, patch, .. } = *settings;
        Self { size, patch, width, depth: 12, heads, mlp: 4 * width, scaled, registers }
    }

    /// Patches along a side.
    pub fn grid(&self) -> usize {
        self.size / self.patch
    }
}

/// Vision transformer on grey images without its classifier.
#[derive(Module, Debug)]
pub struct Vit {
    /// `[1, 1, width]`.
    cls_token: Param<Tensor<3>>,
    /// `[1, registers, width]`.
    reg_token: Option<Param<Tensor<3>>>,
    /// Positions of the class token and the patches, `[1, 1 + patches, width]`; with registers, of the patches.
    pos_embed: Param<Tensor<3>>,
    patch_embed: PatchEmbed,
    blocks: Vec<Block>,
    norm: LayerNorm,
}

#[derive(Module, Debug)]
struct PatchEmbed {
    proj: Conv2d,
}

impl ImageArchitecture for Vit {
    type Settings = lgdea_spec::Vit;
    type Shape = VitShape;

    /// As in files of timm, torchvision and transformers.
    const NAMING: Option<Naming> =
        Some(Naming { from_file, to_file, grey: Some("patch_embed.proj.weight"), positions: Some("pos_embed") });

    fn shape(settings: &Self::Settings) -> Self::Shape {
        VitShape::of(settings)
    }

    fn new(shape: &Self::Shape, device: &Device) -> Self {
        let VitShape { patch, width, registers, .. } = *shape;
        let tokens = usize::from(registers == 0) + shape.grid().pow(2);
        let random = |dims: [usize; 3], deviation: f64| {
            Param::from_tensor(Tensor::random(dims, Distribution::Normal(0.0, deviation), device))
        };
        Self {
            cls_token: random([1, 1, width], 1e-6),
            reg_token: (registers > 0).then(|| random([1, registers, width], 1e-6)),
            pos_embed: random([1, tokens, width], 0.02),
            patch_embed: PatchEmbed { proj: patches(width, patch, device) },
            blocks: (0..shape.depth).map(|_| Block::new(shape, device)).collect(),
            norm: norm(width, device),
        }
    }

    fn width(shape: &Self::Shape) -> usize {
        shape.width
    }

    /// The patches' tokens after the last norm.
    fn forward(&self, images: Tensor<3>) -> Tensor<3> {
        let x = convolve(&self.patch_embed.proj, images.unsqueeze_dim::<4>(1)).flatten::<3>(2, 3).swap_dims(1, 2);
        let [batch, patches, width] = x.dims();
        let class = self.cls_token.val().expand([batch, 1, width]);
        let (x, before) = match &self.reg_token {
            None => (Tensor::cat(vec![class, x], 1) + self.pos_embed.val(), 1),
            Some(registers) => {
                let [_, count, _] = registers.dims();
                let registers = registers.val().expand([batch, count, width]);
                (Tensor::cat(vec![class, registers, x + self.pos_embed.val()], 1), 1 + count)
            }
        };
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x));
        self.norm.forward(x).narrow(1, before, patches)
    }

    fn pytorch(settings: &Self::Settings) -> Option<PyTorch> {
        let name = match settings.variant {
            lgdea_spec::VitVariant::Small => "vit_small_patch16_224",
            lgdea_spec::VitVariant::Base => "vit_base_patch16_224",
            lgdea_spec::VitVariant::SmallDinov2 => "vit_small_patch14_dinov2",
            lgdea_spec::VitVariant::BaseDinov2 => "vit_base_patch14_dinov2",
            lgdea_spec::VitVariant::SmallReg4Dinov2 => "vit_small_patch14_reg4_dinov2",
            lgdea_spec::VitVariant::BaseReg4Dinov2 => "vit_base_patch14_reg4_dinov2",
        };
        let arguments = json!({ "in_chans": 1, "img_size": settings.size, "patch_size": settings.patch });
        Some(PyTorch::timm(name, arguments, 4))
    }
}

/// A pre-norm block.
#[derive(Module, Debug)]
struct Block {
    norm1: LayerNorm,
    attn: Attention,
    /// What the attention adds is multiplied by, `[width]`.
    scale1: Option<Param<Tensor<1>>>,
    norm2: LayerNorm,
    mlp: Mlp,
    /// The same of the perceptron.
    scale2: Option<Param<Tensor<1>>>,
}

#[derive(Module, Debug)]
struct Attention {
    /// Queries, keys and values in one, as files have it.
    qkv: Linear,
    proj: Linear,
    heads: usize,
}

#[derive(Module, Debug)]
struct Mlp {
    fc1: Linear,
    fc2: Linear,
}

impl Block {
    fn new(shape: &VitShape, device: &Device) -> Self {
        let VitShape { width, heads, mlp, .. } = *shape;
        let linear = |input: usize, output: usize| LinearConfig::new(input, output).init(device);
        let scale = || shape.scaled.then(|| Param::from_tensor(Tensor::full([width], SCALE, device)));
        Self {
            norm1: norm(width, device),
            attn: Attention { qkv: linear(width, 3 * width), proj: linear(width, width), heads },
            scale1: scale(),
            norm2: norm(width, device),
            mlp: Mlp { fc1: linear(width, mlp), fc2: linear(mlp, width) },
            scale2: scale(),
        }
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let x = x.clone() + scaled(self.scale1.as_ref(), self.attn.forward(self.norm1.forward(x)));
        let hidden = gelu(linear(&self.mlp.fc1, self.norm2.forward(x.clone())));
        x + scaled(self.scale2.as_ref(), linear(&self.mlp.fc2, hidden))
    }
}

impl Attention {
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, tokens, width] = x.dims();
        let depth = width / self.heads;
        let qkv = linear(&self.qkv, x).reshape([batch, tokens, 3, self.heads, depth]).permute([2, 0, 3, 1, 4]);
        // Each `[batch, heads, tokens, depth]`.
        let parts = [0, 1, 2].map(|part| qkv.clone().narrow(0, part, 1).squeeze_dim::<4>(0));
        linear(&self.proj, attend(&self.qkv, parts, None).swap_dims(1, 2).reshape([batch, tokens, width]))
    }
}

fn scaled(scale: Option<&Param<Tensor<1>>>, x: Tensor<3>) -> Tensor<3> {
    match scale {
        Some(scale) => x * scale.val().unsqueeze::<3>(),
        None => x,
    }
}

fn norm(width: usize, device: &Device) -> LayerNorm {
    LayerNorm::new(width, EPSILON, device)
}

fn from_file(name: &str) -> Named {
    // Of DINOv2, what stands for a hidden patch is for its own training.
    let heads = ["head.", "heads.", "head_dist.", "pre_logits.", "fc_norm.", "mask_token", "embeddings.mask_token"];
    if heads.iter().any(|head| name.starts_with(head)) {
        return Named::LeftOut;
    }
    if let Some((layer, (part, kind))) = query_key_value(name) {
        let parameter = format!("blocks.{layer}.attn.qkv.{kind}");
        return Named::Part { parameter, part, of: 3 };
    }
    // Names of torchvision and transformers, in timm's.
    let name = match name {
        "class_token" | "embeddings.cls_token" => "cls_token".to_owned(),
        "encoder.pos_embedding" | "embeddings.position_embeddings" => "pos_embed".to_owned(),
        name => {
            let pairs = [
                ("conv_proj.", "patch_embed.proj."),
                ("embeddings.patch_embeddings.projection.", "patch_embed.proj."),
                ("encoder.layer.", "blocks."),
                (".attention.output.dense.", ".attn.proj."),
                (".attention.o_proj.", ".attn.proj."),
                (".layer_scale1.lambda1", ".scale1"),
                (".layer_scale2.lambda1", ".scale2"),
                (".ls1.gamma", ".scale1"),
                (".ls2.gamma", ".scale2"),
                ("encoder.ln.", "norm."),
                ("encoder.layers.encoder_layer_", "blocks."),
                (".ln_1.", ".norm1."),
                (".ln_2.", ".norm2."),
                (".self_attention.in_proj_", ".attn.qkv."),
                (".self_attention.out_proj.", ".attn.proj."),
                (".mlp.linear_1.", ".mlp.fc1."),
                (".mlp.linear_2.", ".mlp.fc2."),
                (".mlp.0.", ".mlp.fc1."),
                (".mlp.3.", ".mlp.fc2."),
            ];
            let name = pairs.into_iter().fold(name.to_owned(), |name, (from, to)| name.replace(from, to));
            name.strip_prefix("layernorm.").map_or_else(|| name.clone(), |kind| format!("norm.{kind}"))
        }
    };
    Named::Parameter(name)
}

/// Of a name that transformers gives to queries, keys or values, which timm has in one: the layer, which of the three, and the
/// kind of the parameter.
fn query_key_value(name: &str) -> Option<(&str, (usize, &str))> {
    let (layer, rest) = name.strip_prefix("encoder.layer.")?.split_once('.')?;
    let rest = rest.strip_prefix("attention.")?;
    let parts = [["attention.query.", "q_proj."], ["attention.key.", "k_proj."], ["attention.value.", "v_proj."]];
    let mut found = parts.iter().enumerate().flat_map(|(part, names)| names.iter().map(move |name| (part, name)));
    found.find_map(|(part, name)| Some((layer, (part, rest.strip_prefix(name)?))))
}

/// As timm names it.
fn to_file(name: &str) -> String {
    name.replace(".scale1", ".ls1.gamma").replace(".scale2", ".ls2.gamma")
}
