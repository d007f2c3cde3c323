//! A small residual CNN on space-to-depth input, with learned patch positions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ImageSettings, require_whole_patches};
use crate::rules::Findings;

/// Default settings.
pub(crate) const DEFAULTS: &str = "
[encoder.image.patch-cnn]
size = 64
width = 64
patch = 8
";

/// A small residual CNN whose patches stay local; made for 64-pixel images on a CPU.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PatchCnn {
    /// Side of the square input images, in pixels; a multiple of `patch`.
    #[schemars(range(min = 1))]
    pub size: usize,
    /// d, width of a patch feature.
    #[schemars(range(min = 1))]
    pub width: usize,
    /// Side of a patch in pixels, an even number; the patch map has (size / patch)² cells.
    #[schemars(range(min = 2))]
    pub patch: usize,
}

impl ImageSettings for PatchCnn {
    fn size(&self) -> usize {
        self.size
    }

    fn check(&self, findings: &mut Findings<'_>) {
        require_whole_patches("patch-cnn", self.size, self.patch, findings);
        findings.require(
            self.patch.is_multiple_of(2),
            &["encoder.image.patch-cnn.patch"],
            format!("the network halves a patch of {} pixels", self.patch),
            "make `patch` an even number",
        );
    }
}
