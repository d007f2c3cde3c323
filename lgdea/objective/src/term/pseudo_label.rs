//! Pseudo-labels of unpaired images over the pairs' reports (`S-CLIP`).
//!
//! `S-CLIP`'s caption-level loss (Mo et al. 2023, section 4.1).
//!
//! Optimal transport between the batch's unpaired images (rows) and its paired images (columns), with cost `−g_u · g_p`,
//! entropic regularisation and uniform marginals, says how much of each pair's report an unpaired image is given; the
//! loss is the cross-entropy of `softmax_j(s · g_u · r_j)` over the pairs' reports against the plan's normalised rows,
//! which is a constant.
//!
//! The published method starts from CLIP's weights, which are not here. Its keyword-level loss is `pseudo_keyword`.

use burn::tensor::Tensor;
use lgdea_spec::loss::PseudoLabel;

use super::{Pass, Term};
use crate::divergence::{normalise_rows, soft_cross_entropy_rows};
use crate::transport::sinkhorn;

impl Term for PseudoLabel {
    fn value(&self, pass: &Pass<'_>) -> Option<Tensor<1>> {
        let forward = pass.forward;
        let images = forward.unpaired_images()?;
        let similarity = images.clone().detach().matmul(forward.paired_images().detach().transpose());
        let targets = normalise_rows(sinkhorn(similarity / self.temperature, self.iterations));
        let reports = forward.texts.reports.clone().narrow(0, 0, forward.pairs);
        let logits = forward.texts.scaled(images.matmul(reports.transpose()));
        Some(soft_cross_entropy_rows(logits, targets).mean())
    }
}
