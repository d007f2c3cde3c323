//! What the journals of runs tell beyond their scores: settings, curves, data, files.

use std::collections::BTreeMap;
use std::path::Path;

use lgdea_metric::curve::{GPU_ENERGY, GPU_HOURS};
use lgdea_metric::{Group, Name, Split};
use lgdea_track::{Event, Lineage, Reader, RunDir};
use rayon::prelude::*;

use crate::{Collection, Provenance};

/// A run's journal.
#[derive(Debug, Default)]
pub(super) struct Logged {
    /// Name of the run's folder.
    pub(super) name: String,
    pub(super) attempts: u32,
    pub(super) params: BTreeMap<String, String>,
    /// Name, use and digest of each data set.
    pub(super) datasets: Vec<[String; 3]>,
    pub(super) provenance: Provenance,
    /// Of the last attempt.
    pub(super) lineage: Lineage,
    /// Values by step of each metric; of a step that was done twice, the last.
    pub(super) curves: BTreeMap<String, BTreeMap<u64, f64>>,
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
            Event::Params { values } => self.params = values,
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
                        self.curves.entry(name).or_default().insert(step, value);
                    }
                }
            }
            Event::Artifact { path } if !self.artifacts.contains(&path) => self.artifacts.push(path),
            _ => {}
        }
    }
}

/// Whether a metric has a learning curve: those of training, and the scores that the validation split has on the way.
fn is_curve(name: &str) -> bool {
    match Group::of(name) {
        Some(group) => group.is_learning(),
        None => Split::of(name) == Some(Split::Validation) && Name::parse(name).is_score(),
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
