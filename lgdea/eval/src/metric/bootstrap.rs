//! Percentile bootstrap over patients (Efron and Tibshirani 1993, chapter 13).
//!
//! A resample draws as many patients as there are, with replacement, each with all of their studies; the interval reaches from the 2.5th to the 97.5th
//! percentile of the metric over resamples, interpolated linearly (as `numpy.percentile`). A resample is kept as the
//! *multiplicity* of each patient, so a metric sorts its inputs once and then takes one pass a resample. All metrics of
//! a task see the same resamples.
//!
//! A resample may leave a metric undefined (no positive was drawn). The interval of the remaining resamples would be
//! conditional, and too narrow; where fewer than 95 % of the resamples define the metric there is none. (A class needs
//! three to four positives for one.)

use lgdea_spec::Seed;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::{Score, Scores};

/// Ends of the interval, as shares of the resamples.
pub(super) const TAILS: [f64; 2] = [0.025, 0.975];
/// Least share of resamples that must define a metric.
const DEFINED: f64 = 0.95;

/// A metric as a function of how often each patient occurs; None where it is undefined.
pub type Statistic<'a> = Box<dyn Fn(&[u32]) -> Option<f64> + Sync + 'a>;

/// How intervals are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bootstrap {
    /// Resamples; 0 for no intervals.
    pub resamples: usize,
    /// Seed of the resamples, a stream of the experiment's seed. Equal seeds and numbers of patients give equal
    /// resamples, on any number of threads.
    pub seed: Seed,
}

impl Bootstrap {
    /// No intervals.
    pub const NONE: Bootstrap = Bootstrap { resamples: 0, seed: Seed(0) };

    /// Value and interval of each statistic over `patients` patients; statistics undefined on the data are left out.
    pub fn scores(&self, patients: usize, statistics: Vec<(String, Statistic<'_>)>) -> Scores {
        let once = vec![1; patients];
        let defined: Vec<_> = statistics
            .into_iter()
            .filter_map(|(name, statistic)| statistic(&once).map(|value| (name, value, statistic)))
            .collect();
        let resampled: Vec<Vec<Option<f64>>> = self.of_each(patients, |multiplicity| {
            defined.iter().map(|(_, _, statistic)| statistic(multiplicity)).collect()
        });
        let score = |(column, (name, value, _)): (usize, (String, f64, _))| {
            let values = resampled.iter().filter_map(|row| row[column]).collect();
            (name, Score { value, interval: interval(values, self.resamples) })
        };
        defined.into_iter().enumerate().map(score).collect()
    }

    /// What a function says of each resample of `patients` patients, in their order. All resamples of one patient are alike and say
    /// nothing: there are none.
    pub(super) fn of_each<T: Send>(&self, patients: usize, of: impl Fn(&[u32]) -> T + Sync) -> Vec<T> {
        let resamples = if patients > 1 { self.resamples } else { 0 };
        (0..resamples).into_par_iter().map(|index| of(&self.resample(patients, index))).collect()
    }

    /// How often each patient occurs in resample `index`; each resample has a random stream of its own.
    fn resample(&self, patients: usize, index: usize) -> Vec<u32> {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed.0);
        random.set_stream(index as u64);
        let mut multiplicity = vec![0; patients];
        for _ in 0..patients {
            multiplicity[random.random_range(0..patients)] += 1;
        }
        multiplicity
    }
}

/// The percentile interval, if enough of the resamples defined the metric.
pub(super) fn interval(values: Vec<f64>, resamples: usize) -> Option<[f64; 2]> {
    let sorted = sorted_if_enough(values, resamples)?;
    Some(TAILS.map(|share| percentile(&sorted, share)))
}

/// The values in ascending order, if enough of the resamples defined the metric.
pub(super) fn sorted_if_enough(mut values: Vec<f64>, resamples: usize) -> Option<Vec<f64>> {
    if values.is_empty() || (values.len() as f64) < DEFINED * resamples as f64 {
        return None;
    }
    values.sort_by(f64::total_cmp);
    Some(values)
}

/// Percentile of ascending, non-empty values, interpolated linearly.
pub(super) fn percentile(sorted: &[f64], share: f64) -> f64 {
    let position = share * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (position - below as f64)
}

/// Mean of values that belong to units, each counted as often as its unit occurs; None if none occurs.
pub fn mean(values: &[(usize, f64)], multiplicity: &[u32]) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_u64);
    for &(unit, value) in values {
        sum += value * f64::from(multiplicity[unit]);
        count += u64::from(multiplicity[unit]);
    }
    (count > 0).then(|| sum / count as f64)
}

