//! What trials share: tables that the same values are laid over are merged, checked and hashed once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Sweep;
use crate::error::{Problem, SpecError};
use crate::schema::Schema;
use crate::tree::{ChoiceRule, Content, Node};
use crate::{Experiment, Inputs, Seed, completeness, identity, resolve};

/// Lays deltas over the layers of an arm, as flags would be.
pub(super) fn laid_over<'n>(stack: Node, deltas: impl IntoIterator<Item = &'n Node>, defaults: &Node) -> Node {
    let root = Schema::root();
    deltas.into_iter().fold(stack, |tree, delta| tree.merge(delta.clone(), root, Some(defaults), ChoiceRule::Adjust))
}

/// Whether choices are made anywhere in a table.
fn has_choices(schema: Schema) -> bool {
    schema.choice().is_some() || schema.children().any(has_choices)
}

/// A top-level key as some trials have it.
#[derive(Debug)]
pub(super) struct Table {
    /// Its JSON, as the identity has it.
    pub(super) identity: Box<str>,
}

/// What some trials read.
#[derive(Debug)]
pub(super) struct SharedInputs {
    /// With the arm's seed; see [`Inputs::with_seed`].
    pub(super) inputs: Inputs,
    /// The same for inputs that are the same but for the seed.
    pub(super) key: Arc<str>,
}

/// The points of the axes that touch a table; the others cannot change it.
type Points = Box<[Option<u32>]>;

/// The tables of one arm, made as they are asked for.
pub(super) struct Tables<'a> {
    sweep: &'a Sweep,
    arm: usize,
    /// For each top-level key of the experiment, the axes that touch it.
    touching: HashMap<&'static str, Vec<usize>>,
    /// Top-level keys below which nothing is chosen: values laid over them leave no key out.
    plain: HashSet<&'static str>,
    /// The arm's tables with the values of the first of the axes that touch them laid over.
    laid: HashMap<(&'static str, Points), Arc<Node>>,
    /// Trees of tables that conditions read.
    merged: HashMap<(&'static str, Points), Arc<Node>>,
    /// The arm, of which a table at a time is replaced.
    experiment: Experiment,
    checked: HashMap<(&'static str, Points), Option<Arc<Table>>>,
    /// By the points that decide the tables with paths.
    inputs: HashMap<Vec<Points>, Arc<SharedInputs>>,
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
            plain: Experiment::TABLES
                .iter()
                .copied()
                .filter(|table| Schema::root().child(table).is_some_and(|schema| !has_choices(schema)))
                .collect(),
            laid: HashMap::new(),
            merged: HashMap::new(),
            experiment: sweep.arms[arm].resolved.experiment.clone(),
            checked: HashMap::new(),
            inputs: HashMap::new(),
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

    fn merge(&mut self, table: &'static str, points: &[Option<u32>]) -> Node {
        let axes = self.touching.get(table).cloned().unwrap_or_default();
        let points = self.deciding(table, points);
        let tree = match (axes.split_last(), points.split_last()) {
            (Some((axis, before)), Some((point, points))) => {
                let tree = Node::clone(&self.laid(table, before, points));
                self.lay(tree, table, *axis, *point)
            }
            _ => self.alone(table),
        };
        if self.plain.contains(table) { tree } else { resolve::completed(tree, &self.sweep.defaults) }
    }

    /// The arm's table with the values of these axes laid over.
    fn laid(&mut self, table: &'static str, axes: &[usize], points: &[Option<u32>]) -> Arc<Node> {
        let (Some((axis, before)), Some((point, earlier))) = (axes.split_last(), points.split_last()) else {
            return Arc::new(self.alone(table));
        };
        let key = (table, points.into());
        if let Some(known) = self.laid.get(&key) {
            return Arc::clone(known);
        }
        let tree = Node::clone(&self.laid(table, before, earlier));
        let tree = Arc::new(self.lay(tree, table, *axis, *point));
        self.laid.insert(key, Arc::clone(&tree));
        tree
    }

    /// The arm's table as the only key of a tree.
    fn alone(&self, table: &'static str) -> Node {
        let stack = &self.sweep.arms[self.arm].stack;
        let mut alone = Node::new(stack.place.clone(), Content::Table([].into()));
        if let (Content::Table(below), Some(node)) = (&mut alone.content, stack.get(table)) {
            below.insert(table.to_owned(), node.clone());
        }
        alone
    }

    /// Lays what an axis has for a table at a point over it.
    fn lay(&self, tree: Node, table: &str, axis: usize, point: Option<u32>) -> Node {
        let Some(point) = point else { return tree };
        let axis = &self.sweep.axes[axis];
        let keyed = axis.keys.iter().zip(&axis.points[point as usize]);
        laid_over(tree, keyed.filter(|(key, _)| first_name(key) == table).map(|(_, node)| node), &self.sweep.defaults)
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
        // The arm itself is complete.
        if !self.plain.contains(table) {
            let mut problems = Vec::new();
            completeness::missing_keys(tree, Schema::root(), &mut problems);
            SpecError::unless_empty(problems)?;
        }
        let experiment = &mut self.experiment;
        if let Some(node) = tree.get(table) {
            experiment.set_table(table, node).map_err(|error| resolve::unusable(tree, Some(table), error))?;
        }
        let broken = experiment.broken_rules(tree);
        let identity = experiment.identity_of(table).into();
        experiment.copy_table(table, &self.sweep.arms[self.arm].resolved.experiment);
        SpecError::unless_empty(broken)?;
        Ok(Table { identity })
    }

    /// What the trials at these points read. All tables at these points were [`Self::checked`] and are fine.
    pub(super) fn inputs(&mut self, points: &[Option<u32>]) -> Arc<SharedInputs> {
        let deciding = identity::with_paths().map(|table| self.deciding(table, points)).collect();
        if let Some(known) = self.inputs.get(&deciding) {
            return Arc::clone(known);
        }
        for table in identity::with_paths() {
            let tree = self.merge(table, points);
            if let Some(node) = tree.get(table) {
                self.experiment.set_table(table, node).expect("the table was checked");
            }
        }
        let inputs = self.experiment.inputs();
        for table in identity::with_paths() {
            self.experiment.copy_table(table, &self.sweep.arms[self.arm].resolved.experiment);
        }
        let key = inputs.with_seed(Seed(0)).key().into();
        let shared = Arc::new(SharedInputs { inputs, key });
        self.inputs.insert(deciding, Arc::clone(&shared));
        shared
    }
}

fn first_name(key: &str) -> &str {
    key.split('.').next().unwrap_or(key)
}
