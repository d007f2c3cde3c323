//! Probes: what a simple classifier makes of frozen features.

mod knn;
mod logistic;
mod objective;
mod scaling;
mod subset;

pub use knn::Knn;
pub use logistic::{Logistic, Probe};
pub use scaling::Scaling;
pub use subset::subset;
