//! `L_evi_loc_u`: unpaired images find the evidence phrases that their teacher finds in them.

use burn::tensor::Tensor;

use super::evidence_local::region_fit;
use crate::Forward;
use crate::divergence::{normalise_rows, soft_cross_entropy_rows};

/// `L_evi_loc_u`: soft cross-entropy of `s · S_in`, the unpaired images against the phrases of the batch's reports.
///
/// An image's target is `phrases`, `[unpaired images, phrases]`, a phrase's the same weighted by `confidence` and
/// column-normalised. Rows are weighted by `confidence`, `[unpaired images]`. Images without phrases, and phrases of no
/// image, take no part.
pub fn loss(
    forward: &Forward,
    phrases: &Tensor<2>,
    confidence: &Tensor<1>,
    settings: &lgdea_spec::EvidenceLocal,
) -> Tensor<1> {
    let [unpaired, _] = phrases.dims();
    let patches = forward.patches.clone().narrow(0, forward.pairs, unpaired);
    let fit = region_fit(patches, forward.texts.phrases.clone(), settings.attention_temperature);
    let logits = forward.texts.scaled(fit);
    let across = soft_cross_entropy_rows(logits.clone(), phrases.clone()) * confidence.clone();
    let weighted = (phrases.clone() * confidence.clone().unsqueeze_dim::<2>(1)).transpose();
    let has = |rows: Tensor<2>| rows.sum_dim(1).greater_scalar(0.0).float().sum().clamp_min(1.0);
    let (images, used) = (has(phrases.clone()), has(weighted.clone()));
    let down = soft_cross_entropy_rows(logits.transpose(), normalise_rows(weighted));
    (across.sum() / images + down.sum() / used) * 0.5
}
