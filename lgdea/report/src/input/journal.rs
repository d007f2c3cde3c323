//! What a run's journal says about its result.

use std::collections::BTreeMap;

use lgdea_track::{Event, Reader, RunDir, Status};

use crate::Provenance;

/// A run as far as its journal tells.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) run_key: String,
    pub(super) name: String,
    pub(super) status: Option<Status>,
    pub(super) error: Option<String>,
    pub(super) seconds: f64,
    /// Settings by dotted key.
    pub(super) params: BTreeMap<String, String>,
    /// Scores of the validation and the test split.
    pub(super) metrics: BTreeMap<String, f64>,
    /// Scores that are no numbers.
    pub(super) undefined: Vec<String>,
    pub(super) provenance: Provenance,
}

impl Told {
    /// Reads a journal; `None` where there is none, or nothing in it.
    pub(super) fn read(run: &RunDir) -> lgdea_track::Result<Option<Told>> {
        let path = run.journal();
        if !path.exists() {
            return Ok(None);
        }
        let mut told = Told::default();
        for record in Reader::open(&path, 0)? {
            let record = record?.1;
            told.provenance.from = told.provenance.from.or(Some(record.time));
            told.provenance.until = Some(record.time);
            told.add(record.event);
        }
        Ok(told.provenance.from.is_some().then_some(told))
    }

    fn add(&mut self, event: Event) {
        match event {
            Event::Started { run_key, name, lineage, .. } => {
                self.run_key = run_key;
                self.name = name;
                self.status = None;
                self.error = None;
                self.provenance.merge(&Provenance::of(&lineage));
            }
            Event::Params { values } => self.params = values,
            Event::Metrics { values, .. } => {
                for (name, value) in values.into_iter().filter(|(name, _)| is_score(name)) {
                    if value.is_finite() {
                        self.metrics.insert(name, value);
                    } else {
                        self.undefined.push(name);
                    }
                }
            }
            Event::Ended { status, error, seconds } => {
                self.status = Some(status);
                self.error = error;
                self.seconds += seconds;
            }
            _ => {}
        }
    }

    /// What came of a run that has not finished.
    pub(super) fn state(&self) -> String {
        match self.status {
            Some(Status::Failed) => format!("failed: {}", self.error.as_deref().unwrap_or("for an unknown reason")),
            Some(Status::Killed) => "stopped".to_owned(),
            Some(Status::Pruned) => "stopped early by the sweep".to_owned(),
            Some(Status::Finished) => "finished".to_owned(),
            None => "running, or cut off".to_owned(),
        }
    }
}

/// Whether a metric is a score of a held-out split.
fn is_score(name: &str) -> bool {
    let held_out = name.starts_with("test/") || name.starts_with("validation/");
    held_out && !name.ends_with("/low") && !name.ends_with("/high")
}
