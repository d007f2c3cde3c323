//! `[data.vindr-cxr]`: VinDr-CXR.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fractions, SourceSettings};
use crate::rules::Findings;

pub(super) const DEFAULTS: &str = r#"
[data.vindr-cxr]
release = "physionet"
readers = "majority"

[data.vindr-cxr.fractions]
validation = 0.1
test = 0.2
"#;

/// VinDr-CXR: 18,000 frontal radiographs with findings and boxes by several readers each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct VindrCxr {
    /// Folder of the release. `${NAME}` is replaced by the environment variable NAME.
    #[schemars(length(min = 1), extend("x-path" = "always"))]
    pub root: String,
    /// Which release it is, and what of it is read.
    pub release: VindrRelease,
    /// Which findings count of those that the readers of an image saw. Boxes follow: those of a finding that counts are all
    /// kept. The test of `PhysioNet`'s release has one consensus.
    pub readers: VindrReaders,
    /// Shares of the images held out. Of `PhysioNet`'s release, `validation` is a share of its training images, and its test is
    /// the test whatever `test` says.
    pub fractions: Fractions,
}

/// A release of VinDr-CXR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VindrRelease {
    /// `PhysioNet`'s: `annotations/image_labels_train.csv`, `annotations/annotations_train.csv` and the same with `test`;
    /// images in `train/` and `test/`.
    Physionet,
    /// Of `PhysioNet`'s, the test alone.
    PhysionetTest,
    /// Kaggle's `VinBigData` competition: `train.csv`, images in `train/`. Its test images have no labels and are not read.
    Kaggle,
}

/// Whose findings count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VindrReaders {
    /// What more than half of an image's readers saw.
    Majority,
    /// What any reader saw.
    Any,
}

impl SourceSettings for VindrCxr {
    fn is_split_by_seed(&self) -> bool {
        self.release != VindrRelease::PhysionetTest
    }

    fn check(&self, table: &str, findings: &mut Findings<'_>) {
        self.fractions.check(table, findings);
    }
}
