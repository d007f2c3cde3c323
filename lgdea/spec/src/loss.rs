//! `[loss]`: the terms of the loss and their weights.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules::Findings;

/// The loss is a weighted sum of named terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Loss {
    /// `L_txt`: a report against the sum of its evidence phrases, on all reports. Ours.
    pub text_evidence: Term,
    /// `L_rec` (the paper's equation 5): prototypes reconstruct evidence phrases, on all reports.
    pub reconstruction: Reconstruction,
    /// `L_evid_p` (the paper's equation 9): the report's evidence distribution teaches its image, on pairs.
    pub evidence_paired: Term,
    /// `L_glob`: symmetric `InfoNCE` of image and report embeddings, on pairs.
    pub global: Term,
    /// `L_evid_u`: the target distribution teaches an unpaired image. The paper's; how the target is made is ours.
    pub evidence_unpaired: Term,
    /// `L_evi_align`: evidence-aware cross-modal alignment over pairs and unpaired studies. The paper names it, its form is ours.
    pub evidence_alignment: EvidenceAlignment,
    /// `L_evi_loc`: local contrast of evidence phrases and image regions, on pairs. Ours.
    pub evidence_local: EvidenceLocal,
    /// `L_evi_loc_u`: the regions of an unpaired image find the evidence phrases that the EMA teacher finds in it. Ours.
    pub evidence_local_unpaired: Term,
    /// `GLoRIA`'s local contrast of words and image regions, on pairs.
    pub local: Local,
    /// `MGCA`'s alignment of tokens within a pair.
    pub token_alignment: TokenAlignment,
    /// `MGCA`'s alignment of cluster assignments, on pairs.
    pub cluster_alignment: ClusterAlignment,
    /// `S-CLIP`'s caption-level pseudo-labels: unpaired images take the reports of the pairs that they resemble.
    pub pseudo_label: PseudoLabel,
    /// Contrast of unpaired images with the unpaired reports that were matched to them.
    pub pseudo_pair: PseudoPair,
    /// Classification by the data's labels, on all images: a ceiling that uses what no other method sees.
    pub supervised: Term,
}

/// `L_evi_loc`: each evidence phrase finds its region in the images of the reports that have it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EvidenceLocal {
    /// Weight in the total; 0 switches the term off.
    #[schemars(range(min = 0.0))]
    pub weight: f64,
    /// Step at which the term enters.
    pub start: usize,
    /// Steps over which its weight rises linearly from 0.
    pub ramp: usize,
    /// `τ_a` of a phrase's attention over regions.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub attention_temperature: f64,
}

/// `GLoRIA`'s local loss (Huang et al., ICCV 2021, equations 2 to 6).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Local {
    /// Weight in the total; 0 switches the term off.
    #[schemars(range(min = 0.0))]
    pub weight: f64,
    /// Step at which the term enters.
    pub start: usize,
    /// Steps over which its weight rises linearly from 0.
    pub ramp: usize,
    /// `τ1` of a word's attention over regions.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub attention_temperature: f64,
    /// `τ2` with which the words' similarities are summed: small values keep the best words.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub aggregation_temperature: f64,
    /// `τ3` of the contrast between studies.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub temperature: f64,
    /// Most pairs of a batch that are contrasted: time and memory grow with its square.
    #[schemars(range(min = 2))]
    pub pairs: usize,
}

/// `MGCA`'s cross-attention-based token-wise alignment (Wang et al., `NeurIPS` 2022, section 3.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TokenAlignment {
    /// Weight in the total; 0 switches the term off.
    #[schemars(range(min = 0.0))]
    pub weight: f64,
    /// Step at which the term enters.
    pub start: usize,
    /// Steps over which its weight rises linearly from 0.
    pub ramp: usize,
    /// Temperature of the contrast between the tokens of a pair.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub temperature: f64,
}

