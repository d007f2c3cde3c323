//! The experiment file: its types, defaults, checks and JSON Schema.
//!
//! [`Resolved::from_file`] is the way in. It works in stages, each of which only sees the one before:
//!
//! 1. `extends` and `overrides` find the layers; `layer` parses each and checks it alone against the
//!    [JSON Schema](json_schema), keeping the place of every value.
//! 2. `tree` merges the layers; `completeness` finds what is missing.
//! 3. The tree becomes an [`Experiment`], whose tables check the rules that tie several keys together.
//!
//! [`sweep`] reads sweep files, which vary an experiment, and lists their trials.
//!
//! One file per TOML table. Every type here is *resolved*: nothing is optional that has a default, because the
//! embedded defaults (`defaults.toml`, and beside the settings of what declares itself) are the lowest layer of every
//! experiment. A field's documentation and its `schemars`
//! attributes (ranges; `x-as` for a table that has the keys of another; `x-path` for paths that start from the file's folder; `minProperties` for tables of choices)
//! are what messages, `--explain`, editors and the checks all read.

#![cfg_attr(test, allow(clippy::unwrap_used))]
// Values are read and written here, not computed: tests compare them exactly.
#![cfg_attr(test, allow(clippy::float_cmp))]

mod completeness;
mod constraint;
mod counted;
mod data;
mod defaults;
mod device;
mod encoder;
mod environment;
mod error;
mod eval;
mod evidence;
mod evidence_space;
mod experiment;
mod explain;
mod extends;
mod graph;
mod group_by;
mod identity;
mod inputs;
mod layer;
pub mod loss;
mod notify;
mod other_tools;
mod overrides;
mod pairing;
mod patience;
mod presets;
mod remarks;
mod resolve;
mod rules;
mod schema;
mod seed;
mod source;
mod studies_file;
mod suggest;
pub mod sweep;
#[cfg(test)]
mod testing;
mod tracker;
mod train;
mod tree;
mod weights;
mod written;

pub use counted::{agreeing, counted};
pub use data::*;
pub use device::Device;
pub use encoder::*;
pub use environment::{EnvironmentError, expand_env};
pub use error::{Problem, ProblemKind, SpecError};
pub use eval::{Bank, Eval, EvaluationSet, Grounding, HeatMap, HeldOut, Retrieval, ScoredStudies, Within, ZeroShot};
pub use evidence::{AnswerFormat, Evidence, Openai, Parameter, Replay, Rules};
pub use evidence_space::{EvidenceSpace, PrototypeInit};
pub use experiment::Experiment;
pub use explain::{Entry, Explanation, Replaced};
pub use extends::experiment_files;
pub use graph::{Graph, ImageView};
pub use group_by::GroupBy;
pub use inputs::{Inputs, SetInputs};
pub use loss::{Loss, Need, Needs};
pub use notify::Notify;
pub use pairing::{LeaveOut, Pairing, Unpaired};
pub use patience::Patience;
pub use resolve::Resolved;
pub use schema::{json_schema, json_schema_text};
pub use seed::Seed;
pub use studies_file::StudiesFile;
pub use suggest::{instead, nearest};
pub use tracker::Tracker;
pub use train::{Augment, Precision, Train};
pub use weights::{WEIGHTS_EXTENSIONS, repository};
