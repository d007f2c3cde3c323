//! `L_evid_u`: the relation graph and the EMA teacher teach unpaired images.
//!
//! `L_evid_u = mean_i c_i KL(T_i ‖ Q̄_I(augmented i))` over unpaired images; none before they have targets.

use burn::tensor::Tensor;
use lgdea_spec::loss::EvidenceUnpaired;

use super::{Pass, Term};
use crate::divergence::kl_rows;

impl Term for EvidenceUnpaired {
    fn value(&self, pass: &Pass<'_>) -> Option<Tensor<1>> {
        let (forward, targets) = (pass.forward, pass.targets.unpaired.as_ref()?);
        let unpaired = targets.confidence.dims()[0];
        let student = forward.image_evidence.clone().narrow(0, forward.pairs, unpaired);
        Some((kl_rows(targets.evidence.clone(), student) * targets.confidence.clone()).mean())
    }
}
