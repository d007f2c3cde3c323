//! From a sweep file to a [`Sweep`].

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::ablate::{MOST_COMBINED, variants};
use super::arm::{Arm, Refused, differences, leaves};
use super::axis::{Axis, AxisReader, refuse_fixed};
use super::expression::Expression;
use super::file::{AblateMode, ClaimTable, PruneTable, SearchTable, Seeds, SweepFile};
use super::search::{Parameter, Search, SpaceReader};
use super::confound::is_within;
use super::{Claim, Prune, Sweep, schema, share};
use crate::error::{Problem, ProblemKind, SpecError};
use crate::resolve::Resolved;
use crate::schema::Schema;
use crate::source::{Place, Source, SourceKind};
use crate::tree::{ChoiceRule, Content, Node};
use crate::{defaults, extends, layer, suggest};

type Value<'t> = Spanned<DeValue<'t>>;

pub(super) fn read(path: &Path) -> Result<Sweep, SpecError> {
    let (source, folder) = extends::file(path).map_err(Problem::nowhere)?;
    let mut table = layer::parse(&source).map_err(|problem| *problem)?;
    let mut problems = Vec::new();
    let parts = Parts::take(&mut table);
    let place = Place { source: Arc::clone(&source), key: 0..source.text.len(), value: 0..source.text.len() };
    layer::read_table(schema::root(), table, place, &folder, &mut problems);
    SpecError::unless_empty(problems)?;
    // The typed tables are read from the text again: that way they know where they stand.
    let file = SweepFile::deserialize(toml::Deserializer::parse(&source.text).map_err(|error| unusable(&source, &error))?)
        .map_err(|error| unusable(&source, &error))?;
    Reader { source: Arc::clone(&source), folder, problems: Vec::new() }.sweep(path, parts, file)
}