/// Median of values that belong to units, each counted as often as its unit occurs; the mean of the middle two for an
/// even count. `sorted` ascends by value.
pub fn median(sorted: &[(usize, f64)], multiplicity: &[u32]) -> Option<f64> {
    let count: u64 = sorted.iter().map(|&(unit, _)| u64::from(multiplicity[unit])).sum();
    let at = |position: u64| {
        let mut passed = 0;
        sorted.iter().find_map(|&(unit, value)| {
            passed += u64::from(multiplicity[unit]);
            (passed > position).then_some(value)
        })
    };
    Some(f64::midpoint(at(count.checked_sub(1)? / 2)?, at(count / 2)?))
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, Normal};

    use super::*;

    fn mean_score(values: &[f64], bootstrap: Bootstrap) -> Score {
        let values: Vec<(usize, f64)> = values.iter().copied().enumerate().collect();
        let statistic: Statistic<'_> = Box::new(|multiplicity| mean(&values, multiplicity));
        bootstrap.scores(values.len(), vec![("mean".to_owned(), statistic)])["mean"]
    }

    #[test]
    fn percentiles_interpolate_as_numpy() {
        // numpy.percentile([1, 2, 4, 8], [2.5, 50, 97.5]) == [1.075, 3.0, 7.7]
        let values = [1.0, 2.0, 4.0, 8.0];
        for (share, expected) in [(0.025, 1.075), (0.5, 3.0), (0.975, 7.7), (0.0, 1.0), (1.0, 8.0)] {
            assert!((percentile(&values, share) - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn weighted_median_equals_the_median_of_repeated_values() {
        let sorted = [(0, 1.0), (1, 3.0), (2, 9.0)];
        assert_eq!(median(&sorted, &[1, 1, 1]), Some(3.0));
        assert_eq!(median(&sorted, &[1, 0, 1]), Some(5.0));
        assert_eq!(median(&sorted, &[4, 1, 1]), Some(1.0));
        assert_eq!(median(&sorted, &[1, 1, 2]), Some(6.0));
        assert_eq!(median(&sorted, &[0, 0, 0]), None);
    }

    #[test]
    fn a_resample_draws_each_study_once_on_average() {
        let bootstrap = Bootstrap { resamples: 200, seed: Seed(3) };
        let mut total = vec![0; 50];
        for index in 0..200 {
            let resample = bootstrap.resample(50, index);
            assert_eq!(resample.iter().sum::<u32>(), 50);
            total.iter_mut().zip(resample).for_each(|(sum, count)| *sum += count);
        }
        assert!(total.iter().all(|&count| (140..260).contains(&count)), "{total:?}");
    }

    #[test]
    fn the_interval_repeats_on_one_thread_and_differs_by_seed() {
        let values: Vec<f64> = (0..40).map(|i| f64::from(i * i % 17)).collect();
        let bootstrap = Bootstrap { resamples: 300, seed: Seed(1) };
        let single = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(mean_score(&values, bootstrap), single.install(|| mean_score(&values, bootstrap)));
        assert_ne!(mean_score(&values, bootstrap), mean_score(&values, Bootstrap { seed: Seed(2), ..bootstrap }));
    }

    #[test]
    fn no_resamples_no_interval() {
        let score = mean_score(&[1.0, 2.0], Bootstrap { resamples: 0, seed: Seed(1) });
        assert_eq!(score, Score { value: 1.5, interval: None });
    }

    #[test]
    fn a_statistic_undefined_in_many_resamples_has_no_interval() {
        let rare: Statistic<'_> = Box::new(|multiplicity| (multiplicity[0] > 0).then_some(1.0));
        let scores = Bootstrap { resamples: 200, seed: Seed(1) }.scores(30, vec![("rare".to_owned(), rare)]);
        assert_eq!(scores["rare"], Score { value: 1.0, interval: None });
    }

    #[test]
    fn a_statistic_undefined_on_the_data_is_left_out() {
        let never: Statistic<'_> = Box::new(|_| None);
        assert!(Bootstrap { resamples: 10, seed: Seed(1) }.scores(3, vec![("never".to_owned(), never)]).is_empty());
    }

    /// The interval of a mean of 60 normal values covers the true mean in 95 % of samples: here at least 88 % of 200,
    /// four standard errors below what the bootstrap's slight undercoverage at this size leaves.
    #[test]
    fn intervals_cover_the_truth() {
        let mut random = ChaCha8Rng::seed_from_u64(11);
        let normal = Normal::new(2.0, 1.0).unwrap();
        let covered = (0..200)
            .filter(|&trial| {
                let sample: Vec<f64> = (0..60).map(|_| normal.sample(&mut random)).collect();
                let score = mean_score(&sample, Bootstrap { resamples: 300, seed: Seed(trial) });
                score.interval.is_some_and(|[low, high]| (low..=high).contains(&2.0))
            })
            .count();
        assert!((176..200).contains(&covered), "{covered} of 200");
    }
}
