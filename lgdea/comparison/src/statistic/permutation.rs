//! The sign-flip test of paired differences: where two arms do not differ, each pair's difference is as likely with the other
//! sign. It assumes nothing else, and so cannot say much about few pairs: of n pairs there are 2^n signs, and the least
//! two-sided p is 2 / 2^n.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Most pairs of which all signs are tried.
pub const EXACT: usize = 20;
/// Random signs that are tried of more pairs.
pub const RESAMPLES: usize = 99_999;

/// Two-sided p of the mean. Exact up to [`EXACT`] pairs; of more, (1 + signs at least as extreme) / (1 + [`RESAMPLES`])
/// over random signs, which are the same at every call. 1 of nothing.
pub fn p(differences: &[f64]) -> f64 {
    let observed = differences.iter().sum::<f64>().abs();
    // The order of a sum must not decide what is as extreme as the data.
    let tolerance = 1e-12 * differences.iter().map(|difference| difference.abs()).sum::<f64>();
    let extreme = |sum: f64| sum.abs() >= observed - tolerance;
    if differences.len() <= EXACT { exact(differences, extreme) } else { sampled(differences, extreme) }
}

/// Least two-sided p that `pairs` pairs can reach.
pub fn least(pairs: usize) -> f64 {
    if pairs <= EXACT { 2.0_f64.powi(1 - pairs as i32).min(1.0) } else { 1.0 / (1 + RESAMPLES) as f64 }
}

/// Fewest pairs whose least p is below `alpha` > 0.
pub fn fewest_pairs(alpha: f64) -> usize {
    // 2^-1075 is 0 in floating point, which is below any alpha.
    (1..1076).find(|&pairs| 2.0_f64.powi(1 - pairs) < alpha).map_or(1076, |pairs| pairs as usize)
}

fn exact(differences: &[f64], extreme: impl Fn(f64) -> bool) -> f64 {
    let (left, right) = differences.split_at(differences.len() / 2);
    let (left, right) = (signed_sums(left), signed_sums(right));
    let count: usize = left.iter().map(|a| right.iter().filter(|&b| extreme(a + b)).count()).sum();
    count as f64 / (left.len() * right.len()) as f64
}

/// The sums of values under all signs.
fn signed_sums(values: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0];
    for value in values {
        sums = sums.iter().flat_map(|sum| [sum + value, sum - value]).collect();
    }
    sums
}

fn sampled(differences: &[f64], extreme: impl Fn(f64) -> bool) -> f64 {
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let count = (0..RESAMPLES)
        .filter(|_| extreme(differences.iter().map(|&d| if random.random::<bool>() { d } else { -d }).sum()))
        .count();
    (1 + count) as f64 / (1 + RESAMPLES) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn five_pairs_cannot_reach_five_percent() {
        assert!((p(&[1.0, 2.0, 3.0, 4.0, 5.0]) - 0.0625).abs() < 1e-15);
        assert!((least(5) - 0.0625).abs() < 1e-15);
        assert_eq!((fewest_pairs(0.05), fewest_pairs(0.05 / 36.0)), (6, 11));
        assert!((p(&[]) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn rounding_does_not_break_ties() {
        // 0.1 + 0.2 − 0.3 is not 0 in floating point.
        assert!((p(&[0.1, 0.2, -0.3]) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn random_signs_come_near_the_exact_p() {
        let differences: Vec<f64> = (0..18).map(|n| f64::from((n * 37) % 19) - 7.0).collect();
        let observed = differences.iter().sum::<f64>().abs();
        let exact = p(&differences);
        let estimate = sampled(&differences, |sum| sum.abs() >= observed - 1e-9);
        assert!((exact - estimate).abs() < 0.005, "{exact} {estimate}");
    }

    proptest! {
        #[test]
        fn p_is_a_probability_and_knows_no_direction(differences in prop::collection::vec(-1.0..1.0_f64, 1..12)) {
            let other: Vec<f64> = differences.iter().map(|difference| -difference).collect();
            let found = p(&differences);
            prop_assert!(found >= least(differences.len()) && found <= 1.0);
            prop_assert!((found - p(&other)).abs() < 1e-15);
        }
    }
}
