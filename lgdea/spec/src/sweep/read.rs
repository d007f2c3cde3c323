//! From a sweep file to a [`Sweep`].

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::arm::{Arms, arm_of};
use super::axis::{Axis, AxisReader, refuse_fixed};
use super::confound::is_within;
use super::expression::Expression;
use super::file::{Condition, SweepFile};
use super::quoted::as_paths;
use super::recognise::{of_experiments, of_sweeps};
use super::{Execute, Sweep, schema};
use crate::error::{Problem, ProblemKind, SpecError};
use crate::schema::Schema;
use crate::source::{Place, Source};
use crate::tree::{ChoiceRule, Node};
use crate::{constraint, defaults, extends, layer, suggest};

pub(super) type Value<'t> = Spanned<DeValue<'t>>;

pub(super) fn read(path: &Path) -> Result<Sweep, SpecError> {
    let (source, folder) = extends::file(path).map_err(Problem::nowhere)?;
    let mut table = layer::parse(&source).map_err(|problem| *problem)?;
    if let Some(problem) = not_a_sweep(&table, &source) {
        return Err(problem.into());
    }
    let mut problems = Vec::new();
    let parts = Parts::take(&mut table);
    let place = Place { source: Arc::clone(&source), key: 0..source.text.len(), value: 0..source.text.len() };
    layer::read_table(schema::root(), table, place, &folder, &mut problems);
    SpecError::unless_empty(problems)?;
    // The typed tables are read from the text again: that way they know where they stand.
    let file =
        SweepFile::deserialize(toml::Deserializer::parse(&source.text).map_err(|error| unusable(&source, &error))?)
            .map_err(|error| unusable(&source, &error))?;
    Reader { source: Arc::clone(&source), folder, problems: Vec::new() }.sweep(path, parts, file)
}

/// What a sweep of this folder names for Slurm lies there.
fn below(folder: &Path, mut execute: Execute) -> Execute {
    execute.slurm.template = execute.slurm.template.map(|template| folder.join(template));
    execute
}

/// Tells an experiment from a sweep.
fn not_a_sweep(table: &DeTable<'_>, source: &Source) -> Option<Problem> {
    let (key, _) = table.iter().find(|(key, _)| of_experiments(key.get_ref()) && !of_sweeps(key.get_ref()))?;
    let kind = ProblemKind::Inconsistent {
        reason: "this is an experiment and no sweep".to_owned(),
        remedy: "`lgdea run` runs it; a sweep is a file of its own, which names it: `experiment = \"…\"`".to_owned(),
    };
    (!table.contains_key("experiment")).then(|| Problem::at(kind, source, key.span()))
}

fn unusable(source: &Source, error: &toml::de::Error) -> Problem {
    let kind = ProblemKind::Inconsistent {
        reason: error.message().trim().to_owned(),
        remedy: "docs/guides/sweeps.md shows every table of a sweep file".to_owned(),
    };
    Problem::at(kind, source, error.span().unwrap_or_default())
}

