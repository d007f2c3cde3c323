//! A trained model's relation graph, to be looked into.

mod check;
mod content;
mod view;

pub use check::{GRAPH_MEASURES, GraphAgreement, GraphCheck};
pub use view::GraphView;
