//! What the journals of runs tell beyond their scores: settings, curves, data, files.

use std::collections::BTreeMap;
use std::path::Path;

use lgdea_metric::curve::{GPU_ENERGY, GPU_HOURS};
use lgdea_metric::{Group, Name, Split};
use lgdea_track::{Event, Lineage, Reader, RunDir};
use rayon::prelude::*;

use crate::{Collection, Provenance};

/// A curve: steps, which ascend, and the value at each.
pub(super) type Curve = Vec<(u64, f64)>;

/// A run's journal, as far as the page shows it: of ten thousand runs all are in memory at once.
#[derive(Debug, Default)]
pub(super) struct Logged {
    /// Name of the run's folder.
    pub(super) name: String,
    pub(super) attempts: u32,
    /// Settings of the evaluation, and the number of threads.
    pub(super) params: BTreeMap<String, String>,
    /// Name, use and digest of each data set.
    pub(super) datasets: Vec<[String; 3]>,
    pub(super) provenance: Provenance,
    /// Of the last attempt.
    pub(super) lineage: Lineage,
    /// Values by step of each metric; of a step that was done twice, the last.
    pub(super) curves: BTreeMap<String, Curve>,
    /// Hours of a GPU that its attempts measured, together.
    pub(super) gpu_hours: f64,
    /// Kilowatt-hours of that GPU; none where no attempt could measure them.
    pub(super) gpu_energy: Option<f64>,
    /// Files to be shown, relative to the run's folder.
    pub(super) artifacts: Vec<String>,
}

impl Logged {
    fn read(folder: &Path) -> lgdea_track::Result<Logged> {
        let run = RunDir::at(folder);
        let mut logged = Logged { name: run.name(), ..Logged::default() };
        for record in Reader::open(&run.journal(), 0)? {
            let record = record?.1;
            logged.provenance.add(&record);
            logged.add(record.event);
        }
        Ok(logged)
    }

    fn add(&mut self, event: Event) {
        match event {
            Event::Started { lineage, .. } => {
                self.attempts += 1;
                self.lineage = *lineage;
            }
            Event::Params { mut values } => {
                values.retain(|key, _| key.starts_with("eval.") || key == "device.threads");
                self.params = values;
            }
            Event::Dataset { name, digest, context, .. } => {
                let dataset = [name, context, digest];
                if !self.datasets.contains(&dataset) {
                    self.datasets.push(dataset);
                }
            }
            Event::Metrics { step, values } => {
                for (name, value) in values {
                    // An attempt's whole; the next one begins anew.
                    if name == GPU_HOURS.name {
                        self.gpu_hours += value;
                    } else if name == GPU_ENERGY.name {
                        *self.gpu_energy.get_or_insert(0.0) += value;
                    } else if is_curve(&name) {
                        put(self.curves.entry(name).or_default(), step, value);
                    }
                }
            }
            Event::Artifact { path } if !self.artifacts.contains(&path) => self.artifacts.push(path),
            _ => {}
        }
    }
}

/// Puts a value at a step, in the place of what was there.
fn put(curve: &mut Curve, step: u64, value: f64) {
    if curve.last().is_none_or(|&(last, _)| last < step) {
        curve.push((step, value));
        return;
    }
    match curve.binary_search_by_key(&step, |&(step, _)| step) {
        Ok(at) => curve[at].1 = value,
        Err(at) => curve.insert(at, (step, value)),
    }
}

/// Whether a metric has a learning curve: those of training, and the scores that the validation split has on the way.
fn is_curve(name: &str) -> bool {
    match Group::of(name) {
        Some(group) => group.is_learning(),
        None => Split::of(name) == Some(Split::Validation) && Name::is_of_score(name),
    }
}

/// The journals of a collection's runs.
pub(super) struct Logs<'a> {
    /// By the run's key, its folder and journal.
    runs: BTreeMap<&'a str, (&'a Path, Logged)>,
    /// What could not be read.
    pub(super) notes: Vec<String>,
}

impl<'a> Logs<'a> {
    pub(super) fn read(collection: &'a Collection) -> Logs<'a> {
        let mut logs = Logs { runs: BTreeMap::new(), notes: Vec::new() };
        let folders =
            collection.runs.iter().filter_map(|run| Some((run.place.run_key.as_str(), run.folder.as_deref()?)));
        let folders: Vec<(&str, &Path)> = folders.collect();
        let read: Vec<_> = folders.par_iter().map(|(_, folder)| Logged::read(folder)).collect();
        for ((run_key, folder), logged) in folders.into_iter().zip(read) {
            match logged {
                Ok(logged) => drop(logs.runs.insert(run_key, (folder, logged))),
                Err(error) => logs.notes.push(format!("no curves and settings of run {run_key}: {error}")),
            }
        }
        logs
    }

    /// The journal of a run, of which a folder is known.
    pub(super) fn of(&self, run_key: &str) -> Option<&Logged> {
        self.runs.get(run_key).map(|(_, logged)| logged)
    }

    /// The folder of a run.
    pub(super) fn folder(&self, run_key: &str) -> Option<&Path> {
        self.runs.get(run_key).map(|(folder, _)| *folder)
    }

    /// Pages of prototypes that lie in runs' folders, below the results folder.
    pub(super) fn prototype_pages(&self) -> Vec<String> {
        let pages = self.runs.values().filter(|(folder, _)| folder.join("prototypes.html").is_file());
        pages.map(|(_, logged)| format!("runs/{}/prototypes.html", logged.name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_was_done_twice_has_its_last_value() {
        let mut curve = Curve::new();
        for (step, value) in [(10, 1.0), (20, 2.0), (30, 3.0), (20, 4.0), (25, 5.0)] {
            put(&mut curve, step, value);
        }
        assert_eq!(curve, [(10, 1.0), (20, 4.0), (25, 5.0), (30, 3.0)]);
    }
}
