//! Swin transformer (Liu et al. 2021) without its classifier, in timm's form.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ImageSettings, PublishedImage, require_multiple};
use crate::rules::Findings;

/// Default settings.
pub(crate) const DEFAULTS: &str = r#"
[encoder.image.swin]
variant = "tiny"
size = 224
weights = ""
weights-prefix = ""
"#;

/// Pixels that a window of the last map covers: 7 cells of 32 pixels.
const WINDOW: usize = 224;

/// A Swin transformer with windows of 7 × 7 cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Swin {
    /// Which one.
    pub variant: SwinVariant,
    /// Side of the square input images, in pixels.
    #[schemars(range(min = 224))]
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
pub enum SwinVariant {
    /// Swin-T: width 96; 2, 2, 6 and 2 blocks.
    Tiny,
}

impl ImageSettings for Swin {
    fn size(&self) -> usize {
        self.size
    }

    fn published(&self) -> Option<PublishedImage<'_>> {
        Some(PublishedImage { weights: &self.weights, prefix: &self.weights_prefix })
    }

    fn check(&self, findings: &mut Findings<'_>) {
        require_multiple(&["encoder.image.swin.size"], self.size, ("windows", WINDOW), findings);
    }
}
