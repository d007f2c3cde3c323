//! `[eval.grounding]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Phrase grounding: heat maps of phrases against boxes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Grounding {
    /// Whether the task runs.
    pub enabled: bool,
    /// Protocol that its scores are by: name of a shipped one (`lgdea score protocols` lists them), or path of a TOML file. They
    /// take the place of the run's own. Empty for the run's own.
    #[schemars(extend("x-path" = "toml"))]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub protocol: String,
    /// Which map is scored under the plain names; each map is reported alone, too.
    pub heat_map: HeatMap,
    /// Thresholds of the mean intersection over union, on maps normalised to [0, 1].
    #[schemars(length(min = 1), inner(range(min = 0.0, max = 1.0)))]
    pub thresholds: Vec<f64>,
}

/// Heat maps of a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeatMap {
    /// `W h_p · t`: patch against phrase embedding.
    Similarity,
    /// Patch evidence against the phrase's evidence distribution.
    Evidence,
    /// Attention of the lesion queries whose evidence matches the phrase.
    LesionAttention,
    /// Mean attention of the phrase's words over regions.
    WordAttention,
    /// Sum of the standardised maps that the method has.
    Fused,
}
