//! `L_evid_p`: a report teaches its image.
//!
//! `L_evid_p = KL(Q̄_R ‖ Q̄_I)`, mean over pairs, the report as detached teacher (equation 9).

use burn::tensor::Tensor;
use lgdea_spec::loss::EvidencePaired;

use super::{Pass, Term};
use crate::divergence::kl_rows;

impl Term for EvidencePaired {
    fn value(&self, pass: &Pass<'_>) -> Option<Tensor<1>> {
        let forward = pass.forward;
        let teacher = forward.texts.phrases.as_ref()?.of_reports.clone().narrow(0, 0, forward.pairs);
        let student = forward.image_evidence.clone().narrow(0, 0, forward.pairs);
        Some(kl_rows(teacher, student).mean())
    }
}
