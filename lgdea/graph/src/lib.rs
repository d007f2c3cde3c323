//! Relation graph: seed-edge propagation and higher-order relations, on host arrays.
//!
//! Nodes are images and reports. Within each modality [`affinity`] joins a node with its nearest neighbours; between
//! them stand the seed edges, the pairs. [`propagate`] carries the reports' evidence over both to every image;
//! [`each_relation`] takes the same way apart, hop by hop. Nothing here needs tensors, and memory is linear in nodes and
//! edges.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod affinity;
mod agreement;
mod approximate;
mod cells;
mod exact;
mod neighbours;
mod precision;
mod propagation;
mod relations;
mod sparse;
mod tile;

pub use affinity::{affinity, affinity_at_scale};
pub use agreement::{bhattacharyya, mix};
pub use approximate::approximate_neighbours;
pub use exact::nearest_neighbours;
pub use neighbours::Neighbours;
pub use precision::{Precision, PrecisionTally, Relevance};
pub use propagation::{GraphTargets, propagate, propagate_seeds};
pub use relations::{each_relation, hop_shares, strongest};
pub use sparse::Csr;
