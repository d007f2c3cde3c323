//! `L_txt`: evidence–report consistency.

use burn::tensor::Tensor;
use lgdea_kernel::l2_normalise;

use crate::divergence::symmetric_soft_cross_entropy;
use crate::{Targets, TextForward};

/// `L_txt`: symmetric soft cross-entropy of `s · r_i · e_j` against `t_ij ∝ 1[evidence sets of i and j equal]`, where
/// `e_i = norm(Σ_n z_n)` is the sum of report `i`'s evidence phrases. Gradients enter both sides.
pub fn loss(texts: &TextForward, targets: &Targets) -> Tensor<1> {
    let sum = targets.membership.clone().matmul(texts.phrases.clone());
    let evidence = l2_normalise(sum);
    let logits = texts.scaled(texts.reports.clone().matmul(evidence.transpose()));
    symmetric_soft_cross_entropy(logits, targets.same_evidence.clone())
}
