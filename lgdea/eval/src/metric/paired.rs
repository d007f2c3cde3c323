//! The difference of two models on the same cases, by the paired bootstrap.

use serde::Serialize;

use super::bootstrap::{Bootstrap, interval};

/// How much greater a metric of the first model is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// The first model's value less the second's.
    pub value: f64,
    /// 95 % percentile interval; none where too few resamples define the difference (see [`super::bootstrap`]).
    pub interval: Option<[f64; 2]>,
    /// Two-sided p value of "there is no difference"; none where there is no interval.
    pub p_value: Option<f64>,
    /// The same by `DeLong`'s variance; of the AUROC of a class alone, where it is asked for and defined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delong_p_value: Option<f64>,
}

impl Bootstrap {
    /// The difference of a metric between two models that scored the same `units` units. Every resample is drawn for both,
    /// so what makes units easy or hard for both cancels. None where either is undefined on the data.
    ///
    /// The p value inverts the interval: `2 (1 + min(#{d ≤ 0}, #{d ≥ 0})) / (1 + resamples)`, at most 1 (Davison and Hinkley
    /// 1997, 4.4.2), so it is never 0 and 1,000 resamples cannot give less than 0.002.
    pub fn difference(
        &self,
        units: usize,
        first: impl Fn(&[u32]) -> Option<f64> + Sync,
        second: impl Fn(&[u32]) -> Option<f64> + Sync,
    ) -> Option<Difference> {
        let difference = |multiplicity: &[u32]| Some(first(multiplicity)? - second(multiplicity)?);
        let value = difference(&vec![1; units])?;
        let resampled: Vec<f64> = self.of_each(units, difference).into_iter().flatten().collect();
        let not_above = resampled.iter().filter(|&&difference| difference <= 0.0).count();
        let not_below = resampled.iter().filter(|&&difference| difference >= 0.0).count();
        let drawn = resampled.len();
        let interval = interval(resampled, self.resamples);
        let p_value = (2.0 * (1 + not_above.min(not_below)) as f64 / (1 + drawn) as f64).min(1.0);
        Some(Difference { value, interval, p_value: interval.map(|_| p_value), delong_p_value: None })
    }
}

#[cfg(test)]
mod tests {
    use lgdea_spec::Seed;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::metric::bootstrap::mean;

    fn normal(count: usize, seed: u64) -> Vec<(usize, f64)> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        (0..count).map(|unit| (unit, StandardNormal.sample(&mut random))).collect()
    }

    fn shifted(values: &[(usize, f64)], noise: &[(usize, f64)], shift: f64) -> Vec<(usize, f64)> {
        values.iter().zip(noise).map(|(&(unit, value), (_, noise))| (unit, value + 0.1 * noise + shift)).collect()
    }

    fn difference(a: &[(usize, f64)], b: &[(usize, f64)], resamples: usize) -> Difference {
        let bootstrap = Bootstrap { resamples, seed: Seed(1) };
        bootstrap.difference(a.len(), |counts| mean(a, counts), |counts| mean(b, counts)).unwrap()
    }

    #[test]
    fn what_both_models_share_cancels() {
        // Standard deviation 1 in common and 0.1 apart: 0.05 is 5 standard errors of the difference of 100, not of the means.
        let common = normal(100, 1);
        let better = shifted(&common, &normal(100, 2), 0.05);
        let found = difference(&better, &common, 999);
        assert!(found.p_value.unwrap() < 0.01, "{found:?}");
        let [low, high] = found.interval.unwrap();
        assert!(low > 0.0 && high - low < 0.06, "{found:?}");
        let back = difference(&common, &better, 999);
        assert!((back.value + found.value).abs() < 1e-12 && back.p_value == found.p_value, "{back:?} {found:?}");
    }

    #[test]
    fn equal_models_do_not_differ_and_without_resamples_nothing_is_said() {
        let values = normal(20, 3);
        let found = difference(&values, &values, 100);
        assert_eq!(
            found,
            Difference { value: 0.0, interval: Some([0.0, 0.0]), p_value: Some(1.0), delong_p_value: None }
        );
        let found = difference(&values, &values, 0);
        assert_eq!((found.value, found.interval, found.p_value), (0.0, None, None));
        let bootstrap = Bootstrap { resamples: 10, seed: Seed(1) };
        assert_eq!(bootstrap.difference(3, |_| None, |_| Some(1.0)), None);
        // One model's metric lacks its only positive in a third of the resamples.
        let rare = |counts: &[u32]| (counts[0] > 0).then_some(1.0);
        let found = bootstrap.difference(30, rare, |_| Some(0.5)).unwrap();
        assert_eq!((found.value, found.interval, found.p_value), (0.5, None, None));
    }

    /// Under no difference p values below 0.1 come in about 10 % of the trials: of 200, 20 ± 4.2.
    #[test]
    fn p_values_of_equal_models_are_about_uniform() {
        let significant = (0..200)
            .filter(|&trial| {
                let common = normal(50, 3 * trial);
                let a = shifted(&common, &normal(50, 3 * trial + 1), 0.0);
                let b = shifted(&common, &normal(50, 3 * trial + 2), 0.0);
                difference(&a, &b, 200).p_value.unwrap() < 0.1
            })
            .count();
        assert!((8..36).contains(&significant), "{significant} of 200");
    }
}
