//! Settings of `L_evi_loc`.

use super::{Need, TermSettings};

settings! {
    /// `L_evi_loc`: local contrast of evidence phrases and image regions, on pairs. Ours.
    pub struct EvidenceLocal {
        /// `τ_a` of a phrase's attention over regions.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        pub attention_temperature: f64,
    }
}

pub(super) const DEFAULTS: &str = "
[loss.evidence-local]
weight = 2.0
start = 0
ramp = 0
attention-temperature = 0.1
";

impl TermSettings for EvidenceLocal {
    fn needs(&self) -> Vec<Need> {
        vec![Need::Phrases, Need::PhraseRegions]
    }
}
