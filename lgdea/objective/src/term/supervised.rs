//! Classification by the data's labels: a ceiling, and no method.
//!
//! Binary cross-entropy of the classes' logits, mean over the labels that are known.

use burn::tensor::Tensor;
use burn::tensor::activation::log_sigmoid;
use lgdea_spec::loss::Supervised;

use super::{Pass, Term};

impl Term for Supervised {
    fn value(&self, pass: &Pass<'_>) -> Option<Tensor<1>> {
        let (logits, labels) = (pass.forward.classes.clone()?, pass.targets.labels.as_ref()?);
        let present = labels.present.clone();
        // −log σ(x) where the label is present, −log σ(−x) where it is absent.
        let absent = (present.clone().neg() + 1.0) * log_sigmoid(logits.clone().neg());
        let likelihood = (present * log_sigmoid(logits) + absent) * labels.known.clone();
        Some(likelihood.sum().neg() / labels.known.clone().sum().clamp_min(1.0))
    }
}
