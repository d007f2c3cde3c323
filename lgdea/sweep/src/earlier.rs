//! Runs that are on disk already.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::ErrorKind;
use std::path::Path;

use lgdea_spec::{Experiment, Resolved, Train};
use lgdea_track::{History, RunDir, Status};

use crate::PlanError;

/// The runs of a results folder that have ended for good.
#[derive(Debug, Default)]
pub struct Earlier {
    /// Seconds by run key.
    finished: HashMap<String, f64>,
    /// Keys of the runs that were stopped early.
    pruned: HashSet<String>,
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
        for run in list {
            match History::read(&run) {
                Ok(Some(history)) if history.status == Some(Status::Finished) => earlier.add(&run, &history),
                Ok(Some(history)) if history.status == Some(Status::Pruned) && stands_for(&run, &history) => {
                    earlier.pruned.insert(history.run_key);
                }
                Ok(_) => {}
                Err(error) => tracing::warn!("left out of the plan: {error}"),
            }
        }
        Ok(earlier)
    }

    fn add(&mut self, run: &RunDir, history: &History) {
        if stands_for(run, history) {
            self.finished.insert(history.run_key.clone(), history.seconds);
        }
        match Resolved::from_file(&run.experiment(), &[]) {
            Ok(resolved) => {
                let experiment = resolved.experiment;
                let seconds_a_step = history.seconds / steps(&experiment);
                self.alike.entry(setting(&experiment)).or_default().push(history.seconds);
                self.pace.entry(kind(&experiment)).or_default().push(seconds_a_step);
            }
            Err(error) => tracing::warn!("no estimate from {}: {error}", run.path().display()),
        }
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
        let alike = self.alike.get(&setting(experiment)).and_then(|seconds| median(seconds));
        alike.or_else(|| Some(median(self.pace.get(&kind(experiment))?)? * steps(experiment)))
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
