//! `[graph]`: the relation graph over unpaired images and reports.
//!
//! Whether an experiment uses it stands here, beside its settings: a circle of imports with `experiment.rs`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules::Findings;
use crate::{Encoder, Experiment};

/// Relation graph and the targets that it gives to unpaired images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Graph {
    /// Exponent of the graph target in `T ∝ q^(1−share) · G^share`; 0 leaves the EMA teacher alone, 1 the graph.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share: f64,
    /// Nearest neighbours within a modality.
    #[schemars(range(min = 1))]
    pub neighbours: usize,
    /// What tells which images are near each other.
    #[serde(skip_serializing_if = "ImageView::is_model")]
    pub image_view: ImageView,
    /// Nodes of a modality up to which every two are compared; beyond, only those of neighbouring cells are, and some
    /// neighbours are missed.
    pub exact_up_to: usize,
    /// Temperature of the affinities, `exp((sim − max) / temperature)`.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub affinity_temperature: f64,
    /// α of the propagation `Y ← α W_I Y W_Rᵀ + (1 − α) S`.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub alpha: f64,
    /// Iterations; each adds a hop.
    #[schemars(range(min = 1))]
    pub iterations: usize,
    /// First step at which the graph is built.
    pub start: usize,
    /// Steps between rebuilds.
    #[schemars(range(min = 1))]
    pub refresh: usize,
    /// Bounds of the distribution alignment's factor `prior / running mean`.
    #[schemars(inner(range(min = 0.0)))]
    pub alignment_clip: [f64; 2],
    /// Momentum of the running means that the distribution alignment compares.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub alignment_momentum: f64,
    /// Exponent that sharpens the target.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub sharpening: f64,
    /// Diagnostic: unpaired images are taught the evidence of the very reports that the pairing hides. It shows what
    /// better targets could bring; it is a ceiling, and no method.
    pub oracle: bool,
    /// Whether unpaired images that have labels are taught the evidence that these name, as the ontology reads it, and not what
    /// the teacher says (as `MedCLIP` learns from labels). It is other supervision than pairs, and told wherever runs are compared.
    /// Labels that are uncertain, and findings of which the labels say nothing, teach nothing. `pairing.label-ratio` limits it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub labels: bool,
}

/// What tells which images are near each other, by cosine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ImageView {
    /// The embeddings of the model that is trained, `g`, which change as it learns.
    Model,
    /// The published image encoder that training starts from: the mean of its patches' features, less the mean of all images of the
    /// graph. It is a view of its own, which the pairs did not shape.
    Published,
}

impl ImageView {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    fn is_model(&self) -> bool {
        *self == Self::Model
    }
}

impl Graph {
    pub(crate) fn check(&self, encoder: &Encoder, findings: &mut Findings<'_>) {
        findings.require(
            self.image_view == ImageView::Model || encoder.image.weights().is_some(),
            &["graph.image-view"],
            "the image encoder starts from random weights, which say nothing of images".to_owned(),
            "name published ones, as in `encoder.image.efficientnet.weights`, or leave it out",
        );
        let [lowest, highest] = self.alignment_clip;
        findings.require(
            lowest < highest,
            &["graph.alignment-clip"],
            format!("the factor cannot be at least {lowest} and at most {highest}"),
            "write the lower bound first: `[0.2, 5.0]`",
        );
    }
}

impl Experiment {
    /// Whether a relation graph could teach: there are unpaired images that are taught, and not by the oracle.
    pub fn has_graph(&self) -> bool {
        self.teaches_unpaired() && !self.graph.oracle
    }

    /// Whether unpaired images are taught through that graph.
    pub fn uses_graph(&self) -> bool {
        self.has_graph() && self.graph.share > 0.0
    }

    /// Whether the images of that graph are near each other by what the published encoder makes of them.
    pub fn views_published_features(&self) -> bool {
        self.uses_graph() && self.graph.image_view == ImageView::Published
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::refusal;

    #[test]
    fn bounds_in_the_wrong_order_are_refused() {
        insta::assert_snapshot!(refusal(&[("g.toml", "graph.alignment-clip = [5, 0.2]\n")], &[]));
    }

    #[test]
    fn a_view_of_random_features_is_refused() {
        insta::assert_snapshot!(refusal(&[("g.toml", "graph.image-view = 'published'\n")], &[]));
    }
}
