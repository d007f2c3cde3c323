//! Runs that are on disk already.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::OnceLock;

use lgdea_spec::{Experiment, Resolved, Train};
use lgdea_track::{History, RunDir, Status};
use rayon::prelude::*;

use crate::PlanError;

/// Most runs that estimates are made from; of more, evenly spaced ones.
const MOST_READ: usize = 2000;

/// The runs of a results folder that have ended for good.
#[derive(Debug, Default)]
pub struct Earlier {
    /// Seconds by run key.
    finished: HashMap<String, f64>,
    /// Keys of the runs that were stopped early.
    pruned: HashSet<String>,
    /// All finished runs with their seconds.
    runs: Vec<(RunDir, f64)>,
    /// How fast they were: read once somebody asks.
    times: OnceLock<Times>,
}

/// What a journal tells of a run that has ended for good.
enum Ended {
    /// Its seconds, and its key where it stands for it.
    Finished(f64, Option<String>),
    Pruned(String),
}

/// How long runs took.
#[derive(Debug, Default)]
struct Times {
    /// Seconds of runs that differ in the seed alone.
    alike: HashMap<String, Vec<f64>>,
    /// Seconds a step of runs with the same data, encoders and device.
    pace: HashMap<String, Vec<f64>>,
}

impl Earlier {
    /// Reads the runs below a results folder. A run whose journal or experiment cannot be read tells nothing, and is left
    /// out with a warning.
    pub fn read(results: &Path) -> Result<Earlier, PlanError> {
        let runs = results.join("runs");
        let mut earlier = Earlier::default();
        let list = match RunDir::list(&runs) {
            // Nothing has run yet.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(earlier),
            list => list.map_err(|source| PlanError::Results { path: runs.clone(), source })?,
        };
        let read: Vec<_> = list.into_par_iter().map(|run| (Ended::read(&run), run)).collect();
        for (ended, run) in read {
            match ended {
                Ok(Some(Ended::Finished(seconds, key))) => {
                    earlier.finished.extend(key.map(|key| (key, seconds)));
                    earlier.runs.push((run, seconds));
                }
                Ok(Some(Ended::Pruned(key))) => drop(earlier.pruned.insert(key)),
                Ok(None) => {}
                Err(error) => tracing::warn!("left out of the plan: {error}"),
            }
        }
        Ok(earlier)
    }

    /// Whether a finished run has this key.
    pub fn has(&self, run_key: &str) -> bool {
        self.finished.contains_key(run_key)
    }

    /// Whether the run of this key was stopped early.
    pub fn has_pruned(&self, run_key: &str) -> bool {
        self.pruned.contains(run_key)
    }

    /// Number of finished runs.
    pub fn len(&self) -> usize {
        self.finished.len()
    }

    /// Whether there is no finished run.
    pub fn is_empty(&self) -> bool {
        self.finished.is_empty()
    }

    /// Seconds that an experiment may take: the median of runs that differ in the seed alone, else the median pace of runs
    /// with the same data, encoders and device.
    pub fn estimate(&self, experiment: &Experiment) -> Option<f64> {
        let times = self.times.get_or_init(|| Times::read(&self.runs));
        let alike = times.alike.get(&setting(experiment)).and_then(|seconds| median(seconds));
        alike.or_else(|| Some(median(times.pace.get(&kind(experiment))?)? * steps(experiment)))
    }
}

impl Ended {
    /// `None` of a run that has not ended for good.
    fn read(run: &RunDir) -> lgdea_track::Result<Option<Ended>> {
        let Some(history) = History::read(run)? else { return Ok(None) };
        let stands = stands_for(run, &history);
        Ok(match history.status {
            Some(Status::Finished) => Some(Ended::Finished(history.seconds, stands.then_some(history.run_key))),
            Some(Status::Pruned) if stands => Some(Ended::Pruned(history.run_key)),
            _ => None,
        })
    }
}

impl Times {
    fn read(runs: &[(RunDir, f64)]) -> Times {
        let every = runs.len().div_ceil(MOST_READ).max(1);
        let chosen: Vec<&(RunDir, f64)> = runs.iter().step_by(every).collect();
        let read: Vec<_> = chosen
            .into_par_iter()
            .map(|(run, seconds)| match Resolved::from_file(&run.experiment(), &[]) {
                Ok(Resolved { experiment, .. }) => {
                    Ok((setting(&experiment), kind(&experiment), steps(&experiment), *seconds))
                }
                Err(error) => Err((run, error)),
            })
            .collect();
        let mut times = Times::default();
        for one in read {
            match one {
                Ok((setting, kind, steps, seconds)) => {
                    times.alike.entry(setting).or_default().push(seconds);
                    times.pace.entry(kind).or_default().push(seconds / steps);
                }
                Err((run, error)) => tracing::warn!("no estimate from {}: {error}", run.path().display()),
            }
        }
        times
    }
}

/// Whether a run stands for its key: one that was set aside for another one does not.
fn stands_for(run: &RunDir, history: &History) -> bool {
    run.name().ends_with(&format!("-{}", history.run_key))
}

fn steps(experiment: &Experiment) -> f64 {
    let Train { steps, text_warmup_steps, rounds, .. } = experiment.train;
    ((steps + text_warmup_steps) * rounds).max(1) as f64
}

/// What two runs share that differ in the seed alone.
fn setting(experiment: &Experiment) -> String {
    let mut experiment = experiment.clone();
    experiment.seed.0 = 0;
    format!("{} on {}", experiment.identity(), experiment.device.name)
}

/// What two runs share whose steps take about the same time.
fn kind(experiment: &Experiment) -> String {
    let parts = BTreeMap::from([
        ("data", serde_json::to_string(&experiment.data)),
        ("encoder", serde_json::to_string(&experiment.encoder)),
        ("device", serde_json::to_string(&experiment.device.name)),
    ]);
    parts.into_values().map(Result::unwrap_or_default).collect::<Vec<_>>().join("\n")
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}
