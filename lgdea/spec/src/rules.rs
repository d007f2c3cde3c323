//! Rules that tie several keys together; each table's own are beside its type.

use crate::Experiment;
use crate::error::{Problem, ProblemKind};
use crate::source::SourceKind;
use crate::tree::Node;

/// Problems of a resolved experiment, each with the place of the value that breaks the rule.
pub(crate) struct Findings<'a> {
    tree: &'a Node,
    problems: Vec<Problem>,
}

impl Findings<'_> {
    /// Notes, unless it `holds`, that a rule over the values at some keys is broken. The problem points at the first
    /// of them that someone wrote: nobody can change a default.
    pub(crate) fn require(&mut self, holds: bool, keys: &[&str], reason: String, remedy: &str) {
        if holds {
            return;
        }
        let kind = ProblemKind::Inconsistent { reason, remedy: remedy.to_owned() };
        let mut places = keys.iter().filter_map(|key| self.tree.find(key.split('.'))).map(|node| &node.place);
        let written = places.find(|place| place.source.kind != SourceKind::Defaults);
        self.problems.push(match written {
            Some(place) => Problem::at_value(kind, place),
            None => Problem::nowhere(kind),
        });
    }
}

/// The rules that an experiment breaks.
pub(crate) fn broken(experiment: &Experiment, tree: &Node) -> Vec<Problem> {
    let mut findings = Findings { tree, problems: Vec::new() };
    experiment.data.check(&mut findings);
    experiment.encoder.check(&mut findings);
    experiment.graph.check(&mut findings);
    experiment.loss.check(&mut findings);
    experiment.train.check(&experiment.encoder, &mut findings);
    experiment.eval.check(&mut findings);
    findings.problems
}
