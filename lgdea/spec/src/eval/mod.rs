//! `[eval]`: what is evaluated, on which splits and sets.

pub(crate) mod data_file;
mod grounding;
mod retrieval;
pub(crate) mod set;
mod within;
mod zero_shot;

use std::collections::BTreeMap;

use lgdea_metric::{Instance, Split, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules::Findings;

pub use grounding::{Grounding, HeatMap};
pub use retrieval::{Bank, Retrieval};
pub use set::{EvaluationSet, ScoredStudies};
pub use within::Within;
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
    /// Bootstrap resamples (of patients, with all of their studies) for the 95 % intervals; 0 for none.
    pub bootstrap: usize,
    /// What studies are divided by, to be scored among their like, too: `view`, `source`, `sex`, and bands such as `age:40,60,80`,
    /// crossed where there are several. Each stratum is scored for itself; the mean of them, weighted by their sizes, stands beside
    /// the plain score. Empty for the plain scores alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<Within>,
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
    /// The protocols that score tasks, by the keys of the tasks in the table.
    pub fn protocols(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Eval { zero_shot, retrieval, grounding, .. } = self;
        protocols(zero_shot, retrieval, grounding)
    }

    /// Names of the scores of a split as runs log them, but for the scores of single classes, which prompts name, and for those of
    /// protocols.
    pub fn score_names(&self) -> Vec<String> {
        let by_protocol = |task: &Task| self.protocol(*task).is_some();
        let tasks = Task::OF_RUNS.into_iter().chain([Task::ZeroShotWithin, Task::RetrievalWithin]);
        let tasks = tasks.filter(|task| self.evaluates(*task) && !by_protocol(task));
        let instances = tasks.flat_map(Task::declarations).flat_map(|one| one.instances(&self.retrieval.at, &[]));
        instances.map(|instance| instance.name()).collect()
    }

    /// Whether runs log a score of this name, below a split's; of a single class whatever the class.
    pub fn logs(&self, score: &str) -> bool {
        Instance::find(score).is_some_and(|Instance { declaration, of }| {
            // Which scores a protocol gives, it says itself.
            let is_possible = |k: usize| self.protocol(declaration.task).is_some() || self.retrieval.at.contains(&k);
            self.evaluates(declaration.task) && of.k.is_none_or(is_possible)
        })
    }

    fn evaluates(&self, task: Task) -> bool {
        match task {
            Task::ZeroShot => self.zero_shot.enabled,
            Task::Retrieval => self.retrieval.enabled,
            Task::Grounding => self.grounding.enabled,
            Task::ZeroShotWithin | Task::RetrievalWithin => self.divides(task),
            Task::ZeroShotOutputs | Task::RetrievalOutputs | Task::GroundingOutputs => self.protocol(task).is_some(),
            Task::Evidence | Task::Probe => false,
        }
    }

    /// Whether scores within strata are logged. A protocol measures what it says, and nothing else.
    fn divides(&self, task: Task) -> bool {
        let enabled = if task == Task::ZeroShotWithin { self.zero_shot.enabled } else { self.retrieval.enabled };
        enabled && !self.within.is_empty() && self.protocol(task).is_none()
    }

    /// The protocol that scores a task, where one does.
    fn protocol(&self, task: Task) -> Option<&str> {
        let key = match task {
            Task::ZeroShot | Task::ZeroShotOutputs | Task::ZeroShotWithin => "zero-shot",
            Task::Retrieval | Task::RetrievalOutputs | Task::RetrievalWithin => "retrieval",
            Task::Grounding | Task::GroundingOutputs => "grounding",
            Task::Evidence | Task::Probe => return None,
        };
        self.protocols().find(|(task, _)| *task == key).map(|(_, protocol)| protocol)
    }

    /// How an evaluation set is scored: its own tasks, and what else is said of all.
    pub fn of_set(&self, set: &EvaluationSet) -> Eval {
        let EvaluationSet { within, zero_shot, retrieval, grounding, .. } = set.clone();
        Eval {
            every: 0,
            splits: Vec::new(),
            bootstrap: self.bootstrap,
            within: within.unwrap_or_else(|| self.within.clone()),
            zero_shot,
            retrieval,
            grounding,
            sets: BTreeMap::new(),
        }
    }

    pub(crate) fn check(&self, findings: &mut Findings<'_>) {
        self.zero_shot.check("eval.zero-shot", findings);
        self.retrieval.check("eval.retrieval", findings);
        check_within("eval.within", &self.within, findings);
        for (name, set) in &self.sets {
            set.check(name, findings);
        }
    }
}

/// Notes a column that is named twice; `key` is that of the list.
fn check_within(key: &str, columns: &[Within], findings: &mut Findings<'_>) {
    if let Some(column) = within::twice(columns) {
        findings.require(false, &[key], format!("`{column}` is named twice"), "name each column once");
    }
}

/// Notes where the shares of a task's table, the evidence's and the local one's, sum to more than all; `left` says what to do.
fn check_shares(table: &str, evidence: f64, local: f64, left: &str, findings: &mut Findings<'_>) {
    findings.require(
        evidence + local <= 1.0,
        &[&format!("{table}.evidence-share"), &format!("{table}.local-share")],
        format!("the shares of the evidence ({evidence}) and local ({local}) scores sum to more than 1"),
        left,
    );
}

/// The protocols of the tasks that run, by the tasks' keys.
fn protocols<'e>(
    zero_shot: &'e ZeroShot,
    retrieval: &'e Retrieval,
    grounding: &'e Grounding,
) -> impl Iterator<Item = (&'static str, &'e str)> {
    let tasks = [
        ("zero-shot", zero_shot.enabled, &zero_shot.protocol),
        ("retrieval", retrieval.enabled, &retrieval.protocol),
        ("grounding", grounding.enabled, &grounding.protocol),
    ];
    let chosen = tasks.into_iter().filter(|(_, enabled, protocol)| *enabled && !protocol.is_empty());
    chosen.map(|(task, _, protocol)| (task, protocol.as_str()))
}

/// The file that a choice names, where it is not a shipped one.
pub(crate) fn file(choice: &str) -> Option<&str> {
    choice.to_ascii_lowercase().ends_with(".toml").then_some(choice)
}

#[cfg(test)]
mod tests {
    use crate::testing::refusal;

    #[test]
    fn shares_that_leave_less_than_nothing_are_refused() {
        insta::assert_snapshot!(refusal(&[("e.toml", "[eval]\nzero-shot.evidence-share = 0.7\n")], &[]));
    }
}
