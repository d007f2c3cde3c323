//! Runs as rows: those that differ in the seed alone are one.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use lgdea_metric::readable;
use lgdea_spec::sweep::Role;
use lgdea_sweep::ArmSummary;

use crate::error::suggestion;
use crate::run::shown;
use crate::{Collection, ComparisonError, Run};

/// What the rows of a table differ in where nothing else is asked for.
pub const ARM: &str = "arm";

/// Values of the keys that vary, in the order of [`Rows::keys`]; none where a key does not apply.
pub type Setting = Vec<Option<String>>;

/// Runs of one group and setting, over seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Row<'a> {
    /// The arm, or the value of the key that is compared instead.
    pub group: String,
    /// What else tells the row from others.
    pub setting: Setting,
    /// The run of each seed.
    pub runs: BTreeMap<u64, &'a Run>,
}

/// All runs as rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows<'a> {
    /// What groups are compared by.
    pub by: String,
    /// The groups, in their order.
    pub groups: Vec<String>,
    /// Keys that vary besides.
    pub keys: Vec<String>,
    /// The rows: settings in their order, within each the groups in theirs.
    pub rows: Vec<Row<'a>>,
    /// The part that each arm plays of which the sweep tells it.
    pub roles: BTreeMap<String, Role>,
    /// Runs without a value of `by`, which have no place in the table.
    pub left_out: usize,
}

impl<'a> Rows<'a> {
    /// The part that a row plays: as the sweep tells it of the arm, or a ceiling by the settings of its runs.
    pub fn role(&self, row: &Row<'_>) -> Option<Role> {
        let declared = self.roles.get(&row.group).copied().filter(|_| self.by == ARM);
        declared.or_else(|| row.runs.values().any(|run| run.ceiling).then_some(Role::Ceiling))
    }

    /// Sorts runs into rows that are compared by the arm, or by the values of an axis.
    ///
    /// # Errors
    /// No run has such an axis; two runs have the same group, setting and seed; there are no runs.
    pub fn new(collection: &'a Collection, by: &str) -> Result<Rows<'a>, ComparisonError> {
        if collection.runs.is_empty() {
            let missing = collection.shortfall().map_or_else(String::new, |shortfall| format!(": {shortfall}"));
            return Err(ComparisonError::NoRuns { missing });
        }
        let axes = axes(&collection.runs);
        if by != ARM && !axes.iter().any(|axis| axis == by) {
            let known = axes.iter().map(String::as_str).chain([ARM]);
            return Err(ComparisonError::unknown("axis", by, known));
        }
        let keys = varying(&collection.runs, &axes, by);
        let mut rows: Vec<Row<'a>> = Vec::new();
        let mut position: HashMap<(String, Setting), usize> = HashMap::new();
        let mut left_out = 0;
        for run in &collection.runs {
            let Some(group) = value(run, by) else {
                left_out += 1;
                continue;
            };
            let setting: Setting = keys.iter().map(|key| value(run, key)).collect();
            let row = *position.entry((group.clone(), setting.clone())).or_insert(rows.len());
            if row == rows.len() {
                rows.push(Row { group, setting, runs: BTreeMap::new() });
            }
            if let Some(other) = rows[row].runs.insert(run.place.seed, run) {
                return Err(ComparisonError::Conflict {
                    first: other.place.run_key.clone(),
                    second: run.place.run_key.clone(),
                    arm: run.place.arm.clone(),
                    setting: describe(&keys, &rows[row].setting, " at "),
                    seed: run.place.seed,
                });
            }
        }
        let groups = groups(collection, &rows, by);
        let arms = collection.arms();
        let rank = |row: &Row<'_>| groups.iter().position(|group| *group == row.group);
        rows.sort_by(|a, b| settings_order(&keys, &arms, &a.setting, &b.setting).then(rank(a).cmp(&rank(b))));
        let declared = collection.sweeps.iter().flat_map(|sweep| &sweep.arms);
        let roles = declared.filter_map(|arm| Some((arm.name.clone(), role(arm)?))).collect();
        Ok(Rows { by: by.to_owned(), groups, keys, rows, roles, left_out })
    }

    /// A group by its name.
    ///
    /// # Errors
    /// There is none of that name among the finished runs.
    pub fn group(&self, name: &str) -> Result<&str, ComparisonError> {
        let found = self.groups.iter().find(|group| *group == name);
        let what = if self.by == ARM { "arm with finished runs" } else { "value with finished runs" };
        found.map(String::as_str).ok_or_else(|| ComparisonError::Unknown {
            what,
            name: name.to_owned(),
            suggestion: suggestion(name, self.groups.iter().map(String::as_str)),
        })
    }

    /// The row of a group that a row is compared with: the one of the same setting; else the only one that agrees in the keys
    /// that apply to both.
    pub fn counterpart(&self, row: &Row<'_>, group: &str) -> Option<&Row<'a>> {
        let of_group = || self.rows.iter().filter(|other| other.group == group);
        let agrees = |other: &&Row<'a>| {
            let both = other.setting.iter().zip(&row.setting);
            both.into_iter().all(|(a, b)| a.is_none() || b.is_none() || a == b)
        };
        of_group().find(|other| other.setting == row.setting).or_else(|| {
            let mut agreeing = of_group().filter(agrees);
            agreeing.next().filter(|_| agreeing.next().is_none())
        })
    }

    /// A setting in words, `pairing.ratio = 0.02`; empty where nothing varies.
    pub fn describe(&self, setting: &Setting) -> String {
        describe(&self.keys, setting, "")
    }
}

impl Row<'_> {
    /// Value of a metric by seed, of the seeds that have it.
    pub fn values(&self, metric: &str) -> BTreeMap<u64, f64> {
        self.runs.iter().filter_map(|(seed, run)| Some((*seed, *run.metrics.get(metric)?))).collect()
    }
}

