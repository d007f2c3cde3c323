//! The run that stands for a sweep, below which MLflow shows the runs of its trials.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::backoff::patiently;
use super::client::{Client, WATCHED};
use super::state::State;
use super::{Error, Settings, view};
use crate::Status;
use crate::run_dir::lock;

/// The folder of a sweep; none where no sweep of the name was run there.
pub(super) fn folder(results: &Path, sweep: &str) -> Option<PathBuf> {
    // A name that is no single part of a path, or that a search cannot quote, is no sweep's.
    let is_name = Path::new(sweep).file_name().is_some_and(|name| name == sweep) && !sweep.contains('\'');
    Some(results.join("sweeps").join(sweep)).filter(|folder| is_name && folder.is_dir())
}

/// Finds or makes the run of a sweep: the one that `mlflow.json` in its folder names, else the one of its tag. One process at a
/// time looks and makes, so that there is one.
pub(super) fn find_or_create(
    client: &Client,
    experiment: (&str, &str),
    folder: &Path,
    sweep: &str,
) -> Result<State, Error> {
    let (experiment, experiment_id) = experiment;
    let _lock = lock(folder.join(".mlflow.lock"))?;
    let path = folder.join("mlflow.json");
    let known = State::load(&path).filter(|state| state.server == client.server() && state.experiment == experiment);
    if let Some(state) = known {
        match client.run(&state.run_id) {
            Ok(run) if !run.is_deleted() => return Ok(state),
            Err(error) if !error.is_missing() => return Err(error),
            Ok(_) | Err(_) => {}
        }
    }
    let run = match client.find_sweep(experiment_id, sweep)? {
        Some(run) => run,
        None => client.create_sweep(experiment_id, sweep, crate::event::now())?,
    };
    let state = State {
        server: client.server().to_owned(),
        experiment: experiment.to_owned(),
        url: client.run_url(experiment_id, &run.info.run_id),
        run_id: run.info.run_id,
        offset: 0,
    };
    state.save(&path)?;
    Ok(state)
}

/// Tells the server how a sweep of `results` stands: its status, none while it goes on, and a readable `note`; and how to show
/// its trials. Gives up after `wait`. Returns the address of that view; none where no such sweep was run there.
///
/// # Errors
/// The server is not reached in time, or does not take it.
pub fn show_sweep(
    results: &Path,
    sweep: &str,
    status: Option<Status>,
    note: &str,
    settings: &Settings,
    wait: Duration,
) -> Result<Option<String>, Error> {
    let Some(folder) = folder(results, sweep) else { return Ok(None) };
    let client = Client::new(settings, WATCHED)?;
    patiently(wait, || {
        let experiment_id = client.experiment(&settings.experiment)?;
        let state = find_or_create(&client, (&settings.experiment, &experiment_id), &folder, sweep)?;
        client.note(&state.run_id, note)?;
        client.tag_experiment(&experiment_id, view::tag(sweep))?;
        let (status, ended) = match status {
            None => ("RUNNING", None),
            Some(status) => (status.name_on_server(), Some(crate::event::now())),
        };
        client.update(&state.run_id, status, ended)?;
        Ok(Some(view::page(client.server(), &experiment_id, sweep)))
    })
}
