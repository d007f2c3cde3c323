//! `[eval.retrieval]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Image–report retrieval by `g · r`, and by the fit of words and regions where the method learns one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Retrieval {
    /// Whether the task runs.
    pub enabled: bool,
    /// Ranks K of recall at K and precision at K.
    #[schemars(length(min = 1), inner(range(min = 1)))]
    pub at: Vec<usize>,
    /// Share of the fit of a report's words to the image's regions in the sum of standardised similarities, for methods
    /// that learn it (`loss.local`); what it leaves is `g · r`'s.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub local_share: f64,
}