/// The part that an arm plays: as the sweep file declares it, else, of what earlier versions listed without one, a ceiling by what
/// the arm changes, or an ablation by the name that such an arm is given.
fn role(arm: &ArmSummary) -> Option<Role> {
    let changes = || arm.changes.iter().map(|(key, value)| (key.clone(), shown(value))).collect();
    arm.role
        .or_else(|| Role::is_ceiling(&changes()).then_some(Role::Ceiling))
        .or_else(|| arm.name.starts_with("without-").then_some(Role::Ablation))
}

fn describe(keys: &[String], setting: &Setting, before: &str) -> String {
    let values =
        keys.iter().zip(setting).filter_map(|(key, value)| Some(format!("{key} = {}", readable(value.as_ref()?))));
    let text = values.collect::<Vec<_>>().join(", ");
    if text.is_empty() { text } else { format!("{before}{text}") }
}

fn value(run: &Run, key: &str) -> Option<String> {
    if key == ARM { Some(run.place.arm.clone()) } else { run.place.deltas.get(key).map(shown) }
}

/// The keys of all axes, in the order in which they appear.
pub(crate) fn axes(runs: &[Run]) -> Vec<String> {
    let mut axes: Vec<String> = Vec::new();
    for key in runs.iter().flat_map(|run| run.place.deltas.keys()) {
        if !axes.contains(key) {
            axes.push(key.clone());
        }
    }
    axes
}

/// The keys besides `by` of which runs have different values, or only some have any.
fn varying(runs: &[Run], axes: &[String], by: &str) -> Vec<String> {
    let keys = [ARM.to_owned()].into_iter().chain(axes.iter().cloned()).filter(|key| key != by);
    keys.filter(|key| runs.iter().any(|run| value(run, key) != value(&runs[0], key))).collect()
}

fn groups(collection: &Collection, rows: &[Row<'_>], by: &str) -> Vec<String> {
    if by == ARM {
        return collection.arms().into_iter().map(str::to_owned).collect();
    }
    let mut groups: Vec<String> = Vec::new();
    for row in rows {
        if !groups.contains(&row.group) {
            groups.push(row.group.clone());
        }
    }
    groups.sort_by(|a, b| values_order(a, b));
    groups
}

fn settings_order(keys: &[String], arms: &[&str], a: &Setting, b: &Setting) -> Ordering {
    let each = keys.iter().zip(a.iter().zip(b)).map(|(key, values)| match values {
        (Some(a), Some(b)) if key == ARM => {
            let rank = |arm: &str| arms.iter().position(|known| *known == arm);
            rank(a).cmp(&rank(b))
        }
        (Some(a), Some(b)) => values_order(a, b),
        // What a key does not apply to comes first.
        (a, b) => a.is_some().cmp(&b.is_some()),
    });
    each.fold(Ordering::Equal, Ordering::then)
}

/// Numbers by size, before text by the alphabet.
pub(crate) fn values_order(a: &str, b: &str) -> Ordering {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.total_cmp(&b),
        (a_number, b_number) => b_number.is_ok().cmp(&a_number.is_ok()).then_with(|| a.cmp(b)),
    }
}
