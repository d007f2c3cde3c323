//! The training loop, its optimizer, schedule and checkpoints.
//!
//! [`Prepared`] holds what training reads: images, token ids, evidence and pools. [`train`] runs the text warm-up and
//! the joint steps; [`evaluate`] runs the evaluation tasks on a split. [`load_model`] opens what a run has learned, and
//! [`Trained`] asks it for heat maps, prototypes and the relation graph.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod average;
mod batch;
mod checkpoint;
mod clip;
mod collapse;
mod error;
mod evaluate;
mod graph;
mod heat_map;
mod inference;
mod loader;
mod local_fit;
mod method;
mod optimizer;
mod peer;
mod prepared;
mod pretrained;
mod profile;
mod prototypes;
mod relation;
mod schedule;
mod step;
mod stopwatch;
mod towers;
mod train;
mod trained;
mod update;
mod warmup;

pub use error::TrainError;
pub use evaluate::{Evaluated, evaluate};
pub use graph::{GRAPH_MEASURES, GraphAgreement, GraphCheck, GraphView};
pub use heat_map::HeatMaps;
pub use lgdea_graph::{Precision, Relevance};
pub use prepared::{Prepared, Progress, evidence_readers};
pub use profile::{Profile, profile};
pub use train::{Stage, StepReport, TrainOutcome, train};
pub use trained::{Trained, adopt_training, checkpoint_digest, load_model, newest_checkpoint};
