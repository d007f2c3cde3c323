//! Wilcoxon's signed-rank test (Wilcoxon 1945): the sign-flip test on the ranks of the differences' sizes. An outlier counts
//! no more than any other pair; the least p is that of the sign-flip test.

use super::quantile::normal_cdf;

/// Most pairs of which the distribution is exact.
const EXACT: usize = 200;

/// Two-sided p. Differences of 0 are left out (Wilcoxon's rule) and equal sizes share their mean rank. The distribution is exact,
/// ties and all, up to 200 pairs; beyond, the normal one with the correction for ties. 1 where nothing is left.
pub fn p(differences: &[f64]) -> f64 {
    let mut kept: Vec<f64> = differences.iter().copied().filter(|&difference| difference != 0.0).collect();
    kept.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let ranks = doubled_ranks(&kept);
    let all: usize = ranks.iter().sum();
    let positive: usize =
        ranks.iter().zip(&kept).filter(|(_, difference)| **difference > 0.0).map(|(rank, _)| rank).sum();
    let least = positive.min(all - positive);
    if kept.is_empty() {
        1.0
    } else if kept.len() <= EXACT {
        (2.0 * exact_cdf(&ranks, least)).min(1.0)
    } else {
        // Under the hypothesis the doubled sum has half of all as its mean and a quarter of the squares as its variance.
        let squares: f64 = ranks.iter().map(|&rank| (rank as f64).powi(2)).sum();
        let z = (least as f64 - all as f64 / 2.0) / (squares / 4.0).sqrt();
        (2.0 * normal_cdf(z)).min(1.0)
    }
}

/// Twice the rank of each value among the sizes, which come in ascending order: whole numbers, also where ties share.
fn doubled_ranks(ascending: &[f64]) -> Vec<usize> {
    let mut ranks = Vec::with_capacity(ascending.len());
    // Two differences of a metric that should be equal may differ by rounding.
    for tied in ascending.chunk_by(|a, b| b.abs() - a.abs() <= 1e-12 * b.abs()) {
        let before = ranks.len();
        ranks.extend(std::iter::repeat_n(2 * before + tied.len() + 1, tied.len()));
    }
    ranks
}

/// P(sum of the ranks with a positive sign ≤ `most`), where each sign is as likely as the other.
fn exact_cdf(ranks: &[usize], most: usize) -> f64 {
    let mut share = vec![0.0; most + 1];
    share[0] = 1.0;
    for &rank in ranks {
        for sum in (0..=most).rev() {
            let with = if sum >= rank { share[sum - rank] } else { 0.0 };
            share[sum] = f64::midpoint(share[sum], with);
        }
    }
    share.iter().sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn few_pairs_reach_no_less_than_their_signs_allow() {
        assert!((p(&[1.0, 2.0, 3.0, 4.0, 5.0]) - 0.0625).abs() < 1e-15);
        assert!((p(&[0.0, 0.0]) - 1.0).abs() < 1e-15);
        assert!((p(&[]) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn equal_sizes_share_their_rank() {
        assert_eq!(doubled_ranks(&[1.0, -2.0, 2.0, 3.0]), [2, 5, 5, 8]);
        assert_eq!(doubled_ranks(&[0.1 + 0.2, 0.3]), [3, 3]);
    }

    proptest! {
        #[test]
        fn p_is_a_probability_and_knows_no_direction(differences in prop::collection::vec(-1.0..1.0_f64, 1..30)) {
            let other: Vec<f64> = differences.iter().map(|difference| -difference).collect();
            let found = p(&differences);
            prop_assert!(found > 0.0 && found <= 1.0);
            prop_assert!((found - p(&other)).abs() < 1e-12);
        }
    }
}
