//! Settings of pseudo-pairs by nearest neighbours across modalities.

use super::{Need, TermSettings};

settings! {
    /// Contrast of unpaired images with the unpaired reports that were matched to them.
    pub struct PseudoPair {
        /// Share of the unpaired images that are matched: mutual nearest neighbours first, then the most similar.
        #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
        pub share: f64,
        /// Steps between matchings.
        #[schemars(range(min = 1))]
        pub refresh: usize,
    }
}

pub(super) const DEFAULTS: &str = "
[loss.pseudo-pair]
weight = 0.0
start = 100
ramp = 50
share = 0.3
refresh = 75
";

impl TermSettings for PseudoPair {
    fn needs(&self) -> Vec<Need> {
        vec![Need::UnpairedImages, Need::MatchedReports]
    }
}
