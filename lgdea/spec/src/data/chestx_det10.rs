//! `[data.chestx-det10]`: ChestX-Det10.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fractions, SourceSettings};
use crate::rules::Findings;

pub(super) const DEFAULTS: &str = r"
[data.chestx-det10]

[data.chestx-det10.fractions]
validation = 0.1
test = 0.0
";

/// `ChestX-Det10` as it is distributed: 3,543 frontal PNG files of NIH `ChestX-ray14` with boxes of ten findings, without
/// reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ChestxDet10 {
    /// Folder with `train.json`, `test.json` and the images in `train_data/` and `test_data/`. `${NAME}` is replaced by the
    /// environment variable NAME.
    #[schemars(length(min = 1), extend("x-path" = "always"))]
    pub root: String,
    /// Shares of the patients of `train.json` that are held out besides `test.json`. Of a patient who is in both, the studies
    /// of `train.json` are left out.
    pub fractions: Fractions,
}

impl SourceSettings for ChestxDet10 {
    fn is_split_by_seed(&self) -> bool {
        true
    }

    fn publisher(&self) -> Option<&'static str> {
        Some("NIH")
    }

    fn check(&self, table: &str, findings: &mut Findings<'_>) {
        self.fractions.check(table, findings);
    }
}
