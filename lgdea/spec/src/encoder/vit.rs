//! Vision transformer (Dosovitskiy et al. 2021) without its classifier, in timm's form; files of torchvision, and of transformers
//! as DINOv2 has them, are read, too.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ImageSettings, PublishedImage, require_whole_patches};
use crate::rules::Findings;

/// Default settings.
pub(crate) const DEFAULTS: &str = r#"
[encoder.image.vit]
variant = "base"
patch = 16
size = 224
weights = ""
weights-prefix = ""
"#;

/// A vision transformer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Vit {
    /// Which one.
    pub variant: VitVariant,
    /// Pixels that a patch covers.
    #[schemars(range(min = 1))]
    pub patch: usize,
    /// Side of the square input images, in pixels. Weights that were made for another size have their positions interpolated.
    #[schemars(range(min = 1))]
    pub size: usize,
    /// Published weights to start from: a `.safetensors`, `.pt`, `.pth` or `.bin` file, or a repository in the Hugging Face cache
    /// of this machine (`owner/name`). Empty starts from random ones.
    #[schemars(extend("x-path" = "weights"))]
    pub weights: String,
    /// What the encoder's names begin with in that file, such as `module.image_encoder.`; empty where it holds nothing else.
    pub weights_prefix: String,
}

/// Published variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VitVariant {
    /// ViT-S: width 384, 12 blocks, 6 heads.
    Small,
    /// ViT-B: width 768, 12 blocks, 12 heads.
    Base,
    /// ViT-S as DINOv2 has it, with scaled blocks; `patch` is 14.
    SmallDinov2,
    /// ViT-B as DINOv2 has it, which RAD-DINO is, too; `patch` is 14.
    BaseDinov2,
    /// ViT-S as DINOv2 has it with four registers.
    SmallReg4Dinov2,
    /// ViT-B as DINOv2 has it with four registers.
    BaseReg4Dinov2,
}

impl ImageSettings for Vit {
    fn size(&self) -> usize {
        self.size
    }

    fn published(&self) -> Option<PublishedImage<'_>> {
        Some(PublishedImage { weights: &self.weights, prefix: &self.weights_prefix })
    }

    fn check(&self, findings: &mut Findings<'_>) {
        require_whole_patches("vit", self.size, self.patch, findings);
    }
}
