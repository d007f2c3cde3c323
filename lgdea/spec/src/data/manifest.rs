//! `[data.manifest]`: studies listed in CSV files, one row an image (or a report).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fractions, SourceSettings};
use crate::rules::Findings;

pub(super) const DEFAULTS: &str = r#"
[data.manifest]
boxes = ""

[data.manifest.columns]
study = "study"
patient = "patient"
image = "image"
report = "report"
sections = []
labels = ["labels"]
split = "split"
view = "view"

[data.manifest.fractions]
validation = 0.1
test = 0.2
"#;

/// Your own data through CSV files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manifest {
    /// Folder that all paths below start from. `${NAME}` is replaced by the environment variable NAME.
    #[schemars(length(min = 1), extend("x-path" = "always"))]
    pub root: String,
    /// CSV files of studies, relative to `root`; rows with the same study are joined.
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub studies: Vec<String>,
    /// CSV file of boxes, relative to `root`; empty for none.
    pub boxes: String,
    /// Names of the columns.
    pub columns: Columns,
    /// Split of the studies without a split of their own, drawn by patient.
    pub fractions: Fractions,
}

/// Column names of a manifest's CSV files. A column that a file lacks is left empty for its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Columns {
    /// Identifier of the study.
    #[schemars(length(min = 1))]
    pub study: String,
    /// Identifier of the patient; splits and pairs never divide a patient.
    pub patient: String,
    /// Path of the image, relative to `root`.
    pub image: String,
    /// Text of the report.
    pub report: String,
    /// Columns of the report's sections, such as `["findings", "impression"]`, in their order; they stand in for `report`.
    pub sections: Vec<String>,
    /// Columns of labels: each holds names separated by `|`, or, named for a finding as in `CheXpert`'s files, 1 where it is
    /// present. 0, -1 and nothing then count as absent.
    pub labels: Vec<String>,
    /// `train`, `validation` or `test`.
    pub split: String,
    /// View of the image (PA, AP, L, …); lateral views are left out.
    pub view: String,
}

impl SourceSettings for Manifest {
    fn is_split_by_seed(&self) -> bool {
        true
    }

    fn check(&self, table: &str, findings: &mut Findings<'_>) {
        self.fractions.check(table, findings);
    }
}
