//! How far a run's journal has been sent, kept beside it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{Error, Event, RunDir, reader};

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

/// That a server has a run to the last byte of its journal, as `mlflow.json` in the run's folder says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The server and its experiment.
    pub place: (String, String),
    /// The run on the server.
    pub run_id: String,
}

impl Sent {
    /// `None` where something is left to send, and where the journal does not end with the end of an attempt: the run may be
    /// going on, or have to be ended.
    pub fn of(run: &RunDir) -> Option<Sent> {
        let state = State::load(&run.mlflow())?;
        let journal = run.journal();
        let is_whole = journal.metadata().is_ok_and(|journal| journal.len() == state.offset);
        let ends = || matches!(reader::last(&journal), Some(record) if matches!(record.event, Event::Ended { .. }));
        (is_whole && ends()).then_some(Sent { place: (state.server, state.experiment), run_id: state.run_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Journal, Lineage, Status};

    #[test]
    fn a_run_is_sent_once_its_end_is() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::at(folder.path().join("run"));
        let journal = Journal::open(&run).unwrap();
        let note = |offset| {
            let text = || "a".to_owned();
            let state = State { server: text(), experiment: text(), run_id: text(), url: text(), offset };
            state.save(&run.mlflow()).unwrap();
        };
        let length = || run.journal().metadata().unwrap().len();
        assert_eq!(Sent::of(&run), None, "nothing is known");
        let (run_key, name) = ("0123456789ab".to_owned(), "a".to_owned());
        journal.write(Event::Started { run_key, name, attempt: 1, lineage: Box::new(Lineage::default()) }).unwrap();
        note(length());
        assert_eq!(Sent::of(&run), None, "it may be going on");
        journal.write(Event::Ended { status: Status::Finished, error: None, seconds: 1.0 }).unwrap();
        assert_eq!(Sent::of(&run), None, "its end is not sent");
        note(length());
        assert_eq!(Sent::of(&run).map(|sent| sent.run_id), Some("a".to_owned()));
        journal.write(Event::Note { text: "more".to_owned() }).unwrap();
        note(length());
        assert_eq!(Sent::of(&run), None, "more may come");
    }

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
