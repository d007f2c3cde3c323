//! `L_evi_align`: evidence-aware cross-modal alignment.

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

use crate::divergence::{bhattacharyya, normalise_rows, soft_cross_entropy_rows};
use crate::{Forward, UnpairedTargets};

/// `L_evi_align`: soft contrast of images (rows) with reports (columns), paired and unpaired alike.
///
/// `C_ij = cos(√T_i, √Q̄_R,j)` with `T_i = Q̄_R,i` where image `i` is paired, `A = softmax_j(C / temperature)`; a paired
/// row's target is `own_report` on its own report and the rest `A`. The loss is the mean of the row cross-entropy on
/// `s · g · r`, weighted 1 for pairs and `c_i · ramp` for unpaired images, and of the column cross-entropy against the
/// column-normalised weighted targets.
///
/// Without `unpaired` targets the rows are the pairs alone.
pub fn loss(
    forward: &Forward,
    unpaired: Option<&UnpairedTargets>,
    settings: &lgdea_spec::EvidenceAlignment,
    ramp: f64,
) -> Tensor<1> {
    let pairs = forward.pairs;
    let reports = forward.texts.report_evidence.dims()[0];
    let device = forward.texts.scale.device();
    let paired_evidence = forward.texts.report_evidence.clone().narrow(0, 0, pairs);
    let paired_weight = Tensor::<1>::ones([pairs], &device);
    let (evidence, weight) = match unpaired {
        Some(targets) => (
            Tensor::cat(vec![paired_evidence, targets.evidence.clone()], 0),
            Tensor::cat(vec![paired_weight, targets.confidence.clone() * ramp], 0),
        ),
        None => (paired_evidence, paired_weight),
    };
    let rows = evidence.dims()[0];
    let affinity = bhattacharyya(evidence, forward.texts.report_evidence.clone()) / settings.temperature;
    let soft = softmax(affinity, 1);
    let own = Tensor::<2>::eye(reports, &device).narrow(0, 0, pairs);
    let mixed = own * settings.own_report + soft.clone().narrow(0, 0, pairs) * (1.0 - settings.own_report);
    let targets = if rows > pairs { Tensor::cat(vec![mixed, soft.narrow(0, pairs, rows - pairs)], 0) } else { mixed };
    let logits = forward.logits().narrow(0, 0, rows);
    let across = soft_cross_entropy_rows(logits.clone(), targets.clone());
    let across = (across * weight.clone()).sum() / weight.clone().sum();
    let columns = normalise_rows((targets * weight.unsqueeze_dim::<2>(1)).transpose());
    let down = soft_cross_entropy_rows(logits.transpose(), columns).mean();
    (across + down) * 0.5
}
