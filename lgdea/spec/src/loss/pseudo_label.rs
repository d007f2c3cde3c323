//! Settings of `S-CLIP`'s caption-level pseudo-labels (Mo et al., `NeurIPS` 2023).

use super::{Need, TermSettings};

settings! {
    /// `S-CLIP`'s caption-level pseudo-labels: unpaired images take the reports of the pairs that they resemble.
    pub struct PseudoLabel {
        /// Entropic regularisation of the optimal transport between unpaired and paired images.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        pub temperature: f64,
        /// Sinkhorn iterations.
        #[schemars(range(min = 1))]
        pub iterations: usize,
    }
}

pub(super) const DEFAULTS: &str = "
[loss.pseudo-label]
weight = 0.0
start = 100
ramp = 50
temperature = 0.1
iterations = 10
";

impl TermSettings for PseudoLabel {
    fn needs(&self) -> Vec<Need> {
        vec![Need::UnpairedImages]
    }
}
