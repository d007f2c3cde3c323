//! Finished runs of a sweep's name that are no part of it any more, and which change left them behind.
//!
//! A run's name begins with its sweep's, and its experiment is tagged with sweep, arm and varied values. What it has that no
//! trial of now has is what was changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use lgdea_spec::sweep::{Expansion, Sweep, Trial};
use lgdea_spec::{Experiment, Resolved};
use lgdea_track::mlflow::tags;
use lgdea_track::{Event, History, Reader, RunDir, Status, leaves};
use rayon::prelude::*;
use serde_json::{Map, Value};

use crate::declaration::Declaration;
use crate::json_map;
use crate::runs::key_of;

/// Keys that change no result, and the seed, which is told apart.
const OUTSIDE: [&str; 6] = ["name", "description", "tags", "device", "tracker", "seed"];
/// Changed keys that are named of a run, and characters of a value.
const NAMED: usize = 3;
const VALUE_LENGTH: usize = 60;

/// Finished runs that a sweep of the same name has run, and which are no part of it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftBehind {
    sweep: String,
    folder: PathBuf,
    /// Number of runs by what tells them from those of now.
    reasons: BTreeMap<String, usize>,
}

impl LeftBehind {
    /// Looks for them in a results folder; `is_part` says of a run's key whether the sweep has it now.
    pub(crate) fn find(
        sweep: &Sweep,
        expansion: &Expansion,
        results: &Path,
        is_part: impl Fn(&str) -> bool,
    ) -> io::Result<Option<LeftBehind>> {
        let folder = results.join("runs");
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            entries => entries?,
        };
        let of_this = |name: &str| name.strip_prefix(sweep.name.as_str()).is_some_and(|rest| rest.starts_with('.'));
        let mut runs = Vec::new();
        for entry in entries {
            let run = RunDir::at(entry?.path());
            let name = run.name();
            if of_this(&name) && key_of(&name).is_some_and(|key| !is_part(key)) {
                runs.push(run);
            }
        }
        let now = Now { sweep, expansion, arms: OnceLock::new(), declarations: OnceLock::new(), results };
        let mut reasons = BTreeMap::new();
        for reason in runs.par_iter().filter_map(|run| now.reason(run)).collect::<Vec<String>>() {
            *reasons.entry(reason).or_default() += 1;
        }
        let sweep = &sweep.name;
        let found = LeftBehind { sweep: sweep.clone(), folder, reasons };
        Ok(Some(found).filter(|found| found.runs() > 0))
    }

    /// How many there are.
    fn runs(&self) -> usize {
        self.reasons.values().sum()
    }
}

impl fmt::Display for LeftBehind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (runs, folder) = (self.runs(), self.folder.display());
        let [s, are, they] = if runs == 1 { ["", "is", "It stays"] } else { ["s", "are", "They stay"] };
        writeln!(formatter, "{runs} finished run{s} of a sweep called `{}` {are} no part of it now:", self.sweep)?;
        for (reason, count) in &self.reasons {
            writeln!(formatter, "  {count} {reason}")?;
        }
        write!(
            formatter,
            "{they} in {folder}. To count {} again, undo the change; to keep both, give the changed sweep a `name` of its own",
            if runs == 1 { "it" } else { "them" }
        )
    }
}

/// The sweep as it is now.
struct Now<'a> {
    sweep: &'a Sweep,
    expansion: &'a Expansion,
    /// Its trials by their arms.
    arms: OnceLock<HashMap<&'a str, Arm<'a>>>,
    declarations: OnceLock<Vec<Declaration>>,
    results: &'a Path,
}

/// The trials of an arm.
#[derive(Default)]
struct Arm<'a> {
    trials: Vec<&'a Trial>,
    /// Their positions by seed.
    seeds: HashMap<u64, Vec<usize>>,
    values: OnceLock<Values>,
}

/// What axes give the trials of an arm.
#[derive(Default)]
struct Values {
    /// Each trial's.
    deltas: Vec<Map<String, Value>>,
    /// All that there are of a key, as they are shown.
    varied: BTreeMap<String, BTreeSet<String>>,
}