/// `MGCA`'s cross-modal prototype alignment (Wang et al., `NeurIPS` 2022, section 3.3). Its prototypes are clusters of
/// studies, unlike the evidence space's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ClusterAlignment {
    /// Weight in the total; 0 switches the term off.
    #[schemars(range(min = 0.0))]
    pub weight: f64,
    /// Step at which the term enters.
    pub start: usize,
    /// Steps over which its weight rises linearly from 0.
    pub ramp: usize,
    /// Number of clusters.
    #[schemars(range(min = 2))]
    pub clusters: usize,
    /// Temperature of the predicted assignments.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub temperature: f64,
    /// Entropic regularisation of the target assignments.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub epsilon: f64,
    /// Sinkhorn iterations.
    #[schemars(range(min = 1))]
    pub iterations: usize,
}

/// `S-CLIP`'s caption-level pseudo-labels (Mo et al., `NeurIPS` 2023).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PseudoLabel {
    /// Weight in the total; 0 switches the term off.
    #[schemars(range(min = 0.0))]
    pub weight: f64,
    /// Step at which the term enters.
    pub start: usize,
    /// Steps over which its weight rises linearly from 0.
    pub ramp: usize,
    /// Entropic regularisation of the optimal transport between unpaired and paired images.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub temperature: f64,
    /// Sinkhorn iterations.
    #[schemars(range(min = 1))]
    pub iterations: usize,
}

/// Pseudo-pairs by nearest neighbours across modalities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PseudoPair {
    /// Weight in the total; 0 switches the term off.
    #[schemars(range(min = 0.0))]
    pub weight: f64,
    /// Step at which the term enters.
    pub start: usize,
    /// Steps over which its weight rises linearly from 0.
    pub ramp: usize,
    /// Share of the unpaired images that are matched: mutual nearest neighbours first, then the most similar.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub share: f64,
    /// Steps between matchings.
    #[schemars(range(min = 1))]
    pub refresh: usize,
}

/// A term without settings of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Term {
    /// Weight in the total; 0 switches the term off.
    #[schemars(range(min = 0.0))]
    pub weight: f64,
    /// Step at which the term enters.
    pub start: usize,
    /// Steps over which its weight rises linearly from 0.
    pub ramp: usize,
}

/// `L_rec` (equation 5).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Reconstruction {
    /// Weight in the total; 0 switches the term off.
    #[schemars(range(min = 0.0))]
    pub weight: f64,
    /// Step at which the term enters.
    pub start: usize,
    /// Steps over which its weight rises linearly from 0.
    pub ramp: usize,
    /// `λ_µ`, weight of the squared norm of the prototypes.
    #[schemars(range(min = 0.0))]
    pub prototype_decay: f64,
    /// Whether phrases are constants here, so that the term moves prototypes only.
    pub stop_gradient: bool,
}

/// `L_evi_align`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EvidenceAlignment {
    /// Weight in the total; 0 switches the term off.
    #[schemars(range(min = 0.0))]
    pub weight: f64,
    /// Step at which the term enters.
    pub start: usize,
    /// Steps over which its weight rises linearly from 0.
    pub ramp: usize,
    /// Temperature of the soft targets over reports.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub temperature: f64,
    /// Share of a paired row's target that its own report keeps, in [0, 1].
    #[schemars(range(min = 0.0, max = 1.0))]
    pub own_report: f64,
    /// Step at which unpaired images join; unpaired reports are among what is compared from the first step on.
    pub unpaired_start: usize,
    /// Steps over which the weight of unpaired images rises linearly from 0.
    pub unpaired_ramp: usize,
}

/// When and how strongly a term acts.
pub trait Schedule {
    /// Weight, first step, and steps of the linear ramp.
    fn schedule(&self) -> (f64, usize, usize);

    /// Weight at a step, counted from 0: 0 before `start`, then a linear ramp to `weight`.
    fn weight_at(&self, step: usize) -> f64 {
        let (weight, start, ramp) = self.schedule();
        weight * ramp_at(step, start, ramp)
    }
}

