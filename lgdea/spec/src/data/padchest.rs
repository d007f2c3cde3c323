//! `[data.padchest]`: PadChest.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fractions, SourceSettings, Views};
use crate::rules::Findings;

pub(super) const DEFAULTS: &str = r#"
[data.padchest]
labels = "all"
views = "first-frontal"

[data.padchest.fractions]
validation = 0.1
test = 0.2
"#;

/// `PadChest` as it is distributed: 160,868 PNG files of 16 bits with labels and reports in Spanish.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Padchest {
    /// Folder with `PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv` and the images: in the folders `0` to `54`, in these
    /// within `images/`, or all in `images/`. `${NAME}` is replaced by the environment variable NAME.
    #[schemars(length(min = 1), extend("x-path" = "always"))]
    pub root: String,
    /// Which labels are read.
    pub labels: PadchestLabels,
    /// Which images of an examination are read.
    pub views: Views,
    /// Shares of patients held out: the set has no split of its own.
    pub fractions: Fractions,
}

/// Which labels of `PadChest` are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PadchestLabels {
    /// Those of physicians, and those that a network read from the report.
    All,
    /// Those of physicians; other studies have no labels.
    Physician,
}

impl SourceSettings for Padchest {
    fn is_split_by_seed(&self) -> bool {
        true
    }

    fn publisher(&self) -> Option<&'static str> {
        Some("BIMCV")
    }

    fn check(&self, table: &str, findings: &mut Findings<'_>) {
        self.fractions.check(table, findings);
    }
}
