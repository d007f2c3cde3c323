//! `L_evi_align`: evidence-aware cross-modal alignment.
//!
//! Soft contrast of images (rows) with reports (columns), paired and unpaired alike.
//!
//! `C_ij = cos(√T_i, √Q̄_R,j)` with `T_i = Q̄_R,i` where image `i` is paired, `A = softmax_j(C / temperature)`; a paired
//! row's target is `own_report` on its own report and the rest `A`. The loss is the mean of the row cross-entropy on
//! `s · g · r`, weighted 1 for pairs and `c_i · ramp` for unpaired images, and of the column cross-entropy against the
//! column-normalised weighted targets.
//!
//! Before unpaired images join, and where they have no targets, the rows are the pairs alone.

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;
use lgdea_spec::loss::EvidenceAlignment;

use super::{Pass, Term};
use crate::divergence::{bhattacharyya, normalise_rows, soft_cross_entropy_rows};

impl Term for EvidenceAlignment {
    fn value(&self, pass: &Pass<'_>) -> Option<Tensor<1>> {
        let forward = pass.forward;
        let of_reports = forward.texts.phrases.as_ref()?.of_reports.clone();
        let (evidence, weight) = rows(self, pass, of_reports.clone());
        let (images, pairs) = (evidence.dims()[0], forward.pairs);
        let reports = of_reports.dims()[0];
        let affinity = bhattacharyya(evidence, of_reports) / self.temperature;
        let soft = softmax(affinity, 1);
        let own = Tensor::<2>::eye(reports, &forward.texts.scale.device()).narrow(0, 0, pairs);
        let mixed = own * self.own_report + soft.clone().narrow(0, 0, pairs) * (1.0 - self.own_report);
        let targets =
            if images > pairs { Tensor::cat(vec![mixed, soft.narrow(0, pairs, images - pairs)], 0) } else { mixed };
        let logits = forward.logits().narrow(0, 0, images);
        let across = soft_cross_entropy_rows(logits.clone(), targets.clone());
        let across = (across * weight.clone()).sum() / weight.clone().sum();
        let columns = normalise_rows((targets * weight.unsqueeze_dim::<2>(1)).transpose());
        let down = soft_cross_entropy_rows(logits.transpose(), columns).mean();
        Some((across + down) * 0.5)
    }
}

/// Evidence of the images that take part, `[rows, K]`, and their weights, `[rows]`; a pair's is that of its report.
fn rows(settings: &EvidenceAlignment, pass: &Pass<'_>, of_reports: Tensor<2>) -> (Tensor<2>, Tensor<1>) {
    let forward = pass.forward;
    let evidence = of_reports.narrow(0, 0, forward.pairs);
    let weight = Tensor::<1>::ones([forward.pairs], &forward.texts.scale.device());
    match pass.targets.unpaired.as_ref().filter(|_| pass.step >= settings.unpaired_start) {
        Some(targets) => (
            Tensor::cat(vec![evidence, targets.evidence.clone()], 0),
            Tensor::cat(vec![weight, targets.confidence.clone() * settings.unpaired_at(pass.step)], 0),
        ),
        None => (evidence, weight),
    }
}
