//! `[data.cxr-lt]`: CXR-LT, the challenge of long-tailed labels on MIMIC-CXR-JPG.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SourceSettings, Views};

pub(super) const DEFAULTS: &str = r#"
[data.cxr-lt]
challenge = "2024-task1"
views = "first-frontal"
"#;

/// CXR-LT: labels of 26 to 45 findings, rare ones too, on the images of MIMIC-CXR-JPG, without reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CxrLt {
    /// Folder of MIMIC-CXR-JPG: that with `files/`. `${NAME}` is replaced by the environment variable NAME.
    #[schemars(length(min = 1), extend("x-path" = "always"))]
    pub root: String,
    /// Folder of the challenge's tables, `cxr-lt-2023` or `cxr-lt-2024`. `${NAME}` is replaced by the environment variable NAME.
    #[schemars(length(min = 1), extend("x-path" = "always"))]
    pub tables: String,
    /// The challenge's year and task, which decide the findings and the test.
    pub challenge: CxrLtChallenge,
    /// Which images of a study are read. The challenge scores each image: `with-laterals` reads as it does.
    pub views: Views,
}

/// A year and a task of CXR-LT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CxrLtChallenge {
    /// 26 findings: `train.csv`, `development.csv` and `test.csv`.
    #[serde(rename = "2023")]
    Of2023,
    /// All 45 findings of 2024: `labels.csv`.
    #[serde(rename = "2024")]
    Of2024,
    /// 40 findings: `train_labeled.csv`, `development_labeled_task1.csv` and `test_labeled_task1.csv`.
    #[serde(rename = "2024-task1")]
    Task1,
    /// 26 findings; the test is labelled by hand: `train_labeled.csv`, `development_labeled_task2.csv` and
    /// `test_labeled_task2.csv`.
    #[serde(rename = "2024-task2")]
    Task2,
    /// 5 findings that the training does not have: `train_labeled.csv`, `development_labeled_task3.csv` and
    /// `test_labeled_task3.csv`.
    #[serde(rename = "2024-task3")]
    Task3,
}

impl SourceSettings for CxrLt {
    fn is_split_by_seed(&self) -> bool {
        false
    }

    fn publisher(&self) -> Option<&'static str> {
        Some("MIMIC")
    }
}
