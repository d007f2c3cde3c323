//! `[data.padchest-gr]`: PadChest-GR, reports whose sentences have boxes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SourceSettings;

pub(super) const DEFAULTS: &str = r#"
[data.padchest-gr]
language = "en"
"#;

/// `PadChest-GR` as it is distributed: 4,555 frontal PNG files with reports, each sentence of a finding with its boxes. Patients are
/// called as in `PadChest`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PadchestGr {
    /// Folder with `grounded_reports_20240819.json`, `master_table.csv` and the images, in `PadChest_GR/` or in
    /// `Padchest_GR_files/`. `${NAME}` is replaced by the environment variable NAME.
    #[schemars(length(min = 1), extend("x-path" = "always"))]
    pub root: String,
    /// The language of reports and phrases.
    pub language: PadchestLanguage,
}

/// A language of `PadChest-GR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PadchestLanguage {
    /// English: translated by a language model and checked.
    En,
    /// Spanish: the original.
    Es,
}

impl SourceSettings for PadchestGr {
    /// It comes in splits.
    fn is_split_by_seed(&self) -> bool {
        false
    }

    fn publisher(&self) -> Option<&'static str> {
        Some("BIMCV")
    }
}
