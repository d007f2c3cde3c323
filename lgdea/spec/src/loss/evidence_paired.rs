//! Settings of `L_evid_p`.

use super::{Need, TermSettings};

settings! {
    /// `L_evid_p` (the paper's equation 9): the report's evidence distribution teaches its image, on pairs.
    pub struct EvidencePaired {}
}

pub(super) const DEFAULTS: &str = "
[loss.evidence-paired]
weight = 1.0
start = 0
ramp = 0
";

impl TermSettings for EvidencePaired {
    fn needs(&self) -> Vec<Need> {
        vec![Need::Phrases, Need::Prototypes, Need::ImageEvidence]
    }
}
