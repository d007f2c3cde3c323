//! Plans between unpaired images and unpaired reports (`SOTAlign`).
//!
//! `SOTAlign`'s `KLOT` (Roschmann et al. 2026, section 5): `KL(P* ‖ P)`, where `P` is the plan of optimal transport between the batch's
//! unpaired images and unpaired reports by `g_u · r_v`, and `P*` the teacher's. Its gradient by the similarities is `(P − P*) / τ`
//! (theorem 5.1), so that nothing is differentiated through the iterations.
//!
//! The published teacher is a linear map between frozen features that is fitted to the pairs; here it is the moving average.

use burn::tensor::Tensor;
use lgdea_spec::loss::UnpairedTransport;

use super::{Pass, Term};
use crate::divergence::TINY;
use crate::transport::sinkhorn;

impl Term for UnpairedTransport {
    fn value(&self, pass: &Pass<'_>) -> Option<Tensor<1>> {
        let forward = pass.forward;
        let teacher = pass.targets.unpaired.as_ref()?.similarity.clone()?;
        let reports = forward.texts.reports.clone().narrow(0, forward.pairs, teacher.dims()[1]);
        let similarity = forward.unpaired_images()?.matmul(reports.transpose());
        let taught = sinkhorn(teacher / self.teacher_temperature, self.iterations);
        let plan = sinkhorn(similarity.clone().detach() / self.temperature, self.iterations);
        let value = (taught.clone() * ((taught.clone() + TINY).log() - (plan.clone() + TINY).log())).sum();
        let moved = ((plan - taught) * similarity).sum() / self.temperature;
        Some(moved.clone() + (value - moved.detach()))
    }
}
