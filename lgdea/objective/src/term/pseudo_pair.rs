//! Contrast of unpaired images with the reports that were matched to them.

use burn::tensor::{Int, Tensor, TensorData};

use crate::divergence::info_nce;
use crate::{Forward, Targets};

/// Symmetric `InfoNCE` of `s · g · r` over matched images and reports of the unpaired pools, as if they were pairs; `None`
/// with fewer than two.
pub fn loss(forward: &Forward, targets: &Targets) -> Option<Tensor<1>> {
    let reports = forward.texts.matched.clone().filter(|_| targets.matched.len() > 1)?;
    let rows: Vec<i64> = targets.matched.iter().map(|&unpaired| (forward.pairs + unpaired) as i64).collect();
    let count = rows.len();
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), &reports.device());
    let images = forward.images.clone().select(0, rows);
    Some(info_nce(forward.texts.scaled(images.matmul(reports.transpose()))))
}
