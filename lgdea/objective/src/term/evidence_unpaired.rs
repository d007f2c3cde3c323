//! `L_evid_u`: the relation graph and the EMA teacher teach unpaired images.

use burn::tensor::Tensor;

use crate::divergence::kl_rows;
use crate::{Forward, UnpairedTargets};

/// `L_evid_u = mean_i c_i KL(T_i ‖ Q̄_I(augmented i))` over unpaired images.
pub fn loss(forward: &Forward, targets: &UnpairedTargets) -> Tensor<1> {
    let unpaired = targets.confidence.dims()[0];
    let student = forward.image_evidence.clone().narrow(0, forward.pairs, unpaired);
    (kl_rows(targets.evidence.clone(), student) * targets.confidence.clone()).mean()
}
