//! Rules that tie several keys together; each table's own are beside its type.

use crate::error::{Problem, ProblemKind};
use crate::tree::Node;

/// Problems of a resolved experiment, each with the place of the value that breaks the rule.
pub(crate) struct Findings<'a> {
    tree: &'a Node,
    problems: Vec<Problem>,
}

impl<'a> Findings<'a> {
    /// No problem yet of the experiment that this tree gives.
    pub(crate) fn new(tree: &'a Node) -> Self {
        Findings { tree, problems: Vec::new() }
    }

    /// The problems that were found.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Notes, unless it `holds`, that a rule over the values at some keys is broken. The problem points at the first
    /// of them that someone wrote: nobody can change a default.
    pub(crate) fn require(&mut self, holds: bool, keys: &[&str], reason: String, remedy: &str) {
        if holds {
            return;
        }
        let kind = ProblemKind::Inconsistent { reason, remedy: remedy.to_owned() };
        let mut places = keys.iter().filter_map(|key| self.tree.find(key.split('.'))).map(|node| &node.place);
        let written = places.find(|place| place.is_written());
        self.problems.push(match written {
            Some(place) => Problem::at_value(kind, place),
            None => Problem::nowhere(kind),
        });
    }
}
