//! From paths to runs.

mod journal;
mod locate;
mod loose;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use lgdea_spec::sweep::Sweep;
use lgdea_sweep::{SweepSummary, Trials};
use lgdea_track::RunDir;

use crate::run::{Missing, Place, Run};
use crate::{ComparisonError, Provenance, records};

use journal::Told;
use locate::{Located, locate};

/// Runs that were brought together to be compared.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Collection {
    /// The sweeps that they are of; none for runs that were named one by one.
    pub sweeps: Vec<SweepSummary>,
    /// The finished runs, each key once, in the order of their sweeps.
    pub runs: Vec<Run>,
    /// Trials without a finished run.
    pub missing: Vec<Missing>,
    /// What the runs were made with.
    pub provenance: Provenance,
    /// What a reader should know about them.
    pub warnings: Vec<String>,
}

impl Collection {
    /// Collects the runs that paths name: sweeps (their folder, their file, their name below `results`), run folders, results
    /// folders (all their runs) and records files. A run that is in several counts once.
    ///
    /// # Errors
    /// A path names nothing of the kind, or what it names cannot be read.
    pub fn read(paths: &[PathBuf], results: &Path) -> Result<Collection, ComparisonError> {
        let mut all = Collection::default();
        let mut loose = Vec::new();
        for path in paths {
            match locate(path, results)? {
                Located::Records(file) => all.join(records::read(&file)?),
                Located::Sweep { trials, results } => all.join(sweep(&trials, &results)?),
                Located::SweepFile(file) => {
                    let name = Sweep::from_file(&file)?.name;
                    let trials = Trials::path(results, &name);
                    if !trials.is_file() {
                        let reason = format!("has not been run: there is no {}", trials.display());
                        return Err(ComparisonError::NotResults { path: path.clone(), reason });
                    }
                    all.join(sweep(&trials, results)?);
                }
                Located::Runs(folders) => loose.extend(folders),
            }
        }
        all.join(loose::collect(&loose));
        let found: HashSet<&str> = all.runs.iter().map(|run| run.place.run_key.as_str()).collect();
        all.missing.retain(|missing| !found.contains(missing.place.run_key.as_str()));
        Ok(all)
    }

    /// Adds another collection; a run that is in both is kept as it is in this one.
    fn join(&mut self, other: Collection) {
        for sweep in other.sweeps {
            if !self.sweeps.contains(&sweep) {
                self.sweeps.push(sweep);
            }
        }
        let known: HashMap<String, usize> =
            self.runs.iter().enumerate().map(|(position, run)| (run.place.run_key.clone(), position)).collect();
        for run in other.runs {
            match known.get(&run.place.run_key) {
                None => self.runs.push(run),
                Some(&position) if self.runs[position].metrics != run.metrics => self.warnings.push(format!(
                    "run {} has other scores in a second place; those of the first count",
                    run.place.run_key
                )),
                Some(&position) if self.runs[position].folder.is_none() => self.runs[position].folder = run.folder,
                Some(_) => {}
            }
        }
        for missing in other.missing {
            if !self.missing.iter().any(|known| known.place.run_key == missing.place.run_key) {
                self.missing.push(missing);
            }
        }
        self.provenance.merge(&other.provenance);
        self.warnings.extend(other.warnings);
    }

    /// The arms in the order of their sweeps, then of their runs; the first is the base.
    pub fn arms(&self) -> Vec<&str> {
        let declared = self.sweeps.iter().flat_map(|sweep| sweep.arms.iter().map(|arm| arm.name.as_str()));
        let of_runs = self.runs.iter().map(|run| run.place.arm.as_str());
        let mut seen = HashSet::new();
        let present: HashSet<&str> = of_runs.clone().collect();
        declared.chain(of_runs).filter(|&arm| present.contains(arm) && seen.insert(arm)).collect()
    }

    /// How many trials have no finished run, and what came of them; empty where all have.
    pub fn shortfall(&self) -> String {
        let mut states: Vec<(&str, usize)> = Vec::new();
        for missing in &self.missing {
            // The reasons of failures differ; their number is told, and each reason stands in the run's journal.
            let state = missing.state.split(':').next().unwrap_or_default();
            match states.iter_mut().find(|(known, _)| *known == state) {
                Some((_, count)) => *count += 1,
                None => states.push((state, 1)),
            }
        }
        if states.is_empty() {
            return String::new();
        }
        let states: Vec<String> = states.into_iter().map(|(state, count)| format!("{count} {state}")).collect();
        let all = self.runs.len() + self.missing.len();
        format!("{} of {all} trials have no finished run ({})", self.missing.len(), states.join(", "))
    }
}

/// The runs of a sweep.
fn sweep(trials: &Path, results: &Path) -> Result<Collection, ComparisonError> {
    let Trials { sweep, trials } = Trials::read(trials)?;
    let by_key = locate::runs_by_key(&results.join("runs"));
    let mut collection = Collection { sweeps: vec![sweep], ..Collection::default() };
    let mut seen = HashSet::new();
    for trial in trials {
        let place = Place { run_key: trial.run_key, arm: trial.arm, seed: trial.seed, deltas: trial.deltas };
        if !seen.insert(place.run_key.clone()) {
            continue;
        }
        // The same run may have been made under another name.
        let named = results.join("runs").join(&trial.dir);
        let folder = if named.is_dir() { Some(&named) } else { by_key.get(&place.run_key) };
        let told = folder.map_or(Ok(None), |folder| Told::read(&RunDir::at(folder)));
        match told {
            Ok(Some(told)) if told.is_finished() => collection.add(place, &told, folder.map(PathBuf::as_path)),
            Ok(Some(told)) => collection.missing.push(Missing { place, state: told.state() }),
            Ok(None) => collection.missing.push(Missing { place, state: "not begun".to_owned() }),
            Err(error) => {
                collection.warnings.push(format!("left out: {error}"));
                collection.missing.push(Missing { place, state: "unreadable".to_owned() });
            }
        }
    }
    Ok(collection)
}

impl Collection {
    /// Adds a finished run that was read from this folder.
    fn add(&mut self, place: Place, told: &Told, folder: Option<&Path>) {
        let (defined, undefined): (Vec<_>, Vec<_>) = told.history.scores().partition(|(_, value)| value.is_finite());
        if !undefined.is_empty() {
            let names = undefined.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
            self.warnings.push(format!("run {} has no number as its {names}", place.run_key));
        }
        self.provenance.merge(&told.provenance);
        let metrics = defined.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let folder = folder.map(Path::to_path_buf);
        self.runs.push(Run { place, seconds: told.history.seconds, metrics, folder });
    }
}
