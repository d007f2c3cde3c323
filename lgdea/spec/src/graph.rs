use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Relation graph and the targets that it gives to unpaired images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Graph {
    /// Exponent of the graph target in `T ∝ q^(1−share) · G^share`; 0 leaves the EMA teacher alone, 1 the graph.
    pub share: f64,
    /// Nearest neighbours within a modality.
    pub neighbours: usize,
    /// Temperature of the affinities, `exp((sim − max) / temperature)`.
    pub affinity_temperature: f64,
    /// α of the propagation `Y ← α W_I Y W_Rᵀ + (1 − α) S`.
    pub alpha: f64,
    /// Iterations; each adds a hop.
    pub iterations: usize,
    /// First step at which the graph is built.
    pub start: usize,
    /// Steps between rebuilds.
    pub refresh: usize,
    /// Bounds of the distribution alignment's factor `prior / running mean`.
    pub alignment_clip: [f64; 2],
    /// Exponent that sharpens the target.
    pub sharpening: f64,
}
