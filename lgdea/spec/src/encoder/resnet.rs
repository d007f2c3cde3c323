//! `ResNet` (He et al. 2016) without its classifier, in torchvision's form.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ImageSettings, PublishedImage, require_multiple};
use crate::rules::Findings;

/// Default settings.
pub(crate) const DEFAULTS: &str = r#"
[encoder.image.resnet]
depth = 50
size = 224
stage = 4
weights = ""
weights-prefix = ""
"#;

/// Pixels that a cell of the map after stage 3 covers; after stage 4 it covers twice as many.
const CELL: usize = 16;

/// ResNet-18 or ResNet-50.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ResNet {
    /// Which one: 18, of basic blocks, or 50, of bottleneck blocks.
    pub depth: usize,
    /// Side of the square input images, in pixels.
    #[schemars(range(min = 32))]
    pub size: usize,
    /// The stage whose map gives the patches: 4, the last, whose cells cover 32 pixels, or 3, whose cells cover 16; stage 4 is
    /// not made then.
    #[schemars(range(min = 3, max = 4))]
    pub stage: usize,
    /// Published weights to start from: a `.safetensors`, `.pt`, `.pth` or `.bin` file, or a repository in the Hugging Face cache
    /// of this machine (`owner/name`). Empty starts from random ones.
    #[schemars(extend("x-path" = "weights"))]
    pub weights: String,
    /// What the encoder's names begin with in that file, such as `module.image_encoder.`; empty where it holds nothing else.
    pub weights_prefix: String,
}

impl ImageSettings for ResNet {
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
        let depth = self.depth;
        findings.require(
            [18, 50].contains(&depth),
            &["encoder.image.resnet.depth"],
            format!("there is no ResNet-{depth} here"),
            "make `depth` 18 or 50",
        );
        let cell = if self.stage == 3 { CELL } else { 2 * CELL };
        let keys = ["encoder.image.resnet.size", "encoder.image.resnet.stage"];
        require_multiple(&keys, self.size, ("cells", cell), findings);
    }
}
