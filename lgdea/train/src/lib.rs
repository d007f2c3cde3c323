//! The training loop, its optimizer, schedule and checkpoints.
//!
//! [`train`] runs the text warm-up and the joint steps, and tells an [`Observer`] how they go; [`profile`] is one that measures
//! them. [`load_model`] opens what a run has learned.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod average;
mod batch;
mod best;
mod checkpoint;
mod clip;
mod collapse;
mod error;
mod forward;
mod frozen;
mod learned;
mod loader;
mod meter;
mod observer;
mod optimizer;
mod peer;
mod pretrained;
mod profile;
mod recorder;
mod refresh;
mod relation;
mod schedule;
mod stage;
mod starvation;
mod state;
mod step;
mod targets;
mod towers;
mod train;
mod validation;
mod warmup;

pub use error::TrainError;
pub use frozen::{Frozen, published_images, start};
pub use learned::{adopt_training, checkpoint_digest, load_model, newest_checkpoint};
pub use observer::{Logged, Observer, StepReport, Throughput, Values};
pub use profile::{Profile, profile};
pub use stage::Stage;
pub use train::{TrainOutcome, train};
