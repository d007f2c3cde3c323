//! `L_glob`: image–report contrast.

use burn::tensor::{Int, Tensor};

use crate::Forward;
use crate::divergence::symmetric_soft_cross_entropy;

/// `L_glob`: symmetric InfoNCE of `s · g · r` on pairs (ConVIRT, Zhang et al. 2020; CLIP, Radford et al. 2021).
pub fn loss(forward: &Forward) -> Tensor<1> {
    let pairs = forward.pairs;
    let images = forward.images.clone().narrow(0, 0, pairs);
    let reports = forward.texts.reports.clone().narrow(0, 0, pairs);
    let logits = forward.texts.scaled(images.matmul(reports.transpose()));
    let device = logits.device();
    let own = Tensor::<1, Int>::arange(0..pairs as i64, &device).one_hot::<2>(pairs).float();
    symmetric_soft_cross_entropy(logits, own)
}
