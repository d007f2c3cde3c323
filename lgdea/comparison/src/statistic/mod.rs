//! Statistics of paired differences: pure functions of numbers. They agree with SciPy and statsmodels to 1e-9
//! (`tests/fixtures/statistics`).

pub mod association;
pub mod bootstrap;
pub mod holm;
mod moments;
pub mod noncentral_t;
pub mod paired_t;
pub mod permutation;
pub mod power;
mod quantile;
pub mod wilcoxon;

pub use moments::{mean, standard_deviation};
pub use quantile::percentile;
