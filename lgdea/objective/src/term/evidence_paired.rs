//! `L_evid_p`: a report teaches its image.

use burn::tensor::Tensor;

use crate::Forward;
use crate::divergence::kl_rows;

/// `L_evid_p = KL(Q̄_R ‖ Q̄_I)`, mean over pairs, the report as detached teacher (equation 9).
pub fn loss(forward: &Forward) -> Tensor<1> {
    let pairs = forward.pairs;
    let teacher = forward.texts.report_evidence.clone().narrow(0, 0, pairs);
    let student = forward.image_evidence.clone().narrow(0, 0, pairs);
    kl_rows(teacher, student).mean()
}
