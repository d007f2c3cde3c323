//! Quantiles of the distributions that tests and intervals are made from.

use statrs::distribution::{ChiSquared, ContinuousCDF, Normal, StudentsT};

/// Distribution function of the standard normal distribution.
pub(crate) fn normal_cdf(x: f64) -> f64 {
    Normal::standard().cdf(x)
}

/// Quantile of the standard normal distribution.
pub(crate) fn normal(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

/// P(|T| ≥ |t|) of Student's t; NaN without degrees of freedom.
pub(crate) fn two_sided_t(t: f64, degrees: f64) -> f64 {
    StudentsT::new(0.0, 1.0, degrees).map_or(f64::NAN, |student| 2.0 * student.cdf(-t.abs()))
}

/// The t that |T| exceeds with probability `alpha`; NaN without degrees of freedom.
pub(crate) fn critical_t(alpha: f64, degrees: f64) -> f64 {
    StudentsT::new(0.0, 1.0, degrees).map_or(f64::NAN, |student| -student.inverse_cdf(alpha / 2.0))
}

/// Quantile of χ²; NaN without degrees of freedom.
pub(crate) fn chi_squared(p: f64, degrees: f64) -> f64 {
    ChiSquared::new(degrees).map_or(f64::NAN, |chi| chi.inverse_cdf(p))
}

/// Percentile of ascending, non-empty values, interpolated linearly (as `numpy.percentile`); `share` in [0, 1].
pub fn percentile(ascending: &[f64], share: f64) -> f64 {
    let position = share.clamp(0.0, 1.0) * (ascending.len() - 1) as f64;
    let (below, above) = (ascending[position.floor() as usize], ascending[position.ceil() as usize]);
    below + (above - below) * position.fract()
}
