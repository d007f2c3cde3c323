//! Settings of `L_evi_glo_u`.

use super::{Need, TermSettings};

settings! {
    /// `L_evi_glo_u`: an unpaired image as a whole finds the evidence phrases that the EMA teacher, or its labels, find in it. Ours,
    /// after `MedCLIP`'s semantic matching.
    pub struct EvidenceGlobalUnpaired {}
}

pub(super) const DEFAULTS: &str = "
[loss.evidence-global-unpaired]
weight = 3.0
start = 100
ramp = 50
";

impl TermSettings for EvidenceGlobalUnpaired {
    fn needs(&self) -> Vec<Need> {
        vec![Need::Phrases, Need::UnpairedImages, Need::UnpairedTargets, Need::UnpairedPhrases]
    }
}
