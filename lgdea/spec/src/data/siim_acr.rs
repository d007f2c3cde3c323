//! `[data.siim-acr]`: SIIM-ACR's pneumothorax segmentation challenge.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fractions, SourceSettings};
use crate::rules::Findings;

pub(super) const DEFAULTS: &str = r#"
[data.siim-acr]
masks = "train-rle.csv"
images = ["dicom-images-train"]

[data.siim-acr.fractions]
validation = 0.15
test = 0.15
"#;

/// SIIM-ACR's pneumothorax segmentation challenge: frontal radiographs with masks of pneumothoraces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SiimAcr {
    /// Folder with the table of masks and the images' folders. `${NAME}` is replaced by the environment variable NAME.
    #[schemars(length(min = 1), extend("x-path" = "always"))]
    pub root: String,
    /// Table of masks, relative to `root`: `train-rle.csv`, or `stage_2_train.csv` of the challenge's second stage.
    #[schemars(length(min = 1))]
    pub masks: String,
    /// Folders of the images, relative to `root`, with all folders below them: DICOM files, or PNG or JPEG files of the same
    /// names. `stage_2_train.csv` needs those of the first stage's test, too: `["dicom-images-train", "dicom-images-test"]`.
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub images: Vec<String>,
    /// Shares of the images held out. The defaults are `GLoRIA`'s shares; which images they are the seed decides.
    pub fractions: Fractions,
}

impl SourceSettings for SiimAcr {
    fn is_split_by_seed(&self) -> bool {
        true
    }

    fn check(&self, table: &str, findings: &mut Findings<'_>) {
        self.fractions.check(table, findings);
    }
}
