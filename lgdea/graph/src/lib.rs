//! Relation graph: seed-edge propagation and higher-order relations, on host arrays.
//!
//! Nodes are images and reports. Within each modality [`affinity`] joins a node with its nearest neighbours; between
//! them stand the seed edges, the pairs. [`propagate`] carries the reports' evidence over both to every image. Nothing
//! here needs tensors, and memory is linear in nodes and edges.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod affinity;
mod approximate;
mod cells;
mod exact;
mod neighbours;
mod propagation;
mod sparse;
mod tile;

pub use affinity::{affinity, affinity_at_scale};
pub use approximate::approximate_neighbours;
pub use exact::nearest_neighbours;
pub use neighbours::Neighbours;
pub use propagation::{GraphTargets, propagate};
pub use sparse::Csr;