/// What of a file holds keys of the experiment or names layers.
#[derive(Default)]
struct Parts<'t> {
    experiment: Option<Value<'t>>,
    grid: Option<Value<'t>>,
    zip: Vec<Value<'t>>,
    space: Option<Value<'t>>,
    /// `extends` and `set` of each case.
    cases: Vec<[Option<Value<'t>>; 2]>,
    /// `without` of each component.
    without: Vec<(String, Option<Value<'t>>)>,
}

impl<'t> Parts<'t> {
    fn take(table: &mut DeTable<'t>) -> Parts<'t> {
        let mut parts =
            Parts { experiment: table.remove("experiment"), grid: table.remove("grid"), ..Parts::default() };
        // What has another type than it should is left for the checks.
        if table.get("zip").is_some_and(|zip| zip.get_ref().is_array())
            && let Some(DeValue::Array(groups)) = table.remove("zip").map(Spanned::into_inner)
        {
            parts.zip = groups.into_iter().collect();
        }
        if let Some(DeValue::Table(search)) = table.get_mut("search").map(Spanned::get_mut) {
            parts.space = search.remove("space");
        }
        if let Some(DeValue::Array(cases)) = table.get_mut("case").map(Spanned::get_mut) {
            let tables = cases.iter_mut().filter_map(|case| match case.get_mut() {
                DeValue::Table(table) => Some([table.remove("extends"), table.remove("set")]),
                _ => None,
            });
            parts.cases = tables.collect();
        }
        if let Some(DeValue::Table(components)) = table.get_mut("component").map(Spanned::get_mut) {
            parts.without = components
                .iter_mut()
                .filter_map(|(name, component)| match component.get_mut() {
                    DeValue::Table(table) => Some((name.get_ref().to_string(), table.remove("without"))),
                    _ => None,
                })
                .collect();
        }
        parts
    }
}

pub(super) struct Reader {
    pub(super) source: Arc<Source>,
    pub(super) folder: PathBuf,
    pub(super) problems: Vec<Problem>,
}

impl Reader {
    fn sweep(mut self, path: &Path, parts: Parts<'_>, file: SweepFile) -> Result<Sweep, SpecError> {
        let Parts { experiment, grid, zip, space, cases, without } = parts;
        let name = self.name(file.name, path);
        let defaults = defaults::layer();
        let base = self.base(experiment, defaults);
        let axes = self.axes(grid, zip);
        let case_layers: Vec<(Vec<Node>, Option<Node>)> = cases.into_iter().map(|case| self.case(case)).collect();
        let names: Vec<_> = file.case.into_iter().map(|case| (case.name, case.role)).collect();
        let unused = file.component.keys().next().filter(|_| file.ablate.is_none()).map(Spanned::span);
        let components = self.components(file.component, without);
        self.check_ablated(unused);
        let ablation = file.ablate.map(|table| (table.mode, self.chosen(&components, &table.components)));
        let space = space.and_then(|space| self.space(space));
        let objective = file.search.as_ref().map(|table| table.objective.clone());
        let pruned_by = file.prune.as_ref().map(|table| (table.metric.clone(), table.min_step));
        let search = file.search.map(|table| self.search(table, space, file.budget.trials.is_some()));
        let prune = file.prune.and_then(|table| self.prune(table));
        let conditions = self.conditions(&file.exclude, &file.require);
        self.so_far()?;

        let resolved = arm_of(&name, "base", base.clone(), defaults)?;
        let mut arms = Arms { sweep: &name, base: &base, whole: resolved.tree(), defaults, found: vec![] };
        for ((name, role), (layers, set)) in names.iter().zip(case_layers) {
            self.add(&mut arms, name.get_ref(), *role, name.span(), layers, set.into_iter().collect());
        }
        let refused =
            ablation.map_or_else(Vec::new, |(mode, chosen)| self.ablate(&mut arms, mode, &components, &chosen));
        if arms.found.is_empty() {
            self.add(&mut arms, "base", None, 0..0, Vec::new(), Vec::new());
        }
        let arms = arms.found;
        self.check_metrics(objective.as_ref(), pruned_by.as_ref(), &file.claim, &arms, &axes);
        let claims = file.claim.into_iter().flat_map(|table| self.claims(table, &arms)).collect();
        let seeds = self.seeds(file.seeds, resolved.experiment.seed.0);
        SpecError::unless_empty(self.problems)?;
        Ok(Sweep {
            name,
            description: file.description,
            device: resolved.experiment.device.name,
            notify: resolved.experiment.notify.command,
            seeds,
            refused,
            search,
            prune,
            budget: file.budget,
            execute: below(&self.folder, file.execute),
            claims,
            defaults: defaults.clone(),
            arms,
            axes,
            conditions,
        })
    }

    /// Refuses what was found to be wrong so far, in the order of the file.
    fn so_far(&mut self) -> Result<(), SpecError> {
        self.problems.sort_by_key(Problem::offset);
        SpecError::unless_empty(std::mem::take(&mut self.problems))
    }

    /// The sweep's name; where none is given that of its file.
    fn name(&mut self, given: Option<String>, path: &Path) -> String {
        let name = given.unwrap_or_else(|| path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
        self.check_name("name", &name, 0..0);
        name
    }

    /// Refuses a component that nothing takes away, where there is one.
    fn check_ablated(&mut self, unused: Option<Range<usize>>) {
        if let Some(bytes) = unused {
            let reason = "the sweep has components, but nothing takes them away".to_owned();
            self.refuse(reason, "add an `[ablate]` table; it may be empty", bytes);
        }
    }

    /// Conditions, each with whether it leaves out what satisfies it.
    fn conditions(&mut self, exclude: &[Condition], require: &[Condition]) -> Vec<(Expression, bool)> {
        let excluded = exclude.iter().map(|condition| (condition, true));
        let conditions = excluded.chain(require.iter().map(|condition| (condition, false)));
        let mut read = |(condition, leaves_out): (&Condition, bool)| {
            Some((Expression::new(&condition.when, &self.source, &mut self.problems)?, leaves_out))
        };
        conditions.filter_map(&mut read).collect()
    }

    /// The layers of `experiment`, laid over the defaults.
    fn base(&mut self, experiment: Option<Value<'_>>, defaults: &Node) -> Node {
        let stack = defaults.clone().without_choices(Schema::root());
        let Some(experiment) = experiment else {
            let remedy = "write what is varied: `experiment = \"../experiments/low_pair.toml\"`";
            self.refuse("the sweep names no `experiment`".to_owned(), remedy, 0..0);
            return stack;
        };
        let layers = extends::layers_of(experiment, &self.source, &self.folder, &mut self.problems);
        over_files(stack, layers, defaults)
    }

    fn axes(&mut self, grid: Option<Value<'_>>, zip: Vec<Value<'_>>) -> Vec<Axis> {
        let mut reader = AxisReader { source: &self.source, folder: &self.folder, problems: &mut self.problems };
        let mut axes = Vec::new();
        let groups = zip.into_iter().map(|group| (group, true)).chain(grid.map(|grid| (grid, false)));
        for (value, zipped) in groups {
            let bytes = value.span();
            match value.into_inner() {
                DeValue::Table(table) if zipped => axes.extend(reader.zip(table, bytes)),
                DeValue::Table(table) => axes.extend(reader.grid(table)),
                other => {
                    let key = if zipped { "zip" } else { "grid" }.to_owned();
                    let kind = ProblemKind::WrongType { key, expected: "a table", found: layer::found_type(&other) };
                    reader.problems.push(Problem::at(kind, reader.source, bytes));
                }
            }
        }
        axes.sort_by_key(|axis| axis.place.key.start);
        self.check_order(&axes);
        axes
    }

    /// Refuses keys that two axes vary, and conditions on what a later axis decides.
    fn check_order(&mut self, axes: &[Axis]) {
        for (position, axis) in axes.iter().enumerate() {
            if let Some(key) =
                axis.keys.iter().find(|key| axes[..position].iter().any(|other| other.keys.contains(key)))
            {
                self.refuse(
                    format!("two axes vary `{key}`"),
                    "give all its values to one axis",
                    axis.place.key.clone(),
                );
            }
            let Some(when) = &axis.when else { continue };
            // A table may be asked whether it is there while keys below it still vary.
            let later =
                |read: &String| axes[position..].iter().flat_map(|axis| &axis.keys).any(|key| is_within(read, key));
            if let Some(read) = when.keys().find(later) {
                self.refuse(
                    format!("this condition reads `{read}`, which is not decided here: its axis stands here or below"),
                    "move the axis that it reads above this one",
                    when.place.value.clone(),
                );
            }
        }
    }

    fn case(&mut self, [extends, set]: [Option<Value<'_>>; 2]) -> (Vec<Node>, Option<Node>) {
        let layers = extends.map(|entries| extends::layers_of(entries, &self.source, &self.folder, &mut self.problems));
        (layers.unwrap_or_default(), set.and_then(|set| self.keys(set, "set")))
    }

    /// A table of the experiment's keys.
    pub(super) fn keys(&mut self, value: Value<'_>, name: &str) -> Option<Node> {
        let bytes = value.span();
        let place = Place { source: Arc::clone(&self.source), key: bytes.clone(), value: bytes.clone() };
        match value.into_inner() {
            DeValue::Table(table) => {
                let table = as_paths(table, &self.source, &mut self.problems);
                let node = layer::read_table(Schema::root(), table, place, &self.folder, &mut self.problems);
                refuse_fixed(&node, &mut self.problems);
                Some(node)
            }
            other => {
                let found = layer::found_type(&other);
                let kind = ProblemKind::WrongType { key: name.to_owned(), expected: "a table", found };
                self.problems.push(Problem::at(kind, &self.source, bytes));
                None
            }
        }
    }

    /// Refuses what cannot be part of a run's name: a file's stem and a component are not bound by the schema.
    pub(super) fn check_name(&mut self, key: &str, name: &str, bytes: Range<usize>) {
        let checked = Schema::root().child("name").map(|schema| constraint::check(schema, key, &name.into()));
        if let Some(Err(kind)) = checked {
            self.problems.push(Problem::at(kind, &self.source, bytes));
        }
    }

    pub(super) fn unknown(&mut self, what: &str, name: &Spanned<String>, known: Vec<&str>) {
        let meant = suggest::nearest(name.get_ref(), known.iter().copied());
        let list = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let remedy = match meant {
            Some(meant) => format!("did you mean `{meant}`? {what}s: {list}"),
            None => format!("{what}s: {list}"),
        };
        self.refuse(format!("there is no {what} `{}`", name.get_ref()), &remedy, name.span());
    }

    pub(super) fn refuse(&mut self, reason: String, remedy: &str, bytes: Range<usize>) {
        let kind = ProblemKind::Inconsistent { reason, remedy: remedy.to_owned() };
        self.problems.push(Problem::at(kind, &self.source, bytes));
    }
}

pub(super) fn over_files(stack: Node, layers: Vec<Node>, defaults: &Node) -> Node {
    let root = Schema::root();
    layers.into_iter().fold(stack, |stack, layer| stack.merge(layer, root, Some(defaults), ChoiceRule::Replace))
}

/// Whether one key is the other or lies within it.
pub(super) fn related(one: &str, other: &str) -> bool {
    is_within(one, other) || is_within(other, one)
}
