//! The noncentral t distribution: what a t-test's statistic follows where there is a difference.

use statrs::function::beta::checked_beta_reg;
use statrs::function::gamma::ln_gamma;

use super::quantile::normal_cdf;

/// Logarithm of the weight below which terms are left out.
const NEGLIGIBLE: f64 = -45.0;

/// P(T ≤ t) of noncentral t with `degrees` > 0 and noncentrality `delta`, both finite.
///
/// Sum over Poisson weights (Lenth 1989, AS 243), started at the greatest weight, so that a large `delta` does not underflow
/// (Benton and Krishnamoorthy 2003). NaN where the incomplete beta function has no value.
pub fn cdf(t: f64, degrees: f64, delta: f64) -> f64 {
    if t < 0.0 {
        return 1.0 - cdf(-t, degrees, -delta);
    }
    let x = t * t / (t * t + degrees);
    let half_square = delta * delta / 2.0;
    let beta = |a: f64| if x > 0.0 { checked_beta_reg(a, degrees / 2.0, x).unwrap_or(f64::NAN) } else { 0.0 };
    if half_square == 0.0 {
        return 0.5 + beta(0.5) / 2.0;
    }
    let log_weight = |j: f64, shape: f64| j * half_square.ln() - half_square - ln_gamma(shape);
    let term = |j: f64| {
        let even = log_weight(j, j + 1.0).exp() * beta(j + 0.5);
        let odd = delta / std::f64::consts::SQRT_2 * log_weight(j, j + 1.5).exp() * beta(j + 1.0);
        even + odd
    };
    let negligible = |j: f64| log_weight(j, j + 1.0) < NEGLIGIBLE;
    let mode = half_square.floor();
    let mut sum = term(mode);
    let mut j = mode + 1.0;
    while !negligible(j) {
        sum += term(j);
        j += 1.0;
    }
    let mut j = mode - 1.0;
    while j >= 0.0 && !negligible(j) {
        sum += term(j);
        j -= 1.0;
    }
    (normal_cdf(-delta) + sum / 2.0).clamp(0.0, 1.0)
}
