//! Settings of `L_evid_u`.

use super::{Need, TermSettings};

settings! {
    /// `L_evid_u`: the target distribution teaches an unpaired image. The paper's; how the target is made is ours.
    pub struct EvidenceUnpaired {}
}

pub(super) const DEFAULTS: &str = "
[loss.evidence-unpaired]
weight = 0.0                  # its removal gains R@10 on validation, see docs/concepts/results.md
start = 100
ramp = 50
";

impl TermSettings for EvidenceUnpaired {
    fn needs(&self) -> Vec<Need> {
        vec![Need::Prototypes, Need::ImageEvidence, Need::UnpairedImages, Need::UnpairedTargets]
    }
}
