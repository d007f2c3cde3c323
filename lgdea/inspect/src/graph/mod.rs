//! A trained model's relation graph, to be looked into.

mod check;
mod content;
mod phrases;
mod view;

pub use check::{GRAPH_MEASURES, GraphAgreement, GraphCheck};
pub use phrases::PhraseCheck;
pub use view::GraphView;
