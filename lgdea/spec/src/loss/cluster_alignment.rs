//! Settings of `MGCA`'s cross-modal prototype alignment (Wang et al., `NeurIPS` 2022, section 3.3).
//!
//! Its prototypes are clusters of studies, unlike the evidence space's.

use super::{Need, TermSettings};

settings! {
    /// `MGCA`'s alignment of cluster assignments, on pairs.
    pub struct ClusterAlignment {
        /// Number of clusters.
        #[schemars(range(min = 2))]
        pub clusters: usize,
        /// Temperature of the predicted assignments.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        pub temperature: f64,
        /// Entropic regularisation of the target assignments.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        pub epsilon: f64,
        /// Sinkhorn iterations.
        #[schemars(range(min = 1))]
        pub iterations: usize,
    }
}

pub(super) const DEFAULTS: &str = "
[loss.cluster-alignment]
weight = 0.0
start = 0
ramp = 0
clusters = 32                 # the paper's 500 are for 200,000 studies
temperature = 0.2
epsilon = 0.05
iterations = 3
";

impl TermSettings for ClusterAlignment {
    fn needs(&self) -> Vec<Need> {
        vec![Need::Clusters(self.clusters)]
    }
}
