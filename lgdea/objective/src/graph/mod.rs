//! Relation graph: seed-edge propagation and higher-order relations, on host arrays.

mod affinity;
mod propagation;
mod sparse;

pub use affinity::affinity;
pub use propagation::{GraphTargets, propagate};
pub use sparse::Csr;
