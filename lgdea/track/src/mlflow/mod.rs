//! MLflow as a view of a journal.
//!
//! One principle: *read the journal from a byte on → send → remember the byte*. [`Mirror`] does it from a thread of its
//! own while a run goes on, [`sync`] does it once from disk; both resume from `mlflow.json` in the run's folder, and
//! both may send a line again after a crash. That does no harm: times are those of the journal and the server keeps one
//! of two equal rows, parameters are compared first, and tags and files replace themselves. The MLflow run is found by
//! its tags `lgdea.run_key` and `lgdea.started`, so a lost `mlflow.json`, a lost answer or a new server change nothing.
//!
//! A run that finishes also shows its last checkpoint, the one that was evaluated, as a logged model (`model.rs`,
//! `logged_model.rs`) with the final scores of each held-out split by data set. The model is found again by its run and
//! step, what was done to it is looked up before it is done again, and of equal scores the server keeps one, as of the
//! run's rows. Its weights stay where they are. A server without logged models shows all else.
//!
//! A sweep is a run of its own (`parent.rs`), and brings a view of its trials to the experiment (`view.rs`).
//!
//! What a server of version 3.17 accepts (checked by `tests/mlflow.rs`): 1000 metrics, 100 parameters and 100 tags in
//! a batch; names of 250 characters; parameters of 6000 (longer ones it would cut in silence; we cut them with a
//! mark); NaN as a string, which is 0 as the score of a model and so not sent as one; infinities, which it gives back as
//! ±1.8e308; a model as a run's output once, the second time it refuses; one use of a data set, known by name and digest,
//! by a run.

mod api;
mod backoff;
mod batch;
mod client;
mod error;
mod logged_model;
mod mirror;
mod model;
mod names;
mod parent;
mod pulse;
mod settings;
mod state;
pub mod tags;
mod transfer;
mod view;

pub use error::{Error, Refusal};
pub use mirror::{Mirror, Report, comparison_page, sync, sync_command};
pub use names::{metric as metric_name, name};
pub use parent::show_sweep;
pub use settings::Settings;
pub use state::Sent;

/// Asks a server whether it is there, and returns its address.
///
/// # Errors
/// It does not answer in time, wants other credentials, or is no `MLflow`.
pub fn answers(settings: &Settings, patience: std::time::Duration) -> Result<String, Error> {
    client::Client::new(settings, patience)?.ask()?;
    Ok(settings.server().to_owned())
}
