//! Alignment of cluster assignments across modalities (`MGCA`).
//!
//! `MGCA`'s prototype alignment (Wang et al. 2022, equations 8 to 11, after `SwAV`, Caron et al. 2020), on pairs.
//!
//! With unit-length clusters `c`, an image's assignment `softmax(g · c / temperature)` is to predict the balanced assignment
//! of its report, `Sinkhorn(r · c / epsilon)`, and a report's that of its image; the targets are constants.

use burn::tensor::Tensor;
use lgdea_kernel::l2_normalise;
use lgdea_spec::loss::ClusterAlignment;

use super::{Pass, Term};
use crate::divergence::{normalise_rows, soft_cross_entropy_rows};
use crate::transport::sinkhorn;

impl Term for ClusterAlignment {
    fn value(&self, pass: &Pass<'_>) -> Option<Tensor<1>> {
        let forward = pass.forward;
        let clusters = l2_normalise(forward.clusters.clone()?).transpose();
        let images = forward.paired_images().matmul(clusters.clone());
        let reports = forward.texts.reports.clone().narrow(0, 0, forward.pairs).matmul(clusters);
        let assigned =
            |scores: &Tensor<2>| normalise_rows(sinkhorn(scores.clone().detach() / self.epsilon, self.iterations));
        let (of_images, of_reports) = (assigned(&images), assigned(&reports));
        let predict = |scores: Tensor<2>, target| soft_cross_entropy_rows(scores / self.temperature, target).mean();
        Some((predict(images, of_reports) + predict(reports, of_images)) * 0.5)
    }
}
