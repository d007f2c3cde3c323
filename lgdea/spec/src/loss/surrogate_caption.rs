//! Settings of `SemiCLIP`'s surrogate captions (Gan et al., `ICLR` 2025).

use super::{Need, TermSettings};

settings! {
    /// `SemiCLIP`'s concepts and surrogate captions: an unpaired image has the evidence phrases that it is nearest to for a report, and
    /// the geometry of images and reports is to be the same.
    pub struct SurrogateCaption {
        /// Phrases of an unpaired image.
        #[schemars(range(min = 1))]
        pub phrases: usize,
        /// Share of the unpaired images, the most certain of their captions, that take part in the geometry.
        #[schemars(extend("exclusiveMinimum" = 0.0), range(max = 1.0))]
        pub share: f64,
        /// Weight of the geometry beside the phrases.
        #[schemars(range(min = 0.0))]
        pub consistency: f64,
    }
}

pub(super) const DEFAULTS: &str = "
[loss.surrogate-caption]
weight = 0.0
start = 100
ramp = 50
phrases = 2
share = 0.3
consistency = 1.0
";

impl TermSettings for SurrogateCaption {
    fn needs(&self) -> Vec<Need> {
        vec![Need::Phrases, Need::UnpairedImages]
    }
}
