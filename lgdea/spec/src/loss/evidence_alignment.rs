//! Settings of `L_evi_align`.

use super::{Need, TermSettings, ramp_at};

settings! {
    /// `L_evi_align`: evidence-aware cross-modal alignment over pairs and unpaired studies. The paper names it, its form is ours.
    pub struct EvidenceAlignment {
        /// Temperature of the soft targets over reports.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        pub temperature: f64,
        /// Share of a paired row's target that its own report keeps, in [0, 1].
        #[schemars(range(min = 0.0, max = 1.0))]
        pub own_report: f64,
        /// Step at which unpaired images join; unpaired reports are among what is compared from the first step on.
        pub unpaired_start: usize,
        /// Steps over which the weight of unpaired images rises linearly from 0.
        pub unpaired_ramp: usize,
    }
}

pub(super) const DEFAULTS: &str = "
[loss.evidence-alignment]
weight = 0.0                  # its removal gains R@10 on validation, see docs/concepts/results.md
start = 0
ramp = 0
temperature = 0.1
own-report = 0.5
unpaired-start = 100
unpaired-ramp = 50
";

impl TermSettings for EvidenceAlignment {
    fn needs(&self) -> Vec<Need> {
        vec![Need::Phrases, Need::Prototypes, Need::UnpairedTargets]
    }

    fn unpaired_start(&self) -> Option<usize> {
        Some(self.unpaired_start)
    }
}

impl EvidenceAlignment {
    /// Ramp in [0, 1] of the unpaired images' weight at a step.
    pub fn unpaired_at(&self, step: usize) -> f64 {
        ramp_at(step, self.unpaired_start, self.unpaired_ramp)
    }
}
