//! `[eval.retrieval]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Image–report retrieval by `g · r`, and by the fit of words and regions where the method learns one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Retrieval {
    /// Whether the task runs.
    pub enabled: bool,
    /// Protocol that its scores are by: name of a shipped one (`lgdea score protocols` lists them), or path of a TOML file. They
    /// take the place of the run's own. Empty for the run's own.
    #[schemars(extend("x-path" = "toml"))]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub protocol: String,
    /// Ranks K of recall at K and precision at K.
    #[schemars(length(min = 1), inner(range(min = 1)))]
    pub at: Vec<usize>,
    /// Share of the fit of a report's words to the image's regions in the sum of standardised similarities, for methods
    /// that learn it (`loss.local`); what it leaves is `g · r`'s.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub local_share: f64,
}
