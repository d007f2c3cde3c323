//! MLflow as a view of a journal, against a real server and against broken ones.
//!
//! The tests in `real` need the address of a running server in `LGDEA_TEST_MLFLOW`:
//! `LGDEA_TEST_MLFLOW=$(tests/services/mlflow.sh start) cargo test -p lgdea-track`.

#![allow(clippy::unwrap_used)]

mod broken;
mod models;
mod real;

use std::collections::BTreeMap;

use lgdea_track::mlflow::Settings;
use lgdea_track::{Event, Journal, Lineage, RunDir, Status};
use tempfile::TempDir;

/// A run's folder with the start of a first attempt in its journal.
fn begin(run_key: &str) -> (TempDir, RunDir, Journal) {
    let folder = tempfile::tempdir().unwrap();
    let run = RunDir::new(folder.path(), "low-pair", run_key);
    let journal = Journal::create(&run).unwrap();
    journal.write(started(run_key, 1)).unwrap();
    (folder, run, journal)
}

fn started(run_key: &str, attempt: u32) -> Event {
    Event::Started {
        run_key: run_key.to_owned(),
        name: "low-pair".to_owned(),
        attempt,
        lineage: Box::new(Lineage::collect("flex", std::path::Path::new("."))),
    }
}

fn ended(status: Status) -> Event {
    Event::Ended { status, error: None, seconds: 1.0 }
}

fn texts(values: &[(&str, &str)]) -> BTreeMap<String, String> {
    values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn settings(uri: &str, experiment: &str) -> Settings {
    Settings::from_env(uri, experiment).unwrap().unwrap()
}
