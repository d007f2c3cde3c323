//! DenseNet-121 (Huang et al. 2017) without its classifier, in torchvision's form, which `TorchXRayVision` shares.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ImageSettings, PublishedImage, require_multiple};
use crate::rules::Findings;

/// Default settings.
pub(crate) const DEFAULTS: &str = r#"
[encoder.image.densenet]
size = 224
weights = ""
weights-prefix = ""
"#;

/// Pixels that a cell of the last map covers.
const CELL: usize = 32;

/// DenseNet-121.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DenseNet {
    /// Side of the square input images, in pixels.
    #[schemars(range(min = 32))]
    pub size: usize,
    /// Published weights to start from: a `.safetensors`, `.pt`, `.pth` or `.bin` file, or a repository in the Hugging Face cache
    /// of this machine (`owner/name`). Empty starts from random ones.
    #[schemars(extend("x-path" = "weights"))]
    pub weights: String,
    /// What the encoder's names begin with in that file, such as `module.image_encoder.`; empty where it holds nothing else.
    pub weights_prefix: String,
}

impl ImageSettings for DenseNet {
    fn has_matrices(&self) -> bool {
        false
    }

    fn size(&self) -> usize {
        self.size
    }

    fn published(&self) -> Option<PublishedImage<'_>> {
        Some(PublishedImage { weights: &self.weights, prefix: &self.weights_prefix })
    }

    fn check(&self, findings: &mut Findings<'_>) {
        require_multiple(&["encoder.image.densenet.size"], self.size, ("cells", CELL), findings);
    }
}
