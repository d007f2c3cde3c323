//! Concepts and surrogate captions of unpaired images (`SemiCLIP`).
//!
//! `SemiCLIP`'s losses (Gan et al. 2025, sections 3.2 to 3.4), summed:
//!
//! - concepts of pairs: cross-entropy of `softmax_n(s · g_i · z_n)` against the shares of the report's phrases;
//! - concepts of unpaired images: the same against equal shares of the `phrases` phrases that are nearest to the image, constants;
//! - trapezoidal consistency, over the pairs and the most certain unpaired images: `pairs · mean (G Gᵀ − T Tᵀ)²` within the modalities, and
//!   `pairs · mean (G Tᵀ − T Gᵀ)²` across. The row of `T` is a pair's report `r`, or an unpaired image's caption, the unit-length
//!   sum of its phrases; the nearer image and caption, the more certain.
//!
//! The published method has a classifier of concepts with a view of weak and one of strong augmentation, captions that the text encoder
//! reads with learned words, and starts from CLIP's weights.

use burn::tensor::Tensor;
use lgdea_kernel::l2_normalise;
use lgdea_spec::loss::SurrogateCaption;

use super::{Pass, Term};
use crate::divergence::{normalise_rows, soft_cross_entropy_rows};

impl Term for SurrogateCaption {
    fn value(&self, pass: &Pass<'_>) -> Option<Tensor<1>> {
        let (forward, texts) = (pass.forward, &pass.forward.texts);
        let (pairs, phrases) = (forward.pairs, texts.phrases.as_ref()?.embeddings.clone());
        let (images, paired) = (forward.unpaired_images()?, forward.paired_images());
        let unpaired = images.dims()[0];

        let fit = |images: Tensor<2>| texts.scaled(images.matmul(phrases.clone().transpose()));
        let said = normalise_rows(pass.targets.membership.clone().narrow(0, 0, pairs));
        let of_pairs = soft_cross_entropy_rows(fit(paired.clone()), said).mean();
        let found = fit(images.clone());
        let shares = equal_shares(found.clone().detach(), self.phrases);
        let of_unpaired = soft_cross_entropy_rows(found, shares.clone()).mean();

        let captions = l2_normalise(shares.matmul(phrases.clone()));
        let certainty = (captions.clone() * images.clone()).sum_dim(1).squeeze_dim::<1>(1).detach();
        let kept = ((unpaired as f64 * self.share).ceil() as usize).min(unpaired);
        let (_, kept) = certainty.topk_with_indices(kept, 0);
        let images = Tensor::cat(vec![paired, images.select(0, kept.clone())], 0);
        let texts = Tensor::cat(vec![texts.reports.clone().narrow(0, 0, pairs), captions.select(0, kept)], 0);
        let consistency = geometry(&images, &texts) * pairs as f64;
        Some(of_pairs + of_unpaired + consistency * self.consistency)
    }
}

/// Equal shares of the `count` greatest entries of each row, and of those that are as great as the least of them.
fn equal_shares(scores: Tensor<2>, count: usize) -> Tensor<2> {
    let count = count.min(scores.dims()[1]);
    let least = scores.clone().topk(count, 1).narrow(1, count - 1, 1).expand(scores.dims());
    normalise_rows(scores.greater_equal(least).float())
}

/// How far similarities within images are from those within texts, and those across from their transpose.
fn geometry(images: &Tensor<2>, texts: &Tensor<2>) -> Tensor<1> {
    let similarity = |a: &Tensor<2>, b: &Tensor<2>| a.clone().matmul(b.clone().transpose());
    let across = similarity(images, texts);
    let within = similarity(images, images) - similarity(texts, texts);
    (within.powi_scalar(2) + (across.clone() - across.transpose()).powi_scalar(2)).mean()
}
