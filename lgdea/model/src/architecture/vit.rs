//! Vision transformer (Dosovitskiy et al. 2021), as timm has it; torchvision's files are read, too.
//!
//! <https://github.com/huggingface/pytorch-image-models/blob/main/timm/models/vision_transformer.py>, whose names the
//! fields have.

use burn::module::{Module, Param};
use burn::nn::conv::Conv2d;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::gelu;
use burn::tensor::{Device, Distribution, Tensor};
use serde::Deserialize;
use serde_json::json;

use super::{ImageArchitecture, PyTorch};
use crate::attention::attend;
use crate::convolution::patches;
use crate::layer_norm::LayerNorm;
use crate::precision::{convolve, linear};
use crate::weights::{Named, Naming};

const EPSILON: f64 = 1e-6;

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
}

impl VitShape {
    /// The published shape of a variant.
    pub fn of(settings: &lgdea_spec::Vit) -> Self {
        let (width, heads) = match settings.variant {
            lgdea_spec::VitVariant::Small => (384, 6),
            lgdea_spec::VitVariant::Base => (768, 12),
        };
        Self { size: settings.size, patch: settings.patch, width, depth: 12, heads, mlp: 4 * width }
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
    /// Positions of the class token and the patches, `[1, 1 + patches, width]`.
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

    /// As in timm's and torchvision's files.
    const NAMING: Option<Naming> = Some(Naming {
        from_file,
        to_file: str::to_owned,
        grey: Some("patch_embed.proj.weight"),
        positions: Some("pos_embed"),
    });

    fn shape(settings: &Self::Settings) -> Self::Shape {
        VitShape::of(settings)
    }

    fn new(shape: &Self::Shape, device: &Device) -> Self {
        let VitShape { patch, width, .. } = *shape;
        let tokens = 1 + shape.grid().pow(2);
        let random = |dims: [usize; 3], deviation: f64| {
            Param::from_tensor(Tensor::random(dims, Distribution::Normal(0.0, deviation), device))
        };
        Self {
            cls_token: random([1, 1, width], 1e-6),
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
        let x = Tensor::cat(vec![class, x], 1) + self.pos_embed.val();
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x));
        self.norm.forward(x).narrow(1, 1, patches)
    }

    fn pytorch(settings: &Self::Settings) -> Option<PyTorch> {
        let variant = match settings.variant {
            lgdea_spec::VitVariant::Small => "small",
            lgdea_spec::VitVariant::Base => "base",
        };
        let arguments = json!({ "in_chans": 1, "img_size": settings.size, "patch_size": settings.patch });
        Some(PyTorch::timm(&format!("vit_{variant}_patch16_224"), arguments, 4))
    }
}

/// A pre-norm block.
#[derive(Module, Debug)]
struct Block {
    norm1: LayerNorm,
    attn: Attention,
    norm2: LayerNorm,
    mlp: Mlp,
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
        Self {
            norm1: norm(width, device),
            attn: Attention { qkv: linear(width, 3 * width), proj: linear(width, width), heads },
            norm2: norm(width, device),
            mlp: Mlp { fc1: linear(width, mlp), fc2: linear(mlp, width) },
        }
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let x = x.clone() + self.attn.forward(self.norm1.forward(x));
        let hidden = gelu(linear(&self.mlp.fc1, self.norm2.forward(x.clone())));
        x + linear(&self.mlp.fc2, hidden)
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

fn norm(width: usize, device: &Device) -> LayerNorm {
    LayerNorm::new(width, EPSILON, device)
}

fn from_file(name: &str) -> Named {
    let heads = ["head.", "heads.", "head_dist.", "pre_logits.", "fc_norm."];
    if heads.iter().any(|head| name.starts_with(head)) {
        return Named::LeftOut;
    }
    // torchvision's names, in timm's.
    let name = match name {
        "class_token" => "cls_token".to_owned(),
        "encoder.pos_embedding" => "pos_embed".to_owned(),
        name => {
            let pairs = [
                ("conv_proj.", "patch_embed.proj."),
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
            pairs.into_iter().fold(name.to_owned(), |name, (from, to)| name.replace(from, to))
        }
    };
    Named::Parameter(name)
}
