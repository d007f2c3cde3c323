//! The experiment file: its types, defaults, checks and JSON Schema.
//!
//! One file per TOML table. Every type here is *resolved*: nothing is optional that has a default, because the
//! embedded `defaults.toml` is the lowest layer of every experiment.

mod data;
mod device;
mod encoder;
mod eval;
mod evidence;
mod evidence_space;
mod experiment;
mod graph;
mod loss;
mod pairing;
mod seed;
mod tracker;
mod train;

pub use data::{Columns, Data, Fractions, Manifest, Openi, Phantom};
pub use device::Device;
pub use encoder::{Encoder, ImageEncoder, PatchCnn, TextEncoder, Transformer};
pub use eval::{Eval, Grounding, HeatMap, Retrieval, ZeroShot};
pub use evidence::{Evidence, Rules};
pub use evidence_space::{EvidenceSpace, PrototypeInit};
pub use experiment::Experiment;
pub use graph::Graph;
pub use loss::{EvidenceAlignment, Loss, Reconstruction, Schedule, Term};
pub use pairing::{Pairing, Unpaired};
pub use seed::Seed;
pub use tracker::Tracker;
pub use train::{Augment, Train};
