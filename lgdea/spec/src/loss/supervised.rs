//! Settings of the classification by the data's labels.

use super::{Need, TermSettings};

settings! {
    /// Classification by the data's labels, on all images: a ceiling that uses what no other method sees.
    pub struct Supervised {}
}

pub(super) const DEFAULTS: &str = "
[loss.supervised]
weight = 0.0
start = 0
ramp = 0
";

impl TermSettings for Supervised {
    fn needs(&self) -> Vec<Need> {
        vec![Need::Labels]
    }
}
