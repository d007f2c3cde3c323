//! How far a run's journal has been sent, kept beside it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{Error, RunDir};

/// `mlflow.json`: which MLflow run shows a journal, and how far it has been sent.
///
/// It saves time, no more: without it the run is found again by its tags, and the journal is sent once more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) server: String,
    pub(super) experiment: String,
    pub(super) run_id: String,
    /// Address of the run in the user interface.
    pub(super) url: String,
    /// Bytes of the journal that the server has.
    pub(super) offset: u64,
}

impl State {
    /// Reads the state; a missing or spoiled one is none.
    pub(super) fn load(path: &Path) -> Option<State> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }

    /// Bytes of a run's journal that its server lacks.
    pub(super) fn behind(run: &RunDir) -> u64 {
        let sent = State::load(&run.mlflow()).map_or(0, |state| state.offset);
        run.journal().metadata().map_or(0, |journal| journal.len().saturating_sub(sent))
    }

    /// Of a results folder's runs, those on a server.
    pub(super) fn of_runs(results: &Path, server: &str) -> Vec<State> {
        let runs = RunDir::list(&results.join("runs")).unwrap_or_default();
        let states = runs.iter().filter_map(|run| State::load(&run.mlflow()));
        states.filter(|state| state.server == server).collect()
    }

    /// The server's id of the experiment, as the run's address has it.
    pub(super) fn experiment_id(&self) -> Option<&str> {
        let (_, ids) = self.url.split_once("/experiments/")?;
        ids.split_once("/runs/").map(|(experiment, _)| experiment)
    }

    /// Replaces the state at one stroke, so that a reader sees the old or the new one.
    pub(super) fn save(&self, path: &Path) -> Result<(), Error> {
        let new = path.with_extension("json.new");
        let text = serde_json::to_vec_pretty(self).map_err(std::io::Error::from);
        text.and_then(|text| std::fs::write(&new, text))
            .and_then(|()| std::fs::rename(&new, path))
            .map_err(Error::io("write", path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_comes_back_and_a_spoiled_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mlflow.json");
        assert_eq!(State::load(&path), None);
        let state = State {
            server: "http://h".to_owned(),
            experiment: "lgdea".to_owned(),
            run_id: "r".to_owned(),
            url: "http://h/#/experiments/1/runs/r".to_owned(),
            offset: 12,
        };
        state.save(&path).unwrap();
        assert_eq!(State::load(&path), Some(state));
        std::fs::write(&path, "{\"server\":").unwrap();
        assert_eq!(State::load(&path), None);
    }
}
