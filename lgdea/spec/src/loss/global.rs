//! Settings of `L_glob`.

use super::TermSettings;

settings! {
    /// `L_glob`: symmetric `InfoNCE` of image and report embeddings, on pairs.
    pub struct Global {}
}

pub(super) const DEFAULTS: &str = "
[loss.global]
weight = 1.0
start = 0
ramp = 0
";

impl TermSettings for Global {}
