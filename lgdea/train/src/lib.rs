//! The training loop, its optimizer, schedule and checkpoints.
//!
//! [`Prepared`] holds what training reads: images, token ids, evidence and pools. [`train`] runs the text warm-up and
//! the joint steps; [`evaluate`] runs the evaluation tasks on a split.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod average;
mod batch;
mod checkpoint;
mod clip;
mod error;
mod evaluate;
mod inference;
mod loader;
mod optimizer;
mod prepared;
mod relation;
mod schedule;
mod step;
mod train;
mod warmup;

pub use error::TrainError;
pub use evaluate::{Evaluated, evaluate};
pub use prepared::{Prepared, Progress, evidence_readers};
pub use train::{Stage, StepReport, TrainOutcome, train};
