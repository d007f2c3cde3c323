//! `[evidence-space]`: the space of evidence prototypes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Evidence space (method, equations 4–8).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EvidenceSpace {
    /// K, number of prototypes µ.
    #[schemars(range(min = 1))]
    pub prototypes: usize,
    /// L, number of lesion queries.
    #[schemars(range(min = 1))]
    pub lesion_queries: usize,
    /// `τ_t`, temperature of a phrase's distribution over prototypes (equation 4).
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub text_temperature: f64,
    /// `τ_p`, temperature of a lesion token's distribution over prototypes (equation 6).
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub image_temperature: f64,
    /// Where the prototypes start.
    pub prototype_init: PrototypeInit,
    /// Most evidence phrases kept of one report.
    #[schemars(range(min = 1))]
    pub max_phrases: usize,
    /// The phrase that stands for a report without any finding.
    #[schemars(length(min = 1))]
    pub no_finding_phrase: String,
}

/// Where the prototypes start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PrototypeInit {
    /// Centres of k-means on phrase embeddings after the text warm-up.
    KMeans,
    /// Random directions.
    Random,
}
