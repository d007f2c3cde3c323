//! Settings of `GLoRIA`'s local loss (Huang et al., ICCV 2021, equations 2 to 6).

use super::{Need, TermSettings};

settings! {
    /// `GLoRIA`'s local contrast of words and image regions, on pairs.
    pub struct Local {
        /// `τ1` of a word's attention over regions.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        pub attention_temperature: f64,
        /// `τ2` with which the words' similarities are summed: small values keep the best words.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        pub aggregation_temperature: f64,
        /// `τ3` of the contrast between studies.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        pub temperature: f64,
        /// Most pairs of a batch that are contrasted: time and memory grow with its square.
        #[schemars(range(min = 2))]
        pub pairs: usize,
    }
}

pub(super) const DEFAULTS: &str = "
[loss.local]
weight = 0.0
start = 0
ramp = 0
attention-temperature = 0.25
aggregation-temperature = 0.2
temperature = 0.1
pairs = 20
";

impl TermSettings for Local {
    fn needs(&self) -> Vec<Need> {
        vec![Need::ReportTokens, Need::WordRegions]
    }
}
