//! Settings of `SOTAlign`'s divergence on unpaired studies (Roschmann et al. 2026).

use super::{Need, TermSettings};

settings! {
    /// `SOTAlign`'s divergence: unpaired images and unpaired reports are matched as the EMA teacher matches them, by optimal transport.
    pub struct UnpairedTransport {
        /// Entropic regularisation of the learning model's plan.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        pub temperature: f64,
        /// Entropic regularisation of the teacher's plan.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        pub teacher_temperature: f64,
        /// Sinkhorn iterations.
        #[schemars(range(min = 1))]
        pub iterations: usize,
    }
}

pub(super) const DEFAULTS: &str = "
[loss.unpaired-transport]
weight = 0.0
start = 100
ramp = 50
temperature = 0.05
teacher-temperature = 0.005
iterations = 100
";

impl TermSettings for UnpairedTransport {
    fn needs(&self) -> Vec<Need> {
        vec![Need::UnpairedImages, Need::UnpairedTargets, Need::TeacherSimilarity]
    }
}
