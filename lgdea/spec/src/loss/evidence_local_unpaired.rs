//! Settings of `L_evi_loc_u`.

use super::{Need, TermSettings};

settings! {
    /// `L_evi_loc_u`: the regions of an unpaired image find the evidence phrases that the EMA teacher finds in it. Ours.
    pub struct EvidenceLocalUnpaired {}
}

pub(super) const DEFAULTS: &str = "
[loss.evidence-local-unpaired]
weight = 4.0
start = 100
ramp = 50
";

impl TermSettings for EvidenceLocalUnpaired {
    fn needs(&self) -> Vec<Need> {
        vec![Need::Phrases, Need::UnpairedImages, Need::UnpairedTargets, Need::UnpairedPhrases]
    }
}
