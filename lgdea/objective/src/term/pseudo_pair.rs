//! Contrast of unpaired images with the reports that were matched to them.
//!
//! Symmetric `InfoNCE` of `s · g · r` over matched images and reports of the unpaired pools, as if they were pairs, where
//! there are at least two.

use burn::tensor::{Int, Tensor, TensorData};
use lgdea_spec::loss::PseudoPair;

use super::{Pass, Term};
use crate::divergence::info_nce;

impl Term for PseudoPair {
    fn value(&self, pass: &Pass<'_>) -> Option<Tensor<1>> {
        let (forward, targets) = (pass.forward, pass.targets);
        let reports = forward.texts.matched.clone().filter(|_| targets.matched.len() > 1)?;
        let rows: Vec<i64> = targets.matched.iter().map(|&unpaired| (forward.pairs + unpaired) as i64).collect();
        let count = rows.len();
        let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), &reports.device());
        let images = forward.images.clone().select(0, rows);
        Some(info_nce(forward.texts.scaled(images.matmul(reports.transpose()))))
    }
}
