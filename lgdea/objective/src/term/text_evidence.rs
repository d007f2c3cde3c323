//! `L_txt`: evidence–report consistency.
//!
//! Symmetric soft cross-entropy of `s · r_i · e_j` against `t_ij ∝ 1[evidence sets of i and j equal]`, where
//! `e_i = norm(Σ_n z_n)` is the sum of report `i`'s evidence phrases. Gradients enter both sides.

use burn::tensor::Tensor;
use lgdea_kernel::l2_normalise;
use lgdea_spec::loss::TextEvidence;

use super::{Pass, Term};
use crate::divergence::symmetric_soft_cross_entropy;
use crate::{Targets, TextForward};

impl Term for TextEvidence {
    fn value(&self, pass: &Pass<'_>) -> Option<Tensor<1>> {
        let texts = &pass.forward.texts;
        Some(loss(texts, texts.phrases.as_ref()?.embeddings.clone(), pass.targets))
    }
}

/// The term of reports and the embeddings `z` of their `phrases`, `[phrases, D]`, as the text warm-up has it, `[1]`.
pub fn loss(texts: &TextForward, phrases: Tensor<2>, targets: &Targets) -> Tensor<1> {
    let evidence = l2_normalise(targets.membership.clone().matmul(phrases));
    let logits = texts.scaled(texts.reports.clone().matmul(evidence.transpose()));
    symmetric_soft_cross_entropy(logits, targets.same_evidence.clone())
}
