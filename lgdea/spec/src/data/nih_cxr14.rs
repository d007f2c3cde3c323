//! `[data.nih-cxr14]`: NIH ChestX-ray14.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fractions, SourceSettings};
use crate::rules::Findings;

pub(super) const DEFAULTS: &str = r#"
[data.nih-cxr14]
split = "official"
boxes = true

[data.nih-cxr14.fractions]
validation = 0.1
test = 0.2
"#;

/// NIH ChestX-ray14 as it is distributed: 112,120 frontal PNG files with labels, without reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NihCxr14 {
    /// Folder with `Data_Entry_2017.csv` and the images, in `images/` or in `images_001/images/` to `images_012/images/`.
    /// `${NAME}` is replaced by the environment variable NAME.
    #[schemars(length(min = 1), extend("x-path" = "always"))]
    pub root: String,
    /// Who decides the test split.
    pub split: NihSplit,
    /// Whether the boxes of `BBox_List_2017.csv` are read.
    pub boxes: bool,
    /// Shares of patients held out. With the official split, `validation` is a share of the patients outside of the test.
    pub fractions: Fractions,
}

/// The split of NIH ChestX-ray14.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NihSplit {
    /// `test_list.txt` is the test, `train_val_list.txt` the rest.
    Official,
    /// Patients are drawn by the seed.
    Drawn,
}

impl SourceSettings for NihCxr14 {
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
