//! Metrics as pure functions of plain arrays: formula, source, ties and degenerate cases are stated at each.

pub mod auroc;
pub mod bootstrap;
pub mod cluster;
pub mod grounding;
pub mod heat_map;
pub mod retrieval;

pub use auroc::auroc;
