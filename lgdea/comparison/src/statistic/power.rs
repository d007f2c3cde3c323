//! How many pairs a paired t-test needs, from the deviation of a pilot's differences.

use super::noncentral_t;
use super::quantile::{chi_squared, critical_t};

/// Most pairs that are considered.
pub const MOST_PAIRS: usize = 100_000;
/// Greatest effect that is told from a greater one: the work grows with it, the answer does not.
const GREATEST_EFFECT: f64 = 100.0;

/// Probability that a two-sided paired t-test of `pairs` ≥ 2 pairs finds a difference of `effect` standard deviations.
pub fn power(effect: f64, pairs: usize, alpha: f64) -> f64 {
    let degrees = (pairs - 1) as f64;
    let critical = critical_t(alpha, degrees);
    let delta = effect * (pairs as f64).sqrt();
    1.0 - noncentral_t::cdf(critical, degrees, delta) + noncentral_t::cdf(-critical, degrees, delta)
}

/// Fewest pairs with at least this power; `None` where more than [`MOST_PAIRS`] were needed, or no number suffices.
pub fn pairs_needed(effect: f64, alpha: f64, wanted: f64) -> Option<usize> {
    let effect = effect.min(GREATEST_EFFECT);
    let enough = |pairs: usize| power(effect, pairs, alpha) >= wanted;
    let mut high = 2;
    while !enough(high) {
        high *= 2;
        if high > MOST_PAIRS {
            return None;
        }
    }
    // Power rises with the number of pairs.
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low.midpoint(high);
        if middle >= 2 && enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}

/// What a deviation of `pairs` ≥ 2 differences is multiplied with to be exceeded by the true one in 20 % of pilots only
/// (Browne 1995): a pilot's own deviation gives too few seeds in half of all cases.
pub fn upper_deviation_factor(pairs: usize) -> f64 {
    let degrees = (pairs - 1) as f64;
    (degrees / chi_squared(0.2, degrees)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewest_pairs_are_found() {
        for (effect, wanted) in [(0.5, 0.8), (2.0, 0.8), (30.0, 0.9), (0.05, 0.95)] {
            let pairs = pairs_needed(effect, 0.05, wanted).unwrap();
            assert!(power(effect, pairs, 0.05) >= wanted);
            assert!(pairs == 2 || power(effect, pairs - 1, 0.05) < wanted, "{effect}: {pairs}");
        }
        assert_eq!(pairs_needed(0.5, 0.05, 0.8), Some(34));
        assert_eq!(pairs_needed(0.0, 0.05, 0.8), None);
        assert_eq!(pairs_needed(1e9, 0.05, 0.8), Some(2));
    }
}