/// Linear ramp from 0 before `start` to 1 at `start + ramp`.
pub(crate) fn ramp_at(step: usize, start: usize, ramp: usize) -> f64 {
    if step < start {
        0.0
    } else if step >= start + ramp {
        1.0
    } else {
        (step - start + 1) as f64 / (ramp + 1) as f64
    }
}

macro_rules! impl_schedule {
    ($($term:ty),*) => {
        $(impl Schedule for $term {
            fn schedule(&self) -> (f64, usize, usize) {
                (self.weight, self.start, self.ramp)
            }
        })*
    };
}

impl_schedule!(
    Term,
    Reconstruction,
    EvidenceAlignment,
    EvidenceLocal,
    Local,
    TokenAlignment,
    ClusterAlignment,
    PseudoLabel,
    PseudoPair
);

impl EvidenceAlignment {
    /// Ramp in [0, 1] of the unpaired images' weight at a step.
    pub fn unpaired_at(&self, step: usize) -> f64 {
        ramp_at(step, self.unpaired_start, self.unpaired_ramp)
    }
}

impl Loss {
    /// All terms by their names in the `[loss]` table.
    pub fn terms(&self) -> [(&'static str, &dyn Schedule); 14] {
        [
            ("text-evidence", &self.text_evidence),
            ("reconstruction", &self.reconstruction),
            ("evidence-paired", &self.evidence_paired),
            ("global", &self.global),
            ("evidence-unpaired", &self.evidence_unpaired),
            ("evidence-alignment", &self.evidence_alignment),
            ("evidence-local", &self.evidence_local),
            ("evidence-local-unpaired", &self.evidence_local_unpaired),
            ("local", &self.local),
            ("token-alignment", &self.token_alignment),
            ("cluster-alignment", &self.cluster_alignment),
            ("pseudo-label", &self.pseudo_label),
            ("pseudo-pair", &self.pseudo_pair),
            ("supervised", &self.supervised),
        ]
    }

    /// The terms with a weight, by their names in the `[loss]` table, and the first step of each.
    pub(crate) fn acting(&self) -> impl Iterator<Item = (&'static str, usize)> {
        let schedules = self.terms().map(|(name, term)| (name, term.schedule()));
        schedules.into_iter().filter(|(_, (weight, ..))| *weight > 0.0).map(|(name, (_, start, _))| (name, start))
    }

    /// Whether unpaired images are given targets.
    pub fn teaches_unpaired(&self) -> bool {
        let weights =
            [self.evidence_unpaired.weight, self.evidence_alignment.weight, self.evidence_local_unpaired.weight];
        weights.into_iter().any(|weight| weight > 0.0)
    }

    pub(crate) fn check(&self, findings: &mut Findings<'_>) {
        let first = self.acting().map(|(_, start)| start).min();
        findings.require(
            first.is_some(),
            &["loss"],
            "every loss term has weight 0, so nothing would be learned".to_owned(),
            "give at least one `loss.<term>.weight` a positive value",
        );
        let first = first.unwrap_or_default();
        findings.require(
            first == 0,
            &["loss"],
            format!("no loss term acts before step {first}, so the first steps would learn nothing"),
            "give a term with weight `start = 0`",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::refusal;

    #[test]
    fn a_term_ramps_up_from_its_start() {
        let term = Term { weight: 2.0, start: 10, ramp: 3 };
        let weights: Vec<f64> = (8..15).map(|step| term.weight_at(step)).collect();
        assert_eq!(weights, [0.0, 0.0, 0.5, 1.0, 1.5, 2.0, 2.0]);
    }

    #[test]
    fn a_loss_without_terms_is_refused() {
        insta::assert_snapshot!(refusal(&[("l.toml", "extends = 'clip'\n[loss]\nglobal.weight = 0\n")], &[],));
    }

    #[test]
    fn a_loss_that_begins_late_is_refused() {
        let told = refusal(&[("l.toml", "extends = 's-clip'\n[loss]\nglobal.weight = 0\n")], &[]);
        assert!(told.contains("no loss term acts before step 100"), "{told}");
    }
}
