//! Settings of `L_txt`.

use super::{Need, TermSettings};

settings! {
    /// `L_txt`: a report against the sum of its evidence phrases, on all reports. Ours.
    pub struct TextEvidence {}
}

pub(super) const DEFAULTS: &str = "
[loss.text-evidence]
weight = 1.0
start = 0
ramp = 0
";

impl TermSettings for TextEvidence {
    fn needs(&self) -> Vec<Need> {
        vec![Need::Phrases, Need::TextWarmup]
    }
}
