//! What trials share: tables that the same values are laid over are merged, checked and hashed once.

use std::collections::HashMap;
use std::sync::Arc;

use super::Sweep;
use crate::error::{Problem, SpecError};
use crate::schema::Schema;
use crate::tree::{ChoiceRule, Content, Node};
use crate::{Experiment, completeness, resolve, rules};

/// Lays deltas over the layers of an arm, as flags would be.
pub(super) fn laid_over<'n>(stack: Node, deltas: impl IntoIterator<Item = &'n Node>, lent: &Node) -> Node {
    let root = Schema::root();
    deltas.into_iter().fold(stack, |tree, delta| tree.merge(delta.clone(), root, Some(lent), ChoiceRule::Adjust))
}

/// Makes the choices that no layer makes.
pub(super) fn chosen(tree: Node, lent: &Node) -> Node {
    tree.with_default_choices(Schema::root(), lent)
}

/// A top-level key as some trials have it.
#[derive(Debug)]
pub(super) struct Table {
    /// Its JSON, as the identity has it.
    pub(super) identity: Box<str>,
    /// Its JSON as it is, of a table that names what trials read: the identity leaves paths out.
    pub(super) json: Arc<str>,
}

/// The points of the axes that touch a table; the others cannot change it.
type Points = Box<[Option<u32>]>;

/// The tables of one arm, made as they are asked for.
pub(super) struct Tables<'a> {
    sweep: &'a Sweep,
    arm: usize,
    /// For each top-level key of the experiment, the axes that touch it.
    touching: HashMap<&'static str, Vec<usize>>,
    /// Trees of tables that conditions read.
    merged: HashMap<(&'static str, Points), Arc<Node>>,
    /// The arm, of which a table at a time is replaced.
    experiment: Experiment,
    checked: HashMap<(&'static str, Points), Option<Arc<Table>>>,
}

impl<'a> Tables<'a> {
    pub(super) fn new(sweep: &'a Sweep, arm: usize) -> Tables<'a> {
        let of_axis = |axis: usize| sweep.axes[axis].keys.iter().map(|key| first_name(key));
        let touching = Experiment::TABLES.iter().map(|&table| {
            let axes = (0..sweep.axes.len()).filter(|&axis| of_axis(axis).any(|name| name == table));
            (table, axes.collect())
        });
        Tables {
            sweep,
            arm,
            touching: touching.collect(),
            merged: HashMap::new(),
            experiment: sweep.arms[arm].resolved.experiment.clone(),
            checked: HashMap::new(),
        }
    }

    /// The points that decide what a table holds.
    pub(super) fn deciding(&self, table: &str, points: &[Option<u32>]) -> Points {
        let axes = self.touching.get(table).map_or(&[][..], Vec::as_slice);
        // Axes that are not reached yet apply nowhere.
        axes.iter().map(|&axis| points.get(axis).copied().flatten()).collect()
    }

    /// The tree of a top-level key that conditions read, which holds that key alone.
    pub(super) fn merged(&mut self, table: &'static str, points: &[Option<u32>]) -> Arc<Node> {
        let key = (table, self.deciding(table, points));
        if let Some(known) = self.merged.get(&key) {
            return Arc::clone(known);
        }
        let tree = Arc::new(self.merge(table, points));
        self.merged.insert(key, Arc::clone(&tree));
        tree
    }

    fn merge(&self, table: &'static str, points: &[Option<u32>]) -> Node {
        let Sweep { arms, axes, lent, .. } = self.sweep;
        let stack = &arms[self.arm].stack;
        let mut alone = Node::new(stack.place.clone(), Content::Table([].into()));
        if let (Content::Table(below), Some(node)) = (&mut alone.content, stack.get(table)) {
            below.insert(table.to_owned(), node.clone());
        }
        let touching = self.touching.get(table).map_or(&[][..], Vec::as_slice);
        let chosen = touching.iter().filter_map(|&axis| Some((axis, points.get(axis).copied().flatten()?)));
        let deltas = chosen.flat_map(|(axis, point)| {
            let keyed = axes[axis].keys.iter().zip(&axes[axis].points[point as usize]);
            keyed.filter(|(key, _)| first_name(key) == table).map(|(_, node)| node)
        });
        self::chosen(laid_over(alone, deltas, lent), lent)
    }

    /// A table, checked; `None` where it has problems, which are noted when it is asked for the first time.
    pub(super) fn checked(
        &mut self,
        table: &'static str,
        points: &[Option<u32>],
        problems: &mut Vec<Problem>,
    ) -> Option<Arc<Table>> {
        let key = (table, self.deciding(table, points));
        if let Some(known) = self.checked.get(&key) {
            return known.clone();
        }
        let tree = self.merge(table, points);
        let made = match self.check(table, &tree) {
            Ok(made) => Some(Arc::new(made)),
            Err(error) => {
                problems.extend(error.into_problems());
                None
            }
        };
        self.checked.insert(key, made.clone());
        made
    }

    fn check(&mut self, table: &'static str, tree: &Node) -> Result<Table, SpecError> {
        let mut problems = Vec::new();
        completeness::missing_keys(tree, Schema::root(), &mut problems);
        SpecError::unless_empty(problems)?;
        let experiment = &mut self.experiment;
        if let Some(node) = tree.get(table) {
            experiment
                .set_table(table, node.to_value())
                .map_err(|error| resolve::unusable(tree, Some(table), error))?;
        }
        let broken = rules::broken(experiment, tree);
        let identity = experiment.identity_of(table).into();
        let is_read = matches!(table, "data" | "evidence");
        let json = is_read.then(|| experiment.table(table).map_or_else(|_| String::new(), |json| json.to_string()));
        experiment.copy_table(table, &self.sweep.arms[self.arm].resolved.experiment);
        SpecError::unless_empty(broken)?;
        Ok(Table { identity, json: json.unwrap_or_default().into() })
    }
}

fn first_name(key: &str) -> &str {
    key.split('.').next().unwrap_or(key)
}
