//! Student's t-test of paired differences against 0. Exact where the differences are normal, and robust where they are
//! nearly so and not skewed; a handful of pairs cannot show whether they are.

use super::moments::{mean, variation};
use super::quantile::{critical_t, two_sided_t};

/// A test and its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedT {
    /// Mean over its standard error.
    pub t: f64,
    /// Two-sided p.
    pub p: f64,
    /// Standard error of the mean.
    pub standard_error: f64,
    /// Degrees of freedom, n − 1.
    pub degrees: f64,
}

impl PairedT {
    /// Tests differences; `None` of fewer than two, or where they do not vary.
    pub fn of(differences: &[f64]) -> Option<PairedT> {
        let n = differences.len() as f64;
        let standard_error = variation(differences)? / n.sqrt();
        let (t, degrees) = (mean(differences) / standard_error, n - 1.0);
        Some(PairedT { t, p: two_sided_t(t, degrees), standard_error, degrees })
    }

    /// The interval of the mean at confidence 1 − `alpha`.
    pub fn interval(&self, alpha: f64) -> [f64; 2] {
        let reach = critical_t(alpha, self.degrees);
        [self.t - reach, self.t + reach].map(|end| end * self.standard_error)
    }
}
