//! `L_evi_loc_u`: regions of unpaired images find the evidence phrases that their teacher, or their labels, find in them.
//!
//! `phrase_contrast` of `S_in`, the unpaired images against the phrases of the batch, with the temperature of `L_evi_loc`.

use burn::tensor::Tensor;
use lgdea_spec::loss::EvidenceLocalUnpaired;

use super::evidence_local::region_fit;
use super::{Pass, Term};
use crate::divergence::{NOTHING, normalise_rows, soft_cross_entropy_rows};
use crate::{PhraseTargets, UnpairedTargets};

impl Term for EvidenceLocalUnpaired {
    fn value(&self, pass: &Pass<'_>) -> Option<Tensor<1>> {
        let (forward, targets) = (pass.forward, pass.targets.unpaired.as_ref()?);
        let phrases = forward.texts.phrases.as_ref()?.embeddings.clone();
        let patches = forward.patches.clone().narrow(0, forward.pairs, targets.confidence.dims()[0]);
        let temperature = pass.experiment.loss.evidence_local.attention_temperature;
        let fit = region_fit(patches, phrases, temperature);
        phrase_contrast(forward.texts.scaled(fit), targets)
    }
}

/// Soft cross-entropy of `logits`, `[unpaired images, phrases]`, both ways; none without targets of phrases.
///
/// An image's target is its row of [`PhraseTargets::shares`], a phrase's the same weighted by the confidence and
/// column-normalised. Rows are weighted by the confidence. Phrases of which nothing is known of an image are no candidates of it,
/// nor it of them. Images without phrases, and phrases of no image, take no part.
pub(super) fn phrase_contrast(logits: Tensor<2>, targets: &UnpairedTargets) -> Option<Tensor<1>> {
    let PhraseTargets { shares, known } = targets.phrases.clone()?;
    let confidence = targets.confidence.clone();
    let logits = logits.mask_fill(known.equal_scalar(0.0), NOTHING);
    let across = soft_cross_entropy_rows(logits.clone(), shares.clone()) * confidence.clone();
    let weighted = (shares.clone() * confidence.unsqueeze_dim::<2>(1)).transpose();
    let has = |rows: Tensor<2>| rows.sum_dim(1).greater_scalar(0.0).float().sum().clamp_min(1.0);
    let (images, used) = (has(shares), has(weighted.clone()));
    let down = soft_cross_entropy_rows(logits.transpose(), normalise_rows(weighted));
    Some((across.sum() / images + down.sum() / used) * 0.5)
}
