//! Settings of the classification by the data's labels.

use std::collections::BTreeMap;

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

impl Supervised {
    /// Whether settings, by dotted key, learn from labels.
    pub(crate) fn is_on(settings: &BTreeMap<String, String>) -> bool {
        let weight = settings.get("loss.supervised.weight").and_then(|weight| weight.parse::<f64>().ok());
        weight.is_some_and(|weight| weight > 0.0)
    }
}

impl TermSettings for Supervised {
    fn needs(&self) -> Vec<Need> {
        vec![Need::Labels]
    }
}
