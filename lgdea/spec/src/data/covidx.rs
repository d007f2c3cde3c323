//! `[data.covidx]`: `COVIDx`, radiographs for the detection of COVID-19.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fractions, SourceSettings};
use crate::rules::Findings;

pub(super) const DEFAULTS: &str = r#"
[data.covidx]
train-list = "train.txt"
validation-list = ""
test-list = "test.txt"

[data.covidx.fractions]
validation = 0.1
test = 0.0
"#;

/// `COVIDx` CXR: PNG and JPEG files with one class each, listed in text files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Covidx {
    /// Folder with the lists and the images, in `train/`, `val/` and `test/`. `${NAME}` is replaced by the environment
    /// variable NAME.
    #[schemars(length(min = 1), extend("x-path" = "always"))]
    pub root: String,
    /// List of the training images, relative to `root`: patient, file, class and source a line. The classes are normal, pneumonia
    /// and COVID-19, or positive and negative.
    #[schemars(length(min = 1))]
    pub train_list: String,
    /// List of the validation images, `val.txt` of CXR-4; empty where the release has none, and `fractions` draws them.
    pub validation_list: String,
    /// List of the test images; empty where `fractions` draws them.
    pub test_list: String,
    /// Shares of the training list's patients held out: `validation` and `test` count where there is no such list.
    pub fractions: Fractions,
}

impl SourceSettings for Covidx {
    fn is_split_by_seed(&self) -> bool {
        self.validation_list.is_empty() || self.test_list.is_empty()
    }

    fn check(&self, table: &str, findings: &mut Findings<'_>) {
        self.fractions.check(table, findings);
    }
}
