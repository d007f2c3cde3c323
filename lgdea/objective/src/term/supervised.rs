//! Classification by the data's labels: a ceiling, and no method.

use burn::tensor::Tensor;
use burn::tensor::activation::log_sigmoid;

use crate::{Forward, Targets};

/// Binary cross-entropy of the classes' logits, mean over the labels that are known; `None` without labels.
pub fn loss(forward: &Forward, targets: &Targets) -> Option<Tensor<1>> {
    let (logits, labels) = (forward.classes.clone()?, targets.labels.as_ref()?);
    let present = labels.present.clone();
    // −log σ(x) where the label is present, −log σ(−x) where it is absent.
    let absent = (present.clone().neg() + 1.0) * log_sigmoid(logits.clone().neg());
    let likelihood = (present * log_sigmoid(logits) + absent) * labels.known.clone();
    Some(likelihood.sum().neg() / labels.known.clone().sum().clamp_min(1.0))
}
