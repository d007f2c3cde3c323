//! The part that an arm plays in a comparison.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::loss::Supervised;

/// The part that an arm plays in a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A method among others.
    Method,
    /// What a method is to beat.
    Baseline,
    /// A method without a part of it.
    Ablation,
    /// It learns from what the task hides (reports of unpaired images, labels): how far a method could come. It is never called
    /// the best one.
    Ceiling,
}

impl Role {
    /// Whether an experiment with these settings, by dotted key, learns from what the task hides: with the oracle, which reads the
    /// reports of unpaired images, or from labels. What its file does not declare otherwise is a ceiling then.
    pub fn is_ceiling(settings: &BTreeMap<String, String>) -> bool {
        settings.get("graph.oracle").is_some_and(|oracle| oracle == "true") || Supervised::is_on(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_learns_from_hidden_reports_or_labels_is_a_ceiling() {
        let is = |key: &str, value: &str| Role::is_ceiling(&BTreeMap::from([(key.to_owned(), value.to_owned())]));
        assert!(is("graph.oracle", "true") && is("loss.supervised.weight", "0.5"));
        assert!(
            !is("graph.oracle", "false") && !is("loss.supervised.weight", "0.0") && !is("loss.global.weight", "1.0")
        );
        assert!(!Role::is_ceiling(&BTreeMap::new()));
    }
}
