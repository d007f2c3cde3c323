//! Settings of `MGCA`'s cross-attention-based token-wise alignment (Wang et al., `NeurIPS` 2022, section 3.2).

use super::{Need, TermSettings};

settings! {
    /// `MGCA`'s alignment of tokens within a pair.
    pub struct TokenAlignment {
        /// Temperature of the contrast between the tokens of a pair.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        pub temperature: f64,
    }
}

pub(super) const DEFAULTS: &str = "
[loss.token-alignment]
weight = 0.0
start = 0
ramp = 0
temperature = 0.1
";

impl TermSettings for TokenAlignment {
    fn needs(&self) -> Vec<Need> {
        vec![Need::ReportTokens, Need::TokenAttention]
    }
}
