//! `L_rec`: prototypes reconstruct evidence phrases.

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

use crate::{Targets, TextForward};

/// `L_rec = mean_n ‖ sg(z_n) − Σ_k p(k|z_n) µ_k ‖² + λ_µ Σ_k ‖µ_k‖²` (equation 5); the mean runs over the phrases of all
/// reports, so a phrase that two reports share counts twice.
///
/// `text_temperature` is `τ_t`. With the stop-gradient, `p(k | z_n)` is taken at the detached phrase, so that only the
/// prototypes move.
pub fn loss(
    texts: &TextForward,
    targets: &Targets,
    settings: &lgdea_spec::Reconstruction,
    text_temperature: f64,
) -> Tensor<1> {
    let mu = texts.prototypes.clone();
    let (phrases, evidence) = if settings.stop_gradient {
        let phrases = texts.phrases.clone().detach();
        let evidence = softmax(phrases.clone().matmul(mu.clone().transpose()) / text_temperature, 1);
        (phrases, evidence)
    } else {
        (texts.phrases.clone(), texts.phrase_evidence.clone())
    };
    let error = (phrases - evidence.matmul(mu.clone())).square().sum_dim(1);
    let uses = targets.membership.clone().sum_dim(0).transpose();
    let mean = (error * uses.clone()).sum() / uses.sum();
    mean + mu.square().sum() * settings.prototype_decay
}
