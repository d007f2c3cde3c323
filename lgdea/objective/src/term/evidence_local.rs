//! `L_evi_loc`: local alignment of evidence phrases and image regions.
//!
//! Symmetric soft cross-entropy of `s · S_in`, the pairs' images against the evidence phrases of their reports;
//! [`region_fit`] is `S`. The target of image `i` is uniform over the phrases of its report; that of phrase `n` is the same,
//! column-normalised. Unlike a contrast of pairs this does not push an image away from a finding that it shares with another.

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;
use lgdea_kernel::l2_normalise;
use lgdea_spec::loss::EvidenceLocal;

use super::{Pass, Term};
use crate::divergence::{NOTHING, normalise_rows, soft_cross_entropy_rows};

impl Term for EvidenceLocal {
    fn value(&self, pass: &Pass<'_>) -> Option<Tensor<1>> {
        let forward = pass.forward;
        let (pairs, phrases) = (forward.pairs, forward.texts.phrases.as_ref()?);
        let patches = forward.patches.clone().narrow(0, 0, pairs);
        let fit = region_fit(patches, phrases.embeddings.clone(), self.attention_temperature);
        let membership = pass.targets.membership.clone().narrow(0, 0, pairs);
        // Phrases that only unpaired reports have take no part: nobody knows which of the images shows them.
        let uses = membership.clone().sum_dim(0);
        let absent = uses.clone().equal_scalar(0.0).expand(membership.dims());
        let logits = forward.texts.scaled(fit).mask_fill(absent, NOTHING);
        let targets = normalise_rows(membership);
        let across = soft_cross_entropy_rows(logits.clone(), targets.clone()).mean();
        let down = soft_cross_entropy_rows(logits.transpose(), normalise_rows(targets.transpose()));
        Some((across + down.sum() / uses.clamp_max(1.0).sum()) * 0.5)
    }
}

/// `S_in = cos(Σ_p a_inp ŵ_ip, z_n)` with `a_inp = softmax_p(ŵ_ip · z_n / τ_a)`: how well phrase `n` fits the regions of
/// image `i` that it attends to, `[images, phrases]`.
///
/// - `patches`: `W h_p`, `[images, patches, D]`; `ŵ` is of unit length. `phrases`: `z`, unit length, `[phrases, D]`.
pub fn region_fit(patches: Tensor<3>, phrases: Tensor<2>, attention_temperature: f64) -> Tensor<2> {
    let regions = l2_normalise(patches);
    let phrases = phrases.unsqueeze::<3>();
    let attention = softmax(phrases.clone().matmul(regions.clone().swap_dims(1, 2)) / attention_temperature, 2);
    (l2_normalise(attention.matmul(regions)) * phrases).sum_dim(2).squeeze_dim::<2>(2)
}
