//! Bias-corrected and accelerated bootstrap intervals (BCa; Efron, JASA 82:171, 1987).
//!
//! Where a metric is skewed, as AUROC near 1 is, the percentile interval lies too low or too high. BCa moves its ends: with
//! `z_0 = Φ⁻¹` of the share of resamples below the value, and the acceleration `a` from leaving out one unit after the other,
//! an end at the level `α` becomes one at `Φ(z_0 + (z_0 + z_α) / (1 − a (z_0 + z_α)))`. The units are those that are drawn:
//! patients, where a patient has several studies.

use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, Normal};

use super::bootstrap::{Bootstrap, TAILS, percentile, sorted_if_enough};
use crate::Score;

impl Bootstrap {
    /// A statistic of `units` units with its 95 % BCa interval. None where it is undefined on the data.
    ///
    /// There is no interval where there are too few resamples that define the statistic (see [`super::bootstrap`]), where
    /// leaving out one unit makes it undefined, or where all resamples lie on one side of the value. It evaluates the
    /// statistic once a unit besides once a resample.
    pub fn bca(&self, units: usize, statistic: impl Fn(&[u32]) -> Option<f64> + Sync) -> Option<Score> {
        let value = statistic(&vec![1; units])?;
        let resampled: Vec<f64> = self.of_each(units, &statistic).into_iter().flatten().collect();
        let without = |unit: usize| {
            let mut multiplicity = vec![1; units];
            multiplicity[unit] = 0;
            statistic(&multiplicity)
        };
        let interval = sorted_if_enough(resampled, self.resamples).and_then(|sorted| {
            let jackknife: Vec<f64> = (0..units).into_par_iter().map(without).collect::<Option<_>>()?;
            bca_interval(value, &sorted, &jackknife)
        });
        Some(Score { value, interval })
    }
}

/// The 95 % interval from a value, the values of the resamples in ascending order, and the values without one unit each.
/// Equal to SciPy's `bootstrap(method="BCa")`. Values of the resamples that equal the value count half as below it. None
/// where the resamples are none, lie on one side of the value, or the correction has no solution.
pub fn bca_interval(value: f64, sorted: &[f64], jackknife: &[f64]) -> Option<[f64; 2]> {
    let normal = Normal::standard();
    let below = sorted.partition_point(|&resampled| resampled < value);
    let up_to = sorted.partition_point(|&resampled| resampled <= value);
    let share = (below + up_to) as f64 / (2 * sorted.len()) as f64;
    // Also false for NaN, without resamples.
    if !(share > 0.0 && share < 1.0) {
        return None;
    }
    let (bias, acceleration) = (normal.inverse_cdf(share), acceleration(jackknife));
    let end = |tail: f64| {
        let shifted = bias + normal.inverse_cdf(tail);
        let scale = 1.0 - acceleration * shifted;
        (scale > 0.0).then(|| percentile(sorted, normal.cdf(bias + shifted / scale)))
    };
    Some([end(TAILS[0])?, end(TAILS[1])?])
}

/// `Σ (θ̄ − θ_i)³ / (6 (Σ (θ̄ − θ_i)²)^{3/2})`; 0 where all are equal.
fn acceleration(jackknife: &[f64]) -> f64 {
    let mean = jackknife.iter().sum::<f64>() / jackknife.len() as f64;
    let power = |exponent: i32| jackknife.iter().map(|value| (mean - value).powi(exponent)).sum::<f64>();
    let spread = power(2);
    if spread > 0.0 { power(3) / (6.0 * spread.powf(1.5)) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use lgdea_spec::Seed;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, Exp1};

    use super::*;
    use crate::metric::bootstrap::mean;

    fn bootstrap(resamples: usize) -> Bootstrap {
        Bootstrap { resamples, seed: Seed(3) }
    }

    #[test]
    fn without_bias_and_skew_it_is_the_percentile_interval() {
        let sorted: Vec<f64> = (0..=1000).map(f64::from).collect();
        let found = bca_interval(500.0, &sorted, &[1.0, 2.0, 3.0]).unwrap();
        assert!((found[0] - 25.0).abs() < 1e-6 && (found[1] - 975.0).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn no_interval_where_the_correction_says_nothing() {
        assert_eq!(bca_interval(0.0, &[1.0, 2.0], &[1.0, 2.0]), None);
        assert_eq!(bca_interval(3.0, &[1.0, 2.0], &[1.0, 2.0]), None);
        assert_eq!(bca_interval(3.0, &[], &[1.0, 2.0]), None);
        // A constant is known exactly.
        assert_eq!(bca_interval(2.0, &[2.0; 9], &[2.0; 3]), Some([2.0, 2.0]));
    }

    #[test]
    fn undefined_statistics_have_neither_value_nor_interval() {
        assert_eq!(bootstrap(50).bca(5, |_| None), None);
        assert_eq!(bootstrap(0).bca(5, |_| Some(1.0)), Some(Score { value: 1.0, interval: None }));
        // Undefined without unit 0, which most resamples have: the acceleration is unknown.
        let needs_first = |multiplicity: &[u32]| (multiplicity[0] > 0).then_some(1.0);
        assert_eq!(bootstrap(50).bca(1, needs_first), Some(Score { value: 1.0, interval: None }));
    }

    /// The mean of 30 values of a skewed distribution: both intervals undercover, BCa less.
    #[test]
    fn skewed_means_are_covered_better_than_by_percentiles() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let (mut percentile, mut corrected) = (0, 0);
        for trial in 0..300 {
            let values: Vec<(usize, f64)> = (0..30).map(|unit| (unit, Exp1.sample(&mut random))).collect();
            let bootstrap = Bootstrap { resamples: 400, seed: Seed(trial) };
            let covers = |interval: Option<[f64; 2]>| interval.is_some_and(|[low, high]| (low..=high).contains(&1.0));
            let resampled = bootstrap.of_each(30, |multiplicity| mean(&values, multiplicity).unwrap());
            percentile += usize::from(covers(super::super::bootstrap::interval(resampled, 400)));
            corrected += usize::from(covers(bootstrap.bca(30, |counts| mean(&values, counts)).unwrap().interval));
        }
        assert!(corrected >= percentile && (270..300).contains(&corrected), "{corrected} {percentile}");
    }
}
