//! What a trained model is asked: inference, evaluation, heat maps, prototypes and the relation graph.
//!
//! [`inference`] has a model's outputs for many studies, [`Embedded`] those that others go on with; [`evaluate`] runs the evaluation tasks on a split; [`Trained`] asks a
//! model for heat maps, prototypes and its relation graph. Training asks on the way, too: it takes its targets from
//! [`build_graph`] and scores the validation split.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod arrays;
mod embeddings;
mod error;
mod evaluate;
mod graph;
mod heat_map;
pub mod inference;
mod local_fit;
mod prototypes;
mod relation;
mod trained;

pub use embeddings::{Embedded, Wanted};
pub use error::InspectError;
pub use evaluate::{Evaluated, Evaluating, evaluate};
pub use graph::{GRAPH_MEASURES, GraphAgreement, GraphCheck, GraphView, PhraseCheck};
pub use heat_map::HeatMaps;
pub use lgdea_graph::{Precision, Relevance};
pub use relation::{BuiltGraph, build_graph};
pub use trained::Trained;
