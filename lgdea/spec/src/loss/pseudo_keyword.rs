//! Settings of `S-CLIP`'s keyword-level pseudo-labels (Mo et al., `NeurIPS` 2023).

use super::{Need, TermSettings};

settings! {
    /// `S-CLIP`'s keyword-level pseudo-labels: an unpaired image finds some of the evidence phrases of the pair that it resembles most.
    pub struct PseudoKeyword {}
}

pub(super) const DEFAULTS: &str = "
[loss.pseudo-keyword]
weight = 0.0
start = 100
ramp = 50
";

impl TermSettings for PseudoKeyword {
    fn needs(&self) -> Vec<Need> {
        vec![Need::Phrases, Need::UnpairedImages]
    }
}
