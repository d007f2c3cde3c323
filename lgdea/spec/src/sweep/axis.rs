//! Axes: lists of values for keys of the experiment.

use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::expression::Expression;
use super::quoted::as_paths;
use crate::constraint;
use crate::error::{Problem, ProblemKind};
use crate::layer;
use crate::schema::{Schema, join};
use crate::source::{Place, Source};
use crate::tree::{Content, Node};

/// Key of an axis that is written as a table.
pub(super) const VALUES: &str = "values";
/// Key of the condition of an axis.
pub(super) const WHEN: &str = "when";

/// Top-level keys that no axis and no arm may vary.
const FIXED: [(&str, &str); 7] = [
    ("seed", "give `[seeds]`: all arms get the same"),
    ("name", "trials are named after the sweep and the arm"),
    ("description", "describe the sweep"),
    ("tags", "tags change no result"),
    ("device", "all trials run on one: name it with `--device`, or in the experiment"),
    ("tracker", "the tracker changes no result"),
    ("notify", "a notification changes no result"),
];

/// Keys that vary together.
#[derive(Debug)]
pub(crate) struct Axis {
    /// The keys.
    pub(crate) keys: Vec<String>,
    /// What each point lays over the experiment: one tree for each key, in the keys' order.
    pub(crate) points: Vec<Vec<Node>>,
    /// Where the axis applies; elsewhere the keys stay as they are.
    pub(crate) when: Option<Expression>,
    /// Where it stands.
    pub(crate) place: Place,
}

/// Reads axes; notes problems.
pub(super) struct AxisReader<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) folder: &'a Path,
    pub(super) problems: &'a mut Vec<Problem>,
}

