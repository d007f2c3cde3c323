//! What a sweep runs, and in what order.
//!
//! `lgdea-spec` says what a sweep *is* ([`lgdea_spec::sweep`]); this crate says what is to be done about it: which runs there
//! are already ([`Plan`]), what a search tries next ([`suggest`]), which trials are not worth going on ([`should_stop`]); and
//! does it ([`execute()`]) or has Slurm do it ([`submit`]). All that it knows is on disk or handed to it, so that a sweep that
//! was cut off goes on where it was.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod change;
mod cluster;
mod declaration;
mod earlier;
mod error;
mod execute;
mod launch;
mod left_behind;
mod plan;
mod proposals;
mod prune;
mod question;
mod runs;
mod sampler;
mod search;
mod settings;
mod slurm;
mod submission;
mod template;
mod tpe;
mod trials;
mod watch;
mod whole_file;

pub use change::SweepChange;
pub use cluster::{Cluster, ClusterJob};
pub use earlier::Earlier;
pub use error::{ExecuteError, PlanError};
pub use execute::{Audience, Begin, Counts, Ending, Execution, News, Running, execute};
pub use launch::{Local, Process, Slot};
pub use left_behind::LeftBehind;
pub use plan::{Plan, Planned, Proposed, Stages, Tally};
pub use prune::{Curve, should_stop};
pub use question::Observation;
pub use runs::{State, state};
pub use search::suggest;
pub use settings::json_map;
pub use slurm::{Array, Request, SlurmError, Submitted, submit};
pub use submission::Submission;
pub use template::TemplateError;
pub use trials::{
    ArmSummary, ClaimSummary, MergedSummary, SearchSummary, SweepSummary, TrialEntry, Trials, TrialsError,
};
