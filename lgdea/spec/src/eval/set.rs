//! `[eval.set.<name>]`: other studies that a trained model is scored on.

use std::collections::BTreeMap;

use lgdea_metric::EvalSet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Grounding, Retrieval, Within, ZeroShot, check_within, protocols};
use crate::Data;
use crate::error::{Problem, ProblemKind};
use crate::rules::Findings;
use crate::schema::{Schema, join};
use crate::tree::{ChoiceRule, Content, Node};

/// Path of the table of evaluation sets.
pub(crate) const TABLE: &str = "eval.set";
/// The tasks of a set, whose settings are those of `[eval]` where the set gives no others.
const TASKS: [&str; 3] = ["zero-shot", "retrieval", "grounding"];
/// In the defaults of a table whose keys a user names: those of each.
pub(crate) const EACH: &str = "*";
pub(crate) const STUDIES: &str = "studies";
/// The studies that are scored unless a set names others.
const UNLESS_GIVEN: &str = "test";

/// Studies that a trained model is scored on, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EvaluationSet {
    /// Where its studies come from, as in `[data]`; without, they are the experiment's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-as" = "data"))]
    pub data: Option<Data>,
    /// Which of its studies are scored. Studies of patients that training has seen are left out, and counted.
    pub studies: ScoredStudies,
    /// What its studies are divided by, as `eval.within`; what is not given is as there, and `[]` divides none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Vec<Within>>,
    /// Zero-shot classification; what is not given is as in `[eval.zero-shot]`.
    #[schemars(extend("x-as" = "eval.zero-shot"))]
    pub zero_shot: ZeroShot,
    /// Image–report retrieval; what is not given is as in `[eval.retrieval]`.
    #[schemars(extend("x-as" = "eval.retrieval"))]
    pub retrieval: Retrieval,
    /// Phrase grounding; what is not given is as in `[eval.grounding]`.
    #[schemars(extend("x-as" = "eval.grounding"))]
    pub grounding: Grounding,
}

/// Which studies of an evaluation set are scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScoredStudies {
    /// Those of the test split.
    Test,
    /// Those of the validation split.
    Validation,
    /// All of them, whatever their split: for files without splits.
    All,
}

impl EvaluationSet {
    /// The protocols that score tasks of the set, by the keys of the tasks in its table.
    pub fn protocols(&self) -> impl Iterator<Item = (&'static str, &str)> {
        protocols(&self.zero_shot, &self.retrieval, &self.grounding)
    }

    pub(crate) fn check(&self, name: &str, findings: &mut Findings<'_>) {
        let table = join(TABLE, name);
        let refusal = EvalSet::refusal(name);
        findings.require(
            refusal.is_none(),
            &[&table],
            format!("an evaluation set cannot be called `{name}`: {}", refusal.unwrap_or_default()),
            "give it another name, such as `chexpert-5x200`",
        );
        self.zero_shot.check(&join(&table, "zero-shot"), findings);
        self.retrieval.check(&join(&table, "retrieval"), findings);
        check_within(&join(&table, "within"), self.within.as_deref().unwrap_or_default(), findings);
        let Some(data) = &self.data else { return };
        let table = join(&table, "data");
        findings.require(
            !data.name().is_empty(),
            &[&table],
            format!("`[{table}]` names no source"),
            "name one, such as `[eval.set.<name>.data.manifest]`, or leave the table out for the experiment's own data",
        );
        data.check(&table, findings);
    }
}

/// Gives the evaluation sets of a tree what they do not say: settings of tasks from `[eval]`, of sources from the defaults.
pub(crate) fn complete(mut tree: Node, defaults: &Node) -> Node {
    let Some(eval) = tree.get("eval").filter(|eval| eval.get("set").is_some()).cloned() else { return tree };
    let root = Schema::root();
    let Some(place) = defaults.get("eval").map(|node| node.place.clone()) else { return tree };
    let sets = TABLE.split('.').try_fold(&mut tree, |node, key| node.table_mut()?.get_mut(key));
    for set in sets.and_then(Node::table_mut).into_iter().flat_map(BTreeMap::values_mut) {
        let Some(table) = set.table_mut() else { continue };
        for task in TASKS {
            let (Some(lower), Some(schema)) = (eval.get(task).cloned(), root.at(&join("eval", task))) else { continue };
            let whole = match table.remove(task) {
                Some(own) => lower.merge(own, schema, None, ChoiceRule::Join),
                None => lower,
            };
            table.insert(task.to_owned(), whole);
        }
        table
            .entry(STUDIES.to_owned())
            .or_insert_with(|| Node::new(place.clone(), Content::Value(UNLESS_GIVEN.into())));
        let sources = table.get_mut("data").and_then(Node::table_mut);
        for (name, source) in sources.into_iter().flatten() {
            let path = join("data", name);
            let lower = defaults.find(path.split('.')).cloned();
            if let (Some(lower), Some(schema)) = (lower, root.at(&path)) {
                *source = lower.merge(source.clone(), schema, None, ChoiceRule::Join);
            }
        }
    }
    tree
}

