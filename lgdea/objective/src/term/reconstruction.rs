//! `L_rec`: prototypes reconstruct evidence phrases.
//!
//! `L_rec = mean_n ‖ sg(z_n) − Σ_k p(k|z_n) µ_k ‖² + λ_µ Σ_k ‖µ_k‖²` (equation 5); the mean runs over the phrases of all
//! reports, so a phrase that two reports share counts twice.
//!
//! With the stop-gradient, `p(k | z_n)` is taken at the detached phrase, so that only the prototypes move.

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;
use lgdea_spec::loss::Reconstruction;

use super::{Pass, Term};

impl Term for Reconstruction {
    fn value(&self, pass: &Pass<'_>) -> Option<Tensor<1>> {
        let texts = &pass.forward.texts;
        let (mu, phrases) = (texts.prototypes.clone(), texts.phrases.as_ref()?);
        let (phrases, evidence) = if self.stop_gradient {
            let phrases = phrases.embeddings.clone().detach();
            let similarity = phrases.clone().matmul(mu.clone().transpose());
            (phrases, softmax(similarity / pass.experiment.evidence_space.text_temperature, 1))
        } else {
            (phrases.embeddings.clone(), phrases.evidence.clone())
        };
        let error = (phrases - evidence.matmul(mu.clone())).square().sum_dim(1);
        let uses = pass.targets.membership.clone().sum_dim(0).transpose();
        let mean = (error * uses.clone()).sum() / uses.sum();
        Some(mean + mu.square().sum() * self.prototype_decay)
    }
}
