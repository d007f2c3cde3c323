//! Probes: what a simple classifier makes of frozen features.

mod knn;
mod logistic;
mod objective;
mod subset;

pub use knn::Knn;
pub use logistic::{Logistic, Probe};
pub use subset::subset;