impl AxisReader<'_> {
    /// The axes of `[grid]`, in the order of the file.
    pub(super) fn grid(&mut self, table: DeTable<'_>) -> Vec<Axis> {
        let mut axes = Vec::new();
        let table = as_paths(table, self.source, self.problems);
        self.walk(Schema::root(), "", table, &mut axes);
        axes.sort_by_key(|axis| axis.place.key.start);
        axes
    }

    /// The axes of keys of the table at a path.
    pub(super) fn below(&mut self, path: &str, table: DeTable<'_>) -> Vec<Axis> {
        let mut axes = Vec::new();
        if let Some(schema) = if path.is_empty() { Some(Schema::root()) } else { Schema::root().at(path) } {
            self.walk(schema, path, table, &mut axes);
        }
        axes
    }

    /// The axis of one `[[zip]]`.
    pub(super) fn zip(&mut self, mut table: DeTable<'_>, bytes: std::ops::Range<usize>) -> Option<Axis> {
        let before = self.problems.len();
        let when = table.remove(WHEN).and_then(|when| self.condition(when));
        let mut axes = Vec::new();
        let table = as_paths(table, self.source, self.problems);
        self.walk(Schema::root(), "", table, &mut axes);
        axes.sort_by_key(|axis| axis.place.key.start);
        let mut axes = axes.into_iter();
        let Some(mut zip) = axes.next() else {
            if self.problems.len() == before {
                self.refuse("this `[[zip]]` holds no key", "give keys, each with a list of values", bytes);
            }
            return None;
        };
        for axis in axes {
            if axis.points.len() != zip.points.len() {
                let [first, this] = [&zip, &axis].map(|axis| format!("`{}` has {}", axis.keys[0], axis.points.len()));
                let reason = format!("keys that are zipped need lists of one length, but {first} values and {this}");
                self.refuse(&reason, "make the lists equally long, or use `[grid]`", axis.place.value.clone());
                return None;
            }
            if let Some(when) = &axis.when {
                self.refuse(
                    "a key within `[[zip]]` has no condition of its own",
                    "write `when` beside the keys of the `[[zip]]`",
                    when.place.value.clone(),
                );
            }
            zip.keys.extend(axis.keys);
            zip.points.iter_mut().zip(axis.points).for_each(|(all, these)| all.extend(these));
        }
        zip.when = when.or(zip.when);
        Some(zip)
    }

    fn walk(&mut self, schema: Schema, path: &str, table: DeTable<'_>, axes: &mut Vec<Axis>) {
        for (key, value) in table {
            let place = Place { source: Arc::clone(self.source), key: key.span(), value: value.span() };
            let name = key.into_inner().into_owned();
            let child = schema.child(&name).filter(|_| !(path.is_empty() && name == "extends"));
            let Some(child) = child else {
                let kind = layer::unknown_key(schema, path, &name);
                self.problems.push(Problem::at_key(kind, &place));
                continue;
            };
            let path = join(path, &name);
            if let Some((_, remedy)) = FIXED.iter().find(|(fixed, _)| path == *fixed) {
                self.refuse(&format!("`{path}` cannot be varied by a sweep"), remedy, place.key.clone());
                continue;
            }
            match value.into_inner() {
                DeValue::Array(values) => {
                    axes.extend(self.axis(child, path, values.into_iter().collect(), None, place));
                }
                DeValue::Table(table) if table.contains_key(VALUES) => {
                    axes.extend(self.conditional(child, path, table, place));
                }
                DeValue::Table(table) if child.is_table() => self.walk(child, &path, table, axes),
                other => {
                    let kind =
                        ProblemKind::WrongType { key: path, expected: "a list", found: layer::found_type(&other) };
                    self.problems.push(Problem::at_value(kind, &place));
                }
            }
        }
    }

    /// An axis written as `{ values = […], when = "…" }`.
    fn conditional(&mut self, schema: Schema, path: String, mut table: DeTable<'_>, place: Place) -> Option<Axis> {
        let values = table.remove(VALUES)?;
        let bytes = values.span();
        let when = table.remove(WHEN).and_then(|when| self.condition(when));
        for key in table.keys() {
            let known = [VALUES, WHEN].map(str::to_owned).to_vec();
            let kind = ProblemKind::UnknownKey { key: join(&path, key.get_ref()), known, meant: Vec::new() };
            self.problems.push(Problem::at(kind, self.source, key.span()));
        }
        match values.into_inner() {
            DeValue::Array(values) => self.axis(schema, path, values.into_iter().collect(), when, place),
            other => {
                let key = join(&path, VALUES);
                let kind = ProblemKind::WrongType { key, expected: "a list", found: layer::found_type(&other) };
                self.problems.push(Problem::at(kind, self.source, bytes));
                None
            }
        }
    }

    fn axis(
        &mut self,
        schema: Schema,
        path: String,
        values: Vec<Spanned<DeValue<'_>>>,
        when: Option<Expression>,
        place: Place,
    ) -> Option<Axis> {
        if values.is_empty() {
            self.refuse(&format!("the axis `{path}` has no values"), "give at least one, or take it out", place.value);
            return None;
        }
        let list_of_lists = schema.kind() == "array" && values.iter().all(|value| !value.get_ref().is_array());
        if list_of_lists {
            let reason = format!("each value of `{path}` is {}", constraint::type_name("array"));
            self.refuse(&reason, "write a list of lists: `[[1, 5], [10]]`", place.value);
            return None;
        }
        let read = |value: Spanned<DeValue<'_>>| {
            let place = Place { value: value.span(), key: value.span(), ..place.clone() };
            let node = layer::read_value(schema, &path, value, place, self.folder, self.problems)?;
            Some(vec![nest(&path, node)])
        };
        // Collected twice, so that the problems of all values are noted.
        let points: Vec<Option<Vec<Node>>> = values.into_iter().map(read).collect();
        let points = points.into_iter().collect::<Option<_>>()?;
        Some(Axis { keys: vec![path], points, when, place })
    }

    /// Reads a condition.
    pub(super) fn condition(&mut self, when: Spanned<DeValue<'_>>) -> Option<Expression> {
        let bytes = when.span();
        match when.into_inner() {
            DeValue::String(text) => {
                Expression::new(&Spanned::new(bytes, text.into_owned()), self.source, self.problems)
            }
            other => {
                let found = layer::found_type(&other);
                let kind = ProblemKind::WrongType { key: WHEN.to_owned(), expected: "a string", found };
                self.problems.push(Problem::at(kind, self.source, bytes));
                None
            }
        }
    }

    pub(super) fn refuse(&mut self, reason: &str, remedy: &str, bytes: std::ops::Range<usize>) {
        let kind = ProblemKind::Inconsistent { reason: reason.to_owned(), remedy: remedy.to_owned() };
        self.problems.push(Problem::at(kind, self.source, bytes));
    }
}

/// Refuses what no arm may change, in a table of keys.
pub(super) fn refuse_fixed(node: &Node, problems: &mut Vec<Problem>) {
    for (fixed, remedy) in FIXED {
        if let Some(node) = node.get(fixed) {
            let reason = format!("`{fixed}` cannot be varied by a sweep");
            problems
                .push(Problem::at_key(ProblemKind::Inconsistent { reason, remedy: remedy.to_owned() }, &node.place));
        }
    }
}

/// The tree that holds a node at a dotted path.
pub(super) fn nest(path: &str, node: Node) -> Node {
    path.rsplit('.').fold(node, |node, name| {
        let place = node.place.clone();
        Node::new(place, Content::Table([(name.to_owned(), node)].into()))
    })
}
