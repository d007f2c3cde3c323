//! `L_evi_loc_u`: unpaired images find the evidence phrases that their teacher finds in them.
//!
//! Soft cross-entropy of `s · S_in`, the unpaired images against the phrases of the batch's reports, with the temperature of
//! `L_evi_loc`. An image's target is its row of [`UnpairedTargets::phrases`](crate::UnpairedTargets::phrases), a phrase's the
//! same weighted by the confidence and column-normalised. Rows are weighted by the confidence. Images without phrases, and
//! phrases of no image, take no part.

use burn::tensor::Tensor;
use lgdea_spec::loss::EvidenceLocalUnpaired;

use super::evidence_local::region_fit;
use super::{Pass, Term};
use crate::divergence::{normalise_rows, soft_cross_entropy_rows};

impl Term for EvidenceLocalUnpaired {
    fn value(&self, pass: &Pass<'_>) -> Option<Tensor<1>> {
        let (forward, targets) = (pass.forward, pass.targets.unpaired.as_ref()?);
        let (phrases, confidence) = (targets.phrases.as_ref()?, &targets.confidence);
        let [unpaired, _] = phrases.dims();
        let patches = forward.patches.clone().narrow(0, forward.pairs, unpaired);
        let temperature = pass.experiment.loss.evidence_local.attention_temperature;
        let logits = forward.texts.scaled(region_fit(patches, forward.texts.phrases.clone(), temperature));
        let across = soft_cross_entropy_rows(logits.clone(), phrases.clone()) * confidence.clone();
        let weighted = (phrases.clone() * confidence.clone().unsqueeze_dim::<2>(1)).transpose();
        let has = |rows: Tensor<2>| rows.sum_dim(1).greater_scalar(0.0).float().sum().clamp_min(1.0);
        let (images, used) = (has(phrases.clone()), has(weighted.clone()));
        let down = soft_cross_entropy_rows(logits.transpose(), normalise_rows(weighted));
        Some((across.sum() / images + down.sum() / used) * 0.5)
    }
}
