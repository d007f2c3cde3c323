use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The loss is a weighted sum of named terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Loss {
    /// `L_txt`: a report against the sum of its evidence phrases, on all reports.
    pub text_evidence: Term,
    /// `L_rec` (equation 5): prototypes reconstruct evidence phrases, on all reports.
    pub reconstruction: Reconstruction,
    /// `L_evid_p` (equation 9): the report's evidence distribution teaches its image, on pairs.
    pub evidence_paired: Term,
    /// `L_glob`: symmetric InfoNCE of image and report embeddings, on pairs.
    pub global: Term,
    /// `L_evid_u`: the target distribution teaches an unpaired image.
    pub evidence_unpaired: Term,
    /// `L_evi_align`: evidence-aware cross-modal alignment over pairs and unpaired studies.
    pub evidence_alignment: EvidenceAlignment,
}

/// A term without settings of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Term {
    /// Weight in the total; 0 switches the term off.
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
    pub weight: f64,
    /// Step at which the term enters.
    pub start: usize,
    /// Steps over which its weight rises linearly from 0.
    pub ramp: usize,
    /// λ_µ, weight of the squared norm of the prototypes.
    pub prototype_decay: f64,
    /// Whether phrases are constants here, so that the term moves prototypes only.
    pub stop_gradient: bool,
}

/// `L_evi_align`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EvidenceAlignment {
    /// Weight in the total; 0 switches the term off.
    pub weight: f64,
    /// Step at which the term enters.
    pub start: usize,
    /// Steps over which its weight rises linearly from 0.
    pub ramp: usize,
    /// Temperature of the soft targets over reports.
    pub temperature: f64,
    /// Share of a paired row's target that its own report keeps, in [0, 1].
    pub own_report: f64,
    /// Step at which unpaired images and reports join.
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

impl_schedule!(Term, Reconstruction, EvidenceAlignment);

impl EvidenceAlignment {
    /// Ramp in [0, 1] of the unpaired images' weight at a step.
    pub fn unpaired_at(&self, step: usize) -> f64 {
        ramp_at(step, self.unpaired_start, self.unpaired_ramp)
    }
}
