//! `[eval.zero-shot]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{check_shares, file};
use crate::rules::Findings;

/// Zero-shot classification: AUROC per class and their mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ZeroShot {
    /// Whether the task runs.
    pub enabled: bool,
    /// Protocol that its scores are by: name of a shipped one (`lgdea score protocols` lists them), or path of a TOML file. They
    /// take the place of the run's own. Empty for the run's own.
    #[schemars(extend("x-path" = "toml"))]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub protocol: String,
    /// Prompt ensemble: name of a shipped one (`chexpert`, `nih-cxr14`, `phantom`, `pneumonia`) or path of a TOML file.
    #[schemars(length(min = 1), extend("x-path" = "toml"))]
    pub prompts: String,
    /// Share of the evidence score `log(Q̄_I · p_c)` in the sum of standardised scores; what no share takes is `g · t_c`'s.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub evidence_share: f64,
    /// Share of the local score: how well the class's best prompt, or its words, fit the regions that they attend to.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub local_share: f64,
}

impl ZeroShot {
    /// The file of prompts, where it is not a shipped set.
    pub fn prompts_file(&self) -> Option<&str> {
        file(&self.prompts)
    }

    /// Notes the rules that they break; `table` is the key of their table.
    pub(crate) fn check(&self, table: &str, findings: &mut Findings<'_>) {
        let left = "lower one of them: what they leave is the share of `g · t_c`";
        check_shares(table, self.evidence_share, self.local_share, left, findings);
    }
}
