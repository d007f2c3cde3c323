//! Candidate keywords of unpaired images (`S-CLIP`).
//!
//! `S-CLIP`'s keyword-level loss (Mo et al. 2023, section 4.2), a partial-label loss: the candidates of an unpaired image are
//! the keywords of the pair whose image it resembles most, and some of them apply. With `p = softmax_n(s · g_u · z_n)` over the batch's
//! keywords and `q` the same over the candidates alone, a constant, the loss is the cross-entropy of `p` against `q`.
//!
//! The keywords are evidence phrases; those of the published method are words of a list for each of its fields.

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;
use lgdea_spec::loss::PseudoKeyword;

use super::{Pass, Term};
use crate::divergence::{NOTHING, soft_cross_entropy_rows};

impl Term for PseudoKeyword {
    fn value(&self, pass: &Pass<'_>) -> Option<Tensor<1>> {
        let forward = pass.forward;
        let images = forward.unpaired_images()?;
        let paired = forward.paired_images().detach();
        let nearest = images.clone().detach().matmul(paired.transpose()).argmax(1).squeeze_dim::<1>(1);
        let candidates = pass.targets.membership.clone().narrow(0, 0, forward.pairs).select(0, nearest);
        let phrases = forward.texts.phrases.as_ref()?.embeddings.clone();
        let logits = forward.texts.scaled(images.matmul(phrases.transpose()));
        let among = logits.clone().detach().mask_fill(candidates.equal_scalar(0.0), NOTHING);
        Some(soft_cross_entropy_rows(logits, softmax(among, 1)).mean())
    }
}