/// Takes a set out of a tree.
pub(crate) fn remove(tree: &mut Node, name: &str) {
    if let Some(sets) = TABLE.split('.').try_fold(tree, |node, key| node.table_mut()?.get_mut(key)) {
        sets.remove(name);
    }
}

/// The keys of a layer that is to have evaluation sets alone, but for these.
pub(crate) fn besides(layer: &Node) -> Vec<Problem> {
    let keys = |node: Option<&Node>, but: &str| -> Vec<Problem> {
        let table = node.and_then(Node::table).into_iter().flatten().filter(|(name, _)| *name != but);
        let problem = |(_, node): (&String, &Node)| {
            let kind = ProblemKind::Inconsistent {
                reason: "a file of evaluation sets holds tables `[eval.set.<name>]` and nothing else".to_owned(),
                remedy: "take this out: the rest is as the run has it".to_owned(),
            };
            Problem::at_key(kind, &node.place)
        };
        table.map(problem).collect()
    };
    let mut problems = keys(Some(layer), "eval");
    problems.extend(keys(layer.get("eval"), "set"));
    problems
}

/// What a set starts from, given the defaults of an experiment.
pub(crate) fn defaults(of_experiment: &Value) -> Value {
    let mut set = json!({ STUDIES: UNLESS_GIVEN, "data": of_experiment["data"] });
    for task in TASKS {
        set[task] = of_experiment["eval"][task].clone();
    }
    set
}

#[cfg(test)]
mod tests {
    use crate::testing::{refusal, resolved_with};
    use crate::{Experiment, ScoredStudies};

    const SET: &str = "[eval.set.nih.data.manifest]\nroot = '/n'\nstudies = ['n.csv']\n";

    fn experiment(text: &str, flags: &[&str]) -> Experiment {
        resolved_with(text, flags).experiment
    }

    #[test]
    fn what_a_set_does_not_say_is_as_in_the_experiment_and_its_sources_have_their_defaults() {
        let text = format!(
            "[eval.zero-shot]\nlocal-share = 0.1\n[eval.set.nih]\nstudies = 'all'\nzero-shot.prompts = 'chexpert'\n{SET}"
        );
        let eval = experiment(&text, &["eval.zero-shot.evidence-share=0.3", "eval.retrieval.enabled=false"]).eval;
        let set = &eval.sets["nih"];
        assert_eq!((set.zero_shot.prompts.as_str(), set.studies), ("chexpert", ScoredStudies::All));
        assert_eq!((set.zero_shot.local_share, set.zero_shot.evidence_share), (0.1, 0.3));
        assert!(!set.retrieval.enabled && set.grounding.enabled);
        let manifest = set.data.as_ref().unwrap().manifest.as_ref().unwrap();
        assert_eq!((manifest.root.as_str(), manifest.columns.study.as_str()), ("/n", "study"));
        assert_eq!(eval.of_set(set).zero_shot.prompts, "chexpert");
    }

    #[test]
    fn an_experiment_with_sets_resolves_to_itself() {
        let resolved = resolved_with(&format!("[eval.set.other.zero-shot]\nprompts = 'pneumonia'\n{SET}"), &[]);
        let again = resolved_with(&resolved.to_toml(), &[]);
        assert_eq!(again.experiment, resolved.experiment);
        assert_eq!(again.experiment.identity(), resolved.experiment.identity());
        assert_eq!(resolved.experiment.eval.sets["other"].data, None);
    }

    #[test]
    fn a_set_changes_the_run_and_not_the_training() {
        let [without, with] = ["", SET].map(|text| experiment(text, &[]));
        assert_ne!(with.identity(), without.identity());
        assert_eq!(with.training_identity(), without.training_identity());
        let moved = experiment(SET, &["eval.set.nih.data.manifest.root=/elsewhere"]);
        assert_eq!(moved.identity(), with.identity(), "the same files may lie elsewhere");
    }

    #[test]
    fn what_a_set_cannot_be_is_refused_where_it_stands() {
        let text = "[eval.set.test]\n[eval.set.a]\nprompts = 'chexpert'\nstudies = 'train'\n[eval.set.b.data.mimic]\n\
                    [eval.set.c.data.manifest]\nroot = 'x'\n";
        insta::assert_snapshot!(refusal(&[("e.toml", text)], &[]));
        let text = "[eval.set.test]\n[eval.set.A]\n[eval.set.b]\nzero-shot.local-share = 0.9\n[eval.set.c.data]\n\
                    [eval.set.d.data.manifest]\n";
        insta::assert_snapshot!(refusal(&[("e.toml", text)], &[]));
        let text = "[eval.set.test]\n[eval.set.A]\n[eval.set.b]\nzero-shot.local-share = 0.9\n[eval.set.c.data]\n";
        insta::assert_snapshot!(refusal(&[("e.toml", text)], &[]));
    }
}
