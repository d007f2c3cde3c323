//! A protocol of zero-shot classification.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::switch::{Absent, Interval, Kind, Policy, twice};
use crate::metric::threshold::Criterion;

/// How scores of classes become numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ZeroShotProtocol {
    /// Raised whenever a switch changes.
    pub version: u32,
    /// The task: `zero-shot`.
    pub task: Kind,
    /// What it is for.
    pub description: String,
    /// Whether classes exclude each other.
    pub labels: Labelling,
    /// What becomes of −1 in the reference.
    pub uncertain: Policy,
    /// What becomes of an empty cell.
    pub blank: Policy,
    /// What becomes of several scores a class.
    pub ensemble: Ensemble,
    /// Whether the score of a case depends on the others.
    pub standardise: Standardise,
    /// What is measured.
    pub metrics: Vec<ZeroShotMetric>,
    /// Classes that the means are of; empty for all.
    pub mean_of: Vec<String>,
    /// From a score to a decision.
    pub threshold: ThresholdRule,
    /// Intervals.
    pub interval: Interval,
}

/// Whether classes exclude each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Labelling {
    /// A case may have several, or none.
    MultiLabel,
    /// A case has exactly one.
    MultiClass,
}

/// What becomes of several scores a class, one for each prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ensemble {
    /// Their mean.
    Mean,
    /// The greatest.
    Max,
}

/// Whether scores are standardised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standardise {
    /// They are taken as they are.
    None,
    /// Each class has mean 0 and standard deviation 1 over all scored cases (transductive).
    PerClass,
}

/// How thresholds are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ThresholdRule {
    /// What is best at them.
    pub by: ChosenBy,
    /// The cases that they are chosen on; never those that are scored.
    pub chosen_on: ChosenOn,
    /// What becomes of the decisions without validation cases.
    pub without_validation: Absent,
}

/// What a threshold is chosen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChosenBy {
    /// There are no thresholds.
    None,
    /// F1.
    F1,
    /// Youden's index.
    Youden,
    /// Matthews correlation coefficient.
    Mcc,
}

impl ChosenBy {
    /// What is best at the threshold; none where there is none.
    pub fn criterion(self) -> Option<Criterion> {
        match self {
            ChosenBy::None => None,
            ChosenBy::F1 => Some(Criterion::F1),
            ChosenBy::Youden => Some(Criterion::Youden),
            ChosenBy::Mcc => Some(Criterion::Mcc),
        }
    }
}

/// Where thresholds are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChosenOn {
    /// On validation cases.
    Validation,
}

/// What is measured of classes. `top-…` are of the decision for one of classes that exclude each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ZeroShotMetric {
    /// Area under the ROC curve.
    Auroc,
    /// Average precision.
    AveragePrecision,
    /// Area under straight lines between the points of the precision–recall curve, which others call AUPRC.
    AuprcTrapezoid,
    /// Brier score, of probabilities.
    Brier,
    /// Expected calibration error over 15 bins, of probabilities.
    Ece,
    /// F1 at the threshold.
    F1,
    /// Matthews correlation coefficient at the threshold.
    Mcc,
    /// Accuracy at the threshold.
    Accuracy,
    /// Balanced accuracy at the threshold.
    BalancedAccuracy,
    /// Sensitivity at the threshold.
    Sensitivity,
    /// Specificity at the threshold.
    Specificity,
    /// Accuracy of the class with the greatest score.
    TopAccuracy,
    /// Mean over classes of the share that is right: macro recall.
    TopBalancedAccuracy,
    /// Macro precision.
    TopPrecision,
    /// Macro F1.
    TopF1,
    /// Matthews correlation coefficient of several classes.
    TopMcc,
}

impl ZeroShotMetric {
    /// Whether it is of a decision by a threshold.
    pub fn needs_threshold(self) -> bool {
        (Self::F1..=Self::Specificity).contains(&self)
    }

    /// Whether it is of a decision for one of several classes.
    pub fn is_of_the_top(self) -> bool {
        self >= Self::TopAccuracy
    }

    /// Its name in files.
    fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

impl ZeroShotProtocol {
    /// Whether anything is measured of decisions, which need thresholds.
    pub fn decides(&self) -> bool {
        self.metrics.iter().any(|metric| metric.needs_threshold())
    }

    /// Measures nothing of decisions.
    pub(crate) fn leave_out_decisions(&mut self) {
        self.metrics.retain(|metric| !metric.needs_threshold());
    }

    pub(super) fn problem(&self) -> Option<String> {
        if self.metrics.is_empty() {
            return Some("`metrics` is empty; name what is measured".to_owned());
        }
        if let Some(metric) = twice(&self.metrics) {
            return Some(format!("`metrics` has \"{}\" twice; remove one", metric.name()));
        }
        let of_top = self.metrics.iter().find(|metric| metric.is_of_the_top());
        if let (Labelling::MultiLabel, Some(metric)) = (self.labels, of_top) {
            let name = metric.name();
            return Some(format!(
                "\"{name}\" is of classes that exclude each other, but `labels` is \"multi-label\"; change one"
            ));
        }
        let decided = self.metrics.iter().find(|metric| metric.needs_threshold());
        match decided {
            Some(metric) if self.threshold.by == ChosenBy::None => {
                Some(format!("\"{}\" needs thresholds, but threshold.by is \"none\"; change one", metric.name()))
            }
            _ => None,
        }
    }
}