impl Now<'_> {
    /// What tells a run from the trials of now; none where it is not finished, or was run as something else.
    fn reason(&self, run: &RunDir) -> Option<String> {
        let sweep = self.sweep;
        let history = History::read(run).ok()??;
        if history.status != Some(Status::Finished) {
            return None;
        }
        let Ok(resolved) = Resolved::from_file(&run.experiment(), &[]) else {
            return Some("whose experiment this version of lgdea cannot read".to_owned());
        };
        let was = resolved.experiment;
        let tag = |tag: &str| was.tags.get(tag).map(String::as_str).unwrap_or_default();
        if tag(tags::SWEEP) != sweep.name {
            return None;
        }
        let name = tag(tags::ARM);
        let deltas: Map<String, Value> = serde_json::from_str(tag(tags::DELTAS)).unwrap_or_default();
        let Some(arm) = self.arms().get(name) else {
            return Some(format!("of the arm `{name}`, which it does not have now"));
        };
        let seed = was.seed.0;
        let Some(with_seed) = arm.seeds.get(&seed) else {
            return Some(format!("with seed {seed}, which it does not have now"));
        };
        let (code, code_now) = (code_of(run), lgdea_inputs::code(&sweep.device));
        if code.as_ref().is_some_and(|code| *code != code_now) {
            return Some(format!("computed by lgdea {}, which is {code_now} now", code.unwrap_or_default()));
        }
        let differences = self.differences(&was, &deltas, arm, with_seed);
        if !differences.is_empty() {
            return Some(format!("with {}", listed(&differences)));
        }
        Some(self.change_of_search(&deltas, arm.trials[0]).unwrap_or_else(|| {
            "for a reason that is not recorded: what the trials read may have changed (data, prompts, ontology, weights)"
                .to_owned()
        }))
    }

    fn arms(&self) -> &HashMap<&str, Arm<'_>> {
        self.arms.get_or_init(|| {
            let mut arms: HashMap<&str, Arm<'_>> = HashMap::new();
            for trial in &self.expansion.trials {
                let arm = arms.entry(self.sweep.arm(trial)).or_default();
                arm.seeds.entry(trial.seed).or_default().push(arm.trials.len());
                arm.trials.push(trial);
            }
            arms
        })
    }

    /// The settings of a run that the most similar trial of now has not, with what they are now.
    fn differences(
        &self,
        was: &Experiment,
        deltas: &Map<String, Value>,
        arm: &Arm<'_>,
        with_seed: &[usize],
    ) -> Vec<String> {
        let sweep = self.sweep;
        let values = arm.values(sweep);
        let equal =
            |trial: usize| values.deltas[trial].iter().filter(|(key, value)| deltas.get(*key) == Some(*value)).count();
        // The first of the most similar ones.
        let Some(&nearest) = with_seed.iter().rev().max_by_key(|&&trial| equal(trial)) else { return Vec::new() };
        let nearest = arm.trials[nearest];
        let Ok(resolved) = sweep.resolve(nearest) else { return Vec::new() };
        let (before, after) = (settings(was), settings(&resolved.experiment));
        let searched: BTreeSet<&str> = self.searched(deltas, nearest);
        let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let mut found = Vec::new();
        for key in keys {
            let (was, is) = (before.get(key), after.get(key));
            if was == is || searched.contains(key.as_str()) {
                continue;
            }
            let shown = |value: Option<&Value>| value.map_or_else(|| "not set".to_owned(), short);
            let now = match values.varied.get(key) {
                None => shown(is),
                Some(varied) if varied.contains(&shown(was)) => "left out by a condition".to_owned(),
                Some(varied) => varied.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
            };
            found.push(format!("`{key}` = {} (now {now})", shown(was)));
        }
        found
    }

    /// Keys whose values a search proposes or has proposed.
    fn searched<'k>(&'k self, deltas: &'k Map<String, Value>, trial: &Trial) -> BTreeSet<&'k str> {
        let Some(search) = &self.sweep.search else { return BTreeSet::new() };
        let axes = self.axes(trial);
        let before = deltas.keys().map(String::as_str).filter(|key| !axes.iter().any(|axis| axis == key));
        search.space.iter().map(|parameter| parameter.key.as_str()).chain(before).collect()
    }

    fn axes(&self, trial: &Trial) -> Vec<String> {
        self.sweep.deltas(trial).into_iter().map(|(key, _)| key).collect()
    }

    /// What has changed of the search that proposed a run, as far as its declaration is kept.
    fn change_of_search(&self, deltas: &Map<String, Value>, trial: &Trial) -> Option<String> {
        let now = Declaration::new(self.sweep.search.as_ref()?);
        let folder = self.results.join("sweeps").join(&self.sweep.name).join("searches");
        let axes = self.axes(trial);
        let earlier = self.declarations.get_or_init(|| Declaration::all(&folder));
        let may_have = earlier.iter().filter(|one| **one != now && one.may_propose(deltas, &axes));
        let changes = may_have.map(|one| one.changes(&now)).min_by_key(Vec::len);
        Some(match changes {
            Some(changes) => format!("of a search of which {}", changes.join(", and ")),
            None if now.may_propose(deltas, &axes) => return None,
            None => format!("of another search, which proposed {}", listed(&assignments(deltas))),
        })
    }
}

impl Arm<'_> {
    fn values(&self, sweep: &Sweep) -> &Values {
        self.values.get_or_init(|| {
            let mut values = Values::default();
            for trial in &self.trials {
                let deltas = json_map(sweep.deltas(trial));
                for (key, value) in &deltas {
                    values.varied.entry(key.clone()).or_default().insert(short(value));
                }
                values.deltas.push(deltas);
            }
            values
        })
    }
}

/// Which code computed a run, as its key has it.
fn code_of(run: &RunDir) -> Option<String> {
    match Reader::open(&run.journal(), 0).ok()?.next()?.ok()?.1.event {
        Event::Started { lineage, .. } if !lineage.device.is_empty() => {
            Some(lgdea_inputs::code_of(&lineage.lgdea, &lineage.device))
        }
        _ => None,
    }
}

/// The settings of an experiment that may change its result, by dotted key.
fn settings(experiment: &Experiment) -> BTreeMap<String, Value> {
    let mut found = leaves(experiment).unwrap_or_default();
    found.retain(|key, _| !OUTSIDE.contains(&key.split('.').next().unwrap_or_default()));
    found
}

fn assignments(values: &Map<String, Value>) -> Vec<String> {
    values.iter().map(|(key, value)| format!("`{key}` = {}", short(value))).collect()
}

fn listed(all: &[String]) -> String {
    let more = all.len().saturating_sub(NAMED);
    let shown = all[..all.len() - more].join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= VALUE_LENGTH {
        return text;
    }
    text.chars().take(VALUE_LENGTH).chain(['…']).collect()
}
