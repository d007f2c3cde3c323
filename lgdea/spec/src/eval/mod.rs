//! `[eval]`: what is evaluated, on which splits and sets.

pub(crate) mod data_file;
mod grounding;
mod retrieval;
pub(crate) mod set;
mod zero_shot;

use std::collections::BTreeMap;

use lgdea_metric::{Instance, Split, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules::Findings;

pub use grounding::{Grounding, HeatMap};
pub use retrieval::Retrieval;
pub use set::{EvaluationSet, ScoredStudies};
pub use zero_shot::ZeroShot;

/// Evaluation on the validation and test splits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Eval {
    /// Steps between scores of the validation split while training goes on, as early stopping in a sweep needs them; 0 for
    /// scores at the end alone. They have no intervals.
    pub every: usize,
    /// The splits that are scored at the end, as far as the data have studies of them. What tunes leaves the test split
    /// out: `["validation"]`.
    #[schemars(length(min = 1))]
    pub splits: Vec<HeldOut>,
    /// Bootstrap resamples (by study) for the 95 % intervals; 0 for none.
    pub bootstrap: usize,
    /// Zero-shot classification.
    pub zero_shot: ZeroShot,
    /// Image–report retrieval.
    pub retrieval: Retrieval,
    /// Phrase grounding.
    pub grounding: Grounding,
    /// Evaluation sets by name: studies of other data than the experiment's, or the same with other prompts, that a trained model
    /// is scored on, too. Their scores are `<name>/<task>/<metric>`. They change nothing of the training.
    #[serde(rename = "set", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sets: BTreeMap<String, EvaluationSet>,
}

/// A split that training does not see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeldOut {
    /// What settings are chosen by.
    Validation,
    /// What is reported.
    Test,
}

impl HeldOut {
    /// The split as names of scores have it.
    pub fn split(self) -> Split {
        match self {
            HeldOut::Validation => Split::Validation,
            HeldOut::Test => Split::Test,
        }
    }
}

impl Eval {
    /// Names of the scores of a split as runs log them, but for the scores of single classes, which prompts name.
    pub fn score_names(&self) -> Vec<String> {
        let tasks = Task::OF_RUNS.into_iter().filter(|task| self.evaluates(*task));
        let instances = tasks.flat_map(Task::declarations).flat_map(|one| one.instances(&self.retrieval.at, &[]));
        instances.map(|instance| instance.name()).collect()
    }

    /// Whether runs log a score of this name, below a split's; of a single class whatever the class.
    pub fn logs(&self, score: &str) -> bool {
        Instance::find(score).is_some_and(|Instance { declaration, of }| {
            self.evaluates(declaration.task) && of.k.is_none_or(|k| self.retrieval.at.contains(&k))
        })
    }

    fn evaluates(&self, task: Task) -> bool {
        match task {
            Task::ZeroShot => self.zero_shot.enabled,
            Task::Retrieval => self.retrieval.enabled,
            Task::Grounding => self.grounding.enabled,
            Task::Evidence | Task::ZeroShotOutputs | Task::RetrievalOutputs | Task::GroundingOutputs | Task::Probe => {
                false
            }
        }
    }

    /// How an evaluation set is scored: its own tasks, and what else is said of all.
    pub fn of_set(&self, set: &EvaluationSet) -> Eval {
        let EvaluationSet { zero_shot, retrieval, grounding, .. } = set.clone();
        Eval {
            every: 0,
            splits: Vec::new(),
            bootstrap: self.bootstrap,
            zero_shot,
            retrieval,
            grounding,
            sets: BTreeMap::new(),
        }
    }

    pub(crate) fn check(&self, findings: &mut Findings<'_>) {
        self.zero_shot.check("eval.zero-shot", findings);
        for (name, set) in &self.sets {
            set.check(name, findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::refusal;

    #[test]
    fn shares_that_leave_less_than_nothing_are_refused() {
        insta::assert_snapshot!(refusal(&[("e.toml", "[eval]\nzero-shot.evidence-share = 0.7\n")], &[]));
    }
}
