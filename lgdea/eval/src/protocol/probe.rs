//! A protocol of probes on frozen features.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::switch::{Absent, Interval, Kind, Policy, Unit, twice};
use super::zero_shot::{Ensemble, Labelling, Standardise, ThresholdRule, ZeroShotMetric, ZeroShotProtocol};

/// How features become scores of classes, and these numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProbeProtocol {
    /// Raised whenever a switch changes.
    pub version: u32,
    /// The task: `probe`.
    pub task: Kind,
    /// What it is for.
    pub description: String,
    /// Whether classes exclude each other.
    pub labels: Labelling,
    /// What becomes of −1 in the reference.
    pub uncertain: Policy,
    /// What becomes of an empty cell.
    pub blank: Policy,
    /// Shares of the training cases, each above 0 and at most 1; a probe is fitted at each.
    pub shares: Vec<f64>,
    /// Which training cases a share has.
    pub draw: Draw,
    /// What becomes of the features first.
    pub scale: Scale,
    /// What is fitted.
    pub classifier: Classifier,
    /// What becomes of a class that cannot be fitted at a share: no positive or no negative is drawn, or a case has no
    /// neighbour whose label is known.
    pub unfitted_classes: Absent,
    /// What is measured.
    pub metrics: Vec<ZeroShotMetric>,
    /// Classes that the means are of; empty for all.
    pub mean_of: Vec<String>,
    /// From a score to a decision.
    pub threshold: ThresholdRule,
    /// Intervals.
    pub interval: Interval,
}

/// Which training cases a share has. Draws of one seed are nested: what 1 % holds, 10 % holds too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Draw {
    /// What is drawn.
    pub of: Unit,
    /// What is drawn in proportion.
    pub strata: Strata,
    /// The seed.
    pub seed: u64,
}

/// What is drawn in proportion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Strata {
    /// Nothing: all are drawn alike.
    None,
    /// Each set of labels: of a patient, those of all of his or her cases.
    LabelSet,
}

/// What becomes of the features before the probe sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// They are taken as they are.
    None,
    /// Each has mean 0 and standard deviation 1 over the drawn training cases.
    Standardise,
    /// Each case's have length 1.
    UnitLength,
}

/// The classifier on the features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Classifier {
    /// Logistic regression with an L2 penalty: one for each class, or multinomial where classes exclude each other.
    Logistic(LogisticRule),
    /// The labels of the nearest training cases by cosine.
    Knn(KnnRule),
}

/// How the penalty is chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LogisticRule {
    /// What C is chosen from, rising: scikit-learn's inverse strength of the penalty. One C is taken as it is.
    pub c: Vec<f64>,
    /// What is best at it on the validation cases, at each share anew and for all classes alike. Of equally good ones the
    /// smallest C.
    pub chosen_by: CBy,
    /// What becomes of the choice without validation cases.
    pub without_validation: WithoutValidation,
}

/// What C is chosen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CBy {
    /// The mean of the classes' AUROC, each class against the rest.
    Auroc,
    /// The mean cross entropy.
    CrossEntropy,
}

/// What becomes of the choice without validation cases.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WithoutValidation {
    /// Nothing is scored.
    Refuse,
    /// This C is taken, with a warning.
    C(f64),
}

/// How neighbours are asked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnnRule {
    /// How many; all where the drawn training cases are fewer.
    pub neighbours: usize,
    /// What each weighs.
    pub weights: Weights,
}

/// What a neighbour weighs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Weights {
    /// All the same.
    Equal,
    /// `exp(cosine / temperature)`.
    Temperature(f64),
}

impl ProbeProtocol {
    /// How the scores that a probe gives are scored.
    pub fn of_scores(&self) -> ZeroShotProtocol {
        ZeroShotProtocol {
            version: self.version,
            task: self.task,
            description: self.description.clone(),
            labels: self.labels,
            uncertain: self.uncertain,
            blank: self.blank,
            ensemble: Ensemble::Mean,
            standardise: Standardise::None,
            metrics: self.metrics.clone(),
            mean_of: self.mean_of.clone(),
            threshold: self.threshold,
            interval: self.interval,
        }
    }

    pub(super) fn problem(&self) -> Option<String> {
        self.of_scores().problem().or_else(|| self.problem_of_shares()).or_else(|| self.classifier.problem())
    }

    fn problem_of_shares(&self) -> Option<String> {
        if self.shares.is_empty() {
            return Some("`shares` is empty; name at least one, such as 1.0".to_owned());
        }
        if let Some(share) = self.shares.iter().find(|&&share| !(share > 0.0 && share <= 1.0)) {
            return Some(format!("`shares` has {share}; a share is above 0 and at most 1"));
        }
        // Above 0, the bits rise with the number.
        let twice = twice(&self.shares.iter().map(|share| share.to_bits()).collect::<Vec<u64>>());
        twice.map(|bits| format!("`shares` has {} twice; remove one", f64::from_bits(bits)))
    }
}

impl Classifier {
    fn problem(&self) -> Option<String> {
        let positive = |number: f64| number > 0.0 && number.is_finite();
        match self {
            Classifier::Logistic(rule) => {
                let rises = rule.c.windows(2).all(|pair| pair[0] < pair[1]);
                if rule.c.is_empty() || !rises || !rule.c.iter().copied().all(positive) {
                    return Some(
                        "classifier.logistic.c must be one or more rising numbers above 0; change it".to_owned(),
                    );
                }
                match rule.without_validation {
                    WithoutValidation::C(c) if !positive(c) => {
                        Some(format!("classifier.logistic.without-validation has C = {c}; give a number above 0"))
                    }
                    _ => None,
                }
            }
            Classifier::Knn(KnnRule { neighbours: 0, .. }) => {
                Some("classifier.knn.neighbours is 0; ask at least one".to_owned())
            }
            Classifier::Knn(KnnRule { weights: Weights::Temperature(temperature), .. }) if !positive(*temperature) => {
                Some(format!("classifier.knn.weights has the temperature {temperature}; give a number above 0"))
            }
            Classifier::Knn(_) => None,
        }
    }
}
