//! `[encoder.image.patch-cnn]`: a small residual CNN.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules::Findings;

/// A small residual CNN on space-to-depth input, with learned patch positions.
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

impl PatchCnn {
    pub(super) fn check(&self, findings: &mut Findings<'_>) {
        let PatchCnn { size, patch, .. } = self;
        findings.require(
            size.is_multiple_of(*patch),
            &["encoder.image.patch-cnn.size", "encoder.image.patch-cnn.patch"],
            format!("images of {size} pixels do not divide into patches of {patch} pixels"),
            "make `size` a multiple of `patch`",
        );
        findings.require(
            patch.is_multiple_of(2),
            &["encoder.image.patch-cnn.patch"],
            format!("the network halves a patch of {patch} pixels"),
            "make `patch` an even number",
        );
    }
}