fn unusable(source: &Source, error: &toml::de::Error) -> Problem {
    let kind = ProblemKind::Inconsistent {
        reason: error.message().trim().to_owned(),
        remedy: "README, \"Sweeps\", shows every table of a sweep file".to_owned(),
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

/// A component, read.
struct Component {
    name: String,
    without: Node,
    needs: Vec<Spanned<String>>,
}

struct Reader {
    source: Arc<Source>,
    folder: PathBuf,
    problems: Vec<Problem>,
}

impl Reader {
    fn sweep(mut self, path: &Path, parts: Parts<'_>, file: SweepFile) -> Result<Sweep, SpecError> {
        let Parts { experiment, grid, zip, space, cases, without } = parts;
        let name = file.name.unwrap_or_else(|| path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
        let mut problems = Vec::new();
        let lent = defaults::layer(&mut problems);
        self.problems.append(&mut problems);
        let base = self.base(experiment, &lent);
        let axes = self.axes(grid, zip);
        let case_layers: Vec<(Vec<Node>, Option<Node>)> = cases.into_iter().map(|case| self.case(case)).collect();
        let names: Vec<Spanned<String>> = file.case.into_iter().map(|case| case.name).collect();
        let components = self.components(file.component, without);
        let ablation = file.ablate.map(|table| (table.mode, self.chosen(&components, &table.components)));
        let space = space.and_then(|space| self.space(space));
        let search = file.search.and_then(|table| self.search(table, space, file.budget.trials.is_some()));
        let prune = file.prune.and_then(|table| self.prune(table));
        let excluded = file.exclude.into_iter().map(|condition| (condition, true));
        let required = file.require.into_iter().map(|condition| (condition, false));
        let conditions: Vec<(Expression, bool)> = excluded
            .chain(required)
            .filter_map(|(condition, leaves_out)| {
                Some((Expression::new(&condition.when, &self.source, &mut self.problems)?, leaves_out))
            })
            .collect();
        self.problems.sort_by_key(Problem::offset);
        SpecError::unless_empty(std::mem::take(&mut self.problems))?;

        let resolved = arm_of(&name, "base", base.clone(), &lent)?;
        let mut arms = Arms { sweep: &name, base: &base, whole: resolved.tree(), lent: &lent, found: Vec::new() };
        for (name, (layers, set)) in names.iter().zip(case_layers) {
            self.add(&mut arms, name.get_ref(), name.span(), layers, set.into_iter().collect());
        }
        let refused = ablation.map_or_else(Vec::new, |(mode, chosen)| self.ablate(&mut arms, mode, &components, &chosen));
        if arms.found.is_empty() {
            self.add(&mut arms, "base", 0..0, Vec::new(), Vec::new());
        }
        let arms = arms.found;
        let claims = file.claim.into_iter().filter_map(|table| self.claim(table, &arms)).collect();
        let seeds = self.seeds(file.seeds, resolved.experiment.seed.0);
        SpecError::unless_empty(self.problems)?;
        let description = file.description;
        Ok(Sweep {
            name,
            description,
            seeds,
            refused,
            search,
            prune,
            budget: file.budget,
            execute: file.execute,
            claims,
            lent,
            arms,
            axes,
            conditions,
        })
    }

    /// The layers of `experiment`, laid over the defaults.
    fn base(&mut self, experiment: Option<Value<'_>>, lent: &Node) -> Node {
        let stack = lent.clone().without_choices(Schema::root());
        let Some(experiment) = experiment else {
            let remedy = "write what is varied: `experiment = \"../experiments/low_pair.toml\"`";
            self.refuse("the sweep names no `experiment`".to_owned(), remedy, 0..0);
            return stack;
        };
        let layers = extends::layers_of(experiment, &self.source, &self.folder, &mut self.problems);
        over_files(stack, layers, lent)
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
            if let Some(key) = axis.keys.iter().find(|key| axes[..position].iter().any(|other| other.keys.contains(key))) {
                self.refuse(
                    format!("two axes vary `{key}`"),
                    "give all its values to one axis",
                    axis.place.key.clone(),
                );
            }
            let Some(when) = &axis.when else { continue };
            // A table may be asked whether it is there while keys below it still vary.
            let later = |read: &String| axes[position..].iter().flat_map(|axis| &axis.keys).any(|key| is_within(read, key));
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
    fn keys(&mut self, value: Value<'_>, name: &str) -> Option<Node> {
        let bytes = value.span();
        let place = Place { source: Arc::clone(&self.source), key: bytes.clone(), value: bytes.clone() };
        match value.into_inner() {
            DeValue::Table(table) => {
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

    /// The components, in the order of the file.
    fn components(
        &mut self,
        tables: std::collections::BTreeMap<Spanned<String>, super::file::ComponentTable>,
        without: Vec<(String, Option<Value<'_>>)>,
    ) -> Vec<Component> {
        let mut without: std::collections::BTreeMap<String, Value<'_>> =
            without.into_iter().filter_map(|(name, without)| Some((name, without?))).collect();
        let mut tables: Vec<_> = tables.into_iter().collect();
        tables.sort_by_key(|(name, _)| name.span().start);
        let mut components = Vec::new();
        for (name, table) in tables {
            let span = name.span();
            let name = name.into_inner();
            let Some(value) = without.remove(&name) else {
                let remedy = "give what takes it away, for example `without.graph.share = 0.0`";
                self.refuse(format!("the component `{name}` has no `without`"), remedy, span);
                continue;
            };
            if let Some(without) = self.keys(value, "without") {
                components.push(Component { name, without, needs: table.needs });
            }
        }
        self.check_overlaps(&components);
        components
    }

    /// Refuses two components that take themselves away by giving one key two values.
    fn check_overlaps(&mut self, components: &[Component]) {
        let keys = |component: &Component| {
            let mut found = Vec::new();
            leaves(&component.without, "", &mut found);
            found
        };
        for (position, component) in components.iter().enumerate() {
            for (key, value) in keys(component) {
                let clash = components[..position].iter().find(|other| {
                    keys(other).iter().any(|(other, other_value)| related(&key, other) && *other_value != value)
                });
                if let (Some(other), Some(node)) = (clash, component.without.find(key.split('.'))) {
                    let reason = format!("`{}` and `{}` give `{key}` different values", component.name, other.name);
                    let kind = ProblemKind::Inconsistent { reason, remedy: "make them one component".to_owned() };
                    self.problems.push(Problem::at_value(kind, &node.place));
                }
            }
        }
    }

    /// Positions of the named components; all where none are named.
    fn chosen(&mut self, components: &[Component], names: &[Spanned<String>]) -> Vec<usize> {
        if names.is_empty() {
            if components.is_empty() {
                let remedy = "declare them: `[component.graph]` with `without.graph.share = 0.0`";
                self.refuse("`[ablate]` has no components".to_owned(), remedy, 0..0);
            }
            return (0..components.len()).collect();
        }
        names.iter().filter_map(|name| self.component(components, name)).collect()
    }

    fn component(&mut self, components: &[Component], name: &Spanned<String>) -> Option<usize> {
        let found = components.iter().position(|component| component.name == *name.get_ref());
        if found.is_none() {
            let known = components.iter().map(|component| component.name.as_str());
            self.unknown("component", name, known.collect());
        }
        found
    }

    /// Adds the arms of an ablation; gives those that cannot be.
    fn ablate(
        &mut self,
        arms: &mut Arms<'_>,
        mode: AblateMode,
        components: &[Component],
        chosen: &[usize],
    ) -> Vec<Refused> {
        if mode == AblateMode::Full && chosen.len() > MOST_COMBINED {
            let reason = format!("every combination of {} components is too many", chosen.len());
            self.refuse(reason, &format!("name at most {MOST_COMBINED} of them"), 0..0);
            return Vec::new();
        }
        let names: Vec<String> = chosen.iter().map(|&one| components[one].name.clone()).collect();
        let mut needs = Vec::new();
        for &one in chosen {
            let needed = components[one].needs.iter().filter_map(|name| self.component(components, name));
            let needed: Vec<usize> = needed.filter_map(|needed| chosen.iter().position(|&one| one == needed)).collect();
            needs.push(needed);
        }
        let mut refused = Vec::new();
        for variant in variants(mode, &names) {
            if let Some(reason) = variant.contradiction(&names, &needs) {
                refused.push(Refused { arm: variant.name, reason });
                continue;
            }
            let removed = chosen.iter().zip(&variant.removed).filter(|(_, removed)| **removed);
            let deltas: Vec<Node> = removed.map(|(&one, _)| components[one].without.clone()).collect();
            let place = deltas.first().map_or(0..0, |delta| delta.place.value.clone());
            self.add(arms, &variant.name, place, Vec::new(), deltas);
        }
        refused
    }

    /// Adds an arm: layers of files, then deltas of the sweep file.
    fn add(&mut self, arms: &mut Arms<'_>, name: &str, place: Range<usize>, layers: Vec<Node>, deltas: Vec<Node>) {
        if arms.found.iter().any(|arm| arm.name == name) {
            self.refuse(format!("two arms are called `{name}`"), "give each a name of its own", place);
            return;
        }
        let mut named = Vec::new();
        deltas.iter().for_each(|delta| leaves(delta, "", &mut named));
        let stack = share::laid_over(over_files(arms.base.clone(), layers, arms.lent), &deltas, arms.lent);
        match arm_of(arms.sweep, name, stack.clone(), arms.lent) {
            Ok(resolved) => arms.found.push(Arm {
                name: name.to_owned(),
                changes: differences(resolved.tree(), arms.whole),
                named: named.into_iter().map(|(key, _)| key).collect(),
                stack: named_stack(stack, arms.sweep, name),
                resolved,
            }),
            Err(error) => self.problems.extend(error.into_problems()),
        }
    }

    /// The parameters of `[search.space]`, unless it is empty.
    fn space(&mut self, value: Value<'_>) -> Option<Vec<Parameter>> {
        let DeValue::Table(table) = value.into_inner() else { return None };
        let is_empty = table.is_empty();
        let mut reader = SpaceReader { source: &self.source, folder: &self.folder, problems: &mut self.problems };
        (!is_empty).then(|| reader.space(table))
    }

    fn search(&mut self, table: SearchTable, space: Option<Vec<Parameter>>, has_budget: bool) -> Option<Search> {
        let bytes = table.objective.span();
        let objective = table.objective.into_inner();
        if !objective.starts_with("validation/") {
            let reason = if objective.starts_with("test/") {
                format!("`{objective}` is of the test split: settings that are chosen by it are no longer tested by it")
            } else {
                format!("`{objective}` is no metric of the validation split")
            };
            self.refuse(reason, "name one such as `validation/zero_shot/auroc_macro`", bytes.clone());
        }
        if space.is_none() {
            self.refuse("the search has no `[search.space]`".to_owned(), "give at least one key with a range", bytes.clone());
        }
        if !has_budget {
            self.refuse("the search has no end".to_owned(), "give `[budget]` with `trials = …`", bytes);
        }
        let SearchTable { sampler, goal, seed, startup, .. } = table;
        Some(Search { sampler, objective, goal, seed, startup, space: space.unwrap_or_default() })
    }

    fn prune(&mut self, table: PruneTable) -> Option<Prune> {
        let bytes = table.metric.span();
        let PruneTable { rule, metric, goal, min_step, reduction, brackets, startup_trials } = table;
        let metric = metric.into_inner();
        if metric.starts_with("test/") || metric.is_empty() {
            let reason = format!("`{metric}` cannot decide which trials are stopped: it must not be of the test split");
            self.refuse(reason, "name a metric that the run logs while it trains, such as `loss/total`", bytes);
            return None;
        }
        Some(Prune { rule, metric, goal, min_step, reduction, brackets, startup_trials })
    }

    fn claim(&mut self, table: ClaimTable, arms: &[Arm]) -> Option<Claim> {
        let known = || arms.iter().map(|arm| arm.name.as_str()).collect::<Vec<_>>();
        for name in [&table.better, &table.than] {
            if !known().contains(&name.get_ref().as_str()) {
                self.unknown("arm", name, known());
                return None;
            }
        }
        if table.better == table.than {
            self.refuse(
                format!("an arm cannot be better than itself: `{}`", table.than.get_ref()),
                "name two arms",
                table.than.span(),
            );
            return None;
        }
        let ClaimTable { metric, better, than, min_delta } = table;
        Some(Claim { metric, better: better.into_inner(), than: than.into_inner(), min_delta })
    }

    fn seeds(&mut self, seeds: Seeds, first: u64) -> Vec<u64> {
        match (seeds.count, seeds.list) {
            (Some(_), Some(list)) => {
                self.refuse("`[seeds]` has both `count` and `list`".to_owned(), "keep one of them", list.span());
                Vec::new()
            }
            (Some(count), None) => (0..count).map(|number| first.saturating_add(number)).collect(),
            (None, Some(list)) => {
                let span = list.span();
                let seeds = list.into_inner();
                let mut sorted = seeds.clone();
                sorted.sort_unstable();
                sorted.dedup();
                if seeds.is_empty() || sorted.len() < seeds.len() {
                    self.refuse("`seeds.list` is empty or names a seed twice".to_owned(), "name each seed once", span);
                }
                seeds
            }
            (None, None) => vec![first],
        }
    }

    fn unknown(&mut self, what: &str, name: &Spanned<String>, known: Vec<&str>) {
        let meant = suggest::nearest(name.get_ref(), known.iter().copied());
        let list = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let remedy = match meant {
            Some(meant) => format!("did you mean `{meant}`? {what}s: {list}"),
            None => format!("{what}s: {list}"),
        };
        self.refuse(format!("there is no {what} `{}`", name.get_ref()), &remedy, name.span());
    }

    fn refuse(&mut self, reason: String, remedy: &str, bytes: Range<usize>) {
        let kind = ProblemKind::Inconsistent { reason, remedy: remedy.to_owned() };
        self.problems.push(Problem::at(kind, &self.source, bytes));
    }
}

/// Arms as they are found.
struct Arms<'a> {
    sweep: &'a str,
    base: &'a Node,
    /// The experiment with its choices made.
    whole: &'a Node,
    lent: &'a Node,
    found: Vec<Arm>,
}

/// The experiment of an arm.
fn arm_of(sweep: &str, arm: &str, stack: Node, lent: &Node) -> Result<Resolved, SpecError> {
    Resolved::from_tree(share::chosen(named_stack(stack, sweep, arm), lent))
}

/// Names an arm's trials.
fn named_stack(mut stack: Node, sweep: &str, arm: &str) -> Node {
    let name = format!("{sweep}.{arm}");
    let source = Source::new(SourceKind::FileName, "file name", &name);
    let place = Place { key: 0..name.len(), value: 0..name.len(), source };
    if let Content::Table(table) = &mut stack.content {
        table.insert("name".to_owned(), Node::new(place, Content::Value(name.into())));
    }
    stack
}

fn over_files(stack: Node, layers: Vec<Node>, lent: &Node) -> Node {
    let root = Schema::root();
    layers.into_iter().fold(stack, |stack, layer| stack.merge(layer, root, Some(lent), ChoiceRule::Replace))
}

/// Whether one key is the other or lies within it.
fn related(one: &str, other: &str) -> bool {
    is_within(one, other) || is_within(other, one)
}
