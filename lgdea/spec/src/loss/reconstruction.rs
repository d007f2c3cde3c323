//! Settings of `L_rec`.

use super::{Need, TermSettings};

settings! {
    /// `L_rec` (the paper's equation 5): prototypes reconstruct evidence phrases, on all reports.
    pub struct Reconstruction {
        /// `λ_µ`, weight of the squared norm of the prototypes.
        #[schemars(range(min = 0.0))]
        pub prototype_decay: f64,
        /// Whether phrases are constants here, so that the term moves prototypes only.
        pub stop_gradient: bool,
    }
}

pub(super) const DEFAULTS: &str = "
[loss.reconstruction]
weight = 1.0
start = 0
ramp = 0
prototype-decay = 1e-3
stop-gradient = true
";

impl TermSettings for Reconstruction {
    fn needs(&self) -> Vec<Need> {
        vec![Need::Phrases, Need::Prototypes]
    }
}
