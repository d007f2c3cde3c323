//! `L_glob`: image–report contrast.

use burn::tensor::Tensor;

use crate::Forward;
use crate::divergence::info_nce;

/// `L_glob`: symmetric InfoNCE of `s · g · r` on pairs (ConVIRT, Zhang et al. 2020; CLIP, Radford et al. 2021).
pub fn loss(forward: &Forward) -> Tensor<1> {
    let pairs = forward.pairs;
    let images = forward.images.clone().narrow(0, 0, pairs);
    let reports = forward.texts.reports.clone().narrow(0, 0, pairs);
    info_nce(forward.texts.scaled(images.matmul(reports.transpose())))
}
