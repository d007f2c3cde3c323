//! The training loop, its optimizer, schedule and checkpoints.
//!
//! [`train`] runs the text warm-up and the joint steps; [`load_model`] opens what a run has learned.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod average;
mod batch;
mod checkpoint;
mod clip;
mod collapse;
mod error;
mod learned;
mod loader;
mod optimizer;
mod peer;
mod pretrained;
mod profile;
mod relation;
mod schedule;
mod step;
mod stopwatch;
mod towers;
mod train;
mod warmup;

pub use error::TrainError;
pub use learned::{adopt_training, checkpoint_digest, load_model, newest_checkpoint};
pub use profile::{Profile, profile};
pub use train::{Stage, StepReport, TrainOutcome, train};
