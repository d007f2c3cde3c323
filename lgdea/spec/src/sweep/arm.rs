//! Arms: the experiment under named changes.

use toml::Value;

use super::role::Role;
use crate::error::SpecError;
use crate::resolve::{self, Resolved};
use crate::source::{Place, Source, SourceKind};
use crate::tree::{Content, Node};

/// Longest name of an experiment, in characters; arms of an ablation may be called after many components.
const LONGEST_NAME: usize = 100;

/// The experiment under the changes of a case or without some components.
#[derive(Debug)]
pub(crate) struct Arm {
    /// Its name.
    pub(crate) name: String,
    /// The part that it plays, where the file declares it.
    pub(crate) role: Option<Role>,
    /// Its layers, laid over each other, before choices are made that no layer makes.
    pub(crate) stack: Node,
    /// The arm with no axis applied.
    pub(crate) resolved: Resolved,
    /// Keys that the sweep file names for this arm, with all that lies below them.
    pub(crate) named: Vec<String>,
    /// What differs from the experiment, key by key.
    pub(crate) changes: Vec<(String, Value)>,
}

/// A combination of components that cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Name of the arm that would be it.
    pub arm: String,
    /// Why not.
    pub reason: String,
}

/// Arms as they are found.
pub(super) struct Arms<'a> {
    pub(super) sweep: &'a str,
    pub(super) base: &'a Node,
    /// The experiment with its choices made.
    pub(super) whole: &'a Node,
    pub(super) defaults: &'a Node,
    pub(super) found: Vec<Arm>,
}

/// The experiment of an arm.
pub(super) fn arm_of(sweep: &str, arm: &str, stack: Node, defaults: &Node) -> Result<Resolved, SpecError> {
    Resolved::from_tree(resolve::completed(named_stack(stack, sweep, arm), defaults))
}

/// Names an arm's trials.
pub(super) fn named_stack(mut stack: Node, sweep: &str, arm: &str) -> Node {
    let name: String = format!("{sweep}.{arm}").chars().take(LONGEST_NAME).collect();
    let source = Source::new(SourceKind::FileName, "file name", &name);
    let place = Place { key: 0..name.len(), value: 0..name.len(), source };
    if let Content::Table(table) = &mut stack.content {
        table.insert("name".to_owned(), Node::new(place, Content::Value(name.into())));
    }
    stack
}

/// The values of a tree by dotted key.
pub(super) fn leaves(node: &Node, path: &str, found: &mut Vec<(String, Value)>) {
    match &node.content {
        Content::Value(value) => found.push((path.to_owned(), value.clone())),
        Content::Table(table) => {
            for (name, node) in table {
                leaves(node, &crate::schema::join(path, name), found);
            }
        }
    }
}

/// What a tree has that another has not, key by key.
pub(super) fn differences(this: &Node, other: &Node) -> Vec<(String, Value)> {
    let (mut these, mut others) = (Vec::new(), Vec::new());
    leaves(this, "", &mut these);
    leaves(other, "", &mut others);
    let others: std::collections::BTreeMap<_, _> = others.into_iter().collect();
    these.retain(|(key, value)| {
        let outside = ["name", "description"].contains(&key.as_str());
        !outside && others.get(key) != Some(value)
    });
    these
}
