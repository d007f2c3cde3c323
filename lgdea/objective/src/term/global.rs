//! `L_glob`: image–report contrast.
//!
//! Symmetric InfoNCE of `s · g · r` on pairs (ConVIRT, Zhang et al. 2020; CLIP, Radford et al. 2021).

use burn::tensor::Tensor;
use lgdea_spec::loss::Global;

use super::{Pass, Term};
use crate::divergence::info_nce;

impl Term for Global {
    fn value(&self, pass: &Pass<'_>) -> Option<Tensor<1>> {
        let forward = pass.forward;
        let reports = forward.texts.reports.clone().narrow(0, 0, forward.pairs);
        Some(info_nce(forward.texts.scaled(forward.paired_images().matmul(reports.transpose()))))
    }
}
