//! MLflow as a view of a journal.
//!
//! One principle: *read the journal from a byte on → send → remember the byte*. [`Mirror`] does it from a thread of its
//! own while a run goes on, [`sync`] does it once from disk; both resume from `mlflow.json` in the run's folder, and
//! both may send a line again after a crash. That does no harm: times are those of the journal and the server keeps one
//! of two equal rows, parameters are compared first, and tags and files replace themselves. The MLflow run is found by
//! its tags `lgdea.run_key` and `lgdea.started`, so a lost `mlflow.json`, a lost answer or a new server change nothing.
//!
//! What a server of version 3.17 accepts (checked by `tests/mlflow.rs`): 1000 metrics, 100 parameters and 100 tags in
//! a batch; names of 250 characters; parameters of 6000 (longer ones it would cut in silence; we cut them with a
//! mark); NaN as a string; infinities, which it gives back as ±1.8e308.

mod api;
mod backoff;
mod batch;
mod client;
mod error;
mod mirror;
mod names;
mod parent;
mod settings;
mod state;
mod transfer;

pub use error::{Error, Refusal};
pub use mirror::{Mirror, Report, comparison_page, sync};
pub use parent::show_sweep;
pub use settings::Settings;
