//! Switches that the protocols of several tasks have.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a protocol is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Zero-shot classification.
    ZeroShot,
    /// Retrieval.
    Retrieval,
    /// Phrase grounding.
    Grounding,
    /// Probes of frozen features.
    Probe,
}

/// What becomes of a label that is neither 1 nor 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// The case does not count for the class.
    Exclude,
    /// It counts as 1.
    Positive,
    /// It counts as 0.
    Negative,
}

impl Policy {
    /// The truth that it gives.
    pub fn truth(self) -> Option<bool> {
        match self {
            Policy::Exclude => None,
            Policy::Positive => Some(true),
            Policy::Negative => Some(false),
        }
    }
}

/// What becomes of scores whose input is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Absent {
    /// They are left out, with a warning.
    LeaveOut,
    /// Nothing is scored.
    Refuse,
}

/// Fewest resamples that an end of an interval is told from.
const FEWEST: usize = 100;

/// How intervals are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// From the resamples to the interval.
    pub method: Method,
    /// Resamples, 100 or more; with the method `none` 0.
    pub resamples: usize,
    /// Their seed.
    pub seed: u64,
    /// What is drawn.
    pub of: Unit,
}

/// From resamples to an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// No interval.
    None,
    /// From the 2.5th to the 97.5th percentile.
    Percentile,
    /// Bias-corrected and accelerated. It evaluates each score once more for each unit.
    Bca,
    /// Of the AUROC of a class `DeLong`'s, and in differences its p value beside the bootstrap's. Means of classes have percentiles
    /// of resamples. With the metric `auroc` alone, of cases.
    Delong,
}

/// What a resample draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Patients, with all of their cases. Each case is a patient of its own where the reference does not say.
    Patient,
    /// Cases.
    Case,
}

impl Interval {
    /// What is wrong with it in a protocol that measures `metrics`.
    pub(super) fn problem(self, metrics: &impl Serialize) -> Option<String> {
        let of_auroc = serde_json::to_value(metrics).is_ok_and(|metrics| metrics == serde_json::json!(["auroc"]));
        if self.method == Method::Delong && !(of_auroc && self.of == Unit::Case) {
            let problem = "interval.method \"delong\" is of the AUROC of classes, over cases: `metrics` must be [\"auroc\"] and \
                           interval.of \"case\"; change them, or take \"percentile\" or \"bca\"";
            return Some(problem.to_owned());
        }
        let possible = match self.method {
            Method::None => self.resamples == 0,
            Method::Percentile | Method::Bca | Method::Delong => self.resamples >= FEWEST,
        };
        (!possible).then(|| {
            format!(
                "interval.resamples must be {FEWEST} or more for an interval, and 0 for the method \"none\"; change one of the two"
            )
        })
    }
}

/// A value that occurs twice in a list.
pub(super) fn twice<T: Ord + Copy>(values: &[T]) -> Option<T> {
    let mut seen = BTreeSet::new();
    values.iter().copied().find(|value| !seen.insert(*value))
}
