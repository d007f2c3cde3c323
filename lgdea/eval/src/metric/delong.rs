//! `DeLong`'s variance of an AUROC, and of the difference of two on the same cases (Biometrics 44:837, 1988), for cases of the
//! same patient by Obuchowski's extension (Biometrics 53:567, 1997).
//!
//! The *placement* of a positive is the share of the negatives below it, ties half; that of a negative the share of the
//! positives above it. Both have the AUROC `θ` as their mean. With `x_u` and `y_u` the sums of `placement − θ` over the
//! `m` positives and `n` negatives of unit `u`, over `I` units of which `I_10` have a positive and `I_01` a negative,
//!
//! ```text
//! var θ = I_10 / (I_10 − 1) · Σ x_u² / m²  +  I_01 / (I_01 − 1) · Σ y_u² / n²  +  2 I / (I − 1) · Σ x_u y_u / (m n)
//! ```
//!
//! The last sum is 0 where each case is a unit of its own, and the rest is `DeLong`'s. Placements need one sort
//! (`O(n log n)`, Sun and Xu, IEEE Signal Process. Lett. 21:1389, 2014).

use std::collections::BTreeMap;

use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::erf::erfc;

use super::auroc::Case;
use super::bootstrap::TAILS;

/// A value whose error is about normal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Its variance.
    pub variance: f64,
    /// The least and the greatest possible value.
    pub range: [f64; 2],
}

impl Estimate {
    /// The 95 % interval `value ± 1.96 σ`, within the possible range. None where the variance is 0, as of a perfect
    /// ranking: few cases then look like certainty.
    pub fn interval(self) -> Option<[f64; 2]> {
        let normal = Normal::standard();
        let [least, greatest] = self.range;
        let end = |tail: f64| (self.value + normal.inverse_cdf(tail) * self.variance.sqrt()).clamp(least, greatest);
        (self.variance > 0.0).then(|| TAILS.map(end))
    }

    /// Two-sided p value of "the value is 0", `2 (1 − Φ(|value| / σ))`. 1 where value and variance are 0; None where only
    /// the variance is.
    pub fn p_value(self) -> Option<f64> {
        if self.variance > 0.0 {
            return Some(erfc(self.value.abs() / (2.0 * self.variance).sqrt()));
        }
        (self.value == 0.0).then_some(1.0)
    }
}

/// A case that two models scored.
#[derive(Debug, Clone, Copy)]
pub struct PairedCase {
    /// The patient, by whom cases belong together; any number.
    pub unit: usize,
    /// The scores of both; higher means more likely positive.
    pub scores: [f64; 2],
    /// The truth.
    pub positive: bool,
}

/// AUROC with `DeLong`'s variance; cases of one unit belong together. None if a score is NaN, or fewer than two units have a
/// positive, or a negative.
pub fn delong(cases: &[Case]) -> Option<Estimate> {
    let positive: Vec<bool> = cases.iter().map(|case| case.positive).collect();
    let scores: Vec<f64> = cases.iter().map(|case| case.score).collect();
    let (value, deviations) = deviations(&scores, &positive)?;
    let variance = variance(cases.iter().map(|case| case.unit), &positive, &deviations)?;
    Some(Estimate { value, variance, range: [0.0, 1.0] })
}

/// AUROC of the first scores less that of the second, with the variance of the difference. None as [`delong`].
pub fn delong_difference(cases: &[PairedCase]) -> Option<Estimate> {
    let positive: Vec<bool> = cases.iter().map(|case| case.positive).collect();
    let of_model = |model: usize| {
        let scores: Vec<f64> = cases.iter().map(|case| case.scores[model]).collect();
        deviations(&scores, &positive)
    };
    let ((first, a), (second, b)) = (of_model(0)?, of_model(1)?);
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let variance = variance(cases.iter().map(|case| case.unit), &positive, &differences)?;
    Some(Estimate { value: first - second, variance, range: [-1.0, 1.0] })
}

/// The AUROC, and each case's placement less the AUROC. None when one class is missing or a score is NaN.
#[expect(clippy::float_cmp, reason = "only equal scores tie")]
fn deviations(scores: &[f64], positive: &[bool]) -> Option<(f64, Vec<f64>)> {
    let positives = positive.iter().filter(|&&positive| positive).count();
    let negatives = positive.len() - positives;
    if positives == 0 || negatives == 0 || scores.iter().any(|score| score.is_nan()) {
        return None;
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let mut placements = vec![0.0; scores.len()];
    // Twice the wins, hence whole: the AUROC is exact.
    let (mut positives_below, mut negatives_below, mut wins) = (0, 0, 0);
    for tie in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let tied_positives = tie.iter().filter(|&&case| positive[case]).count();
        let tied_negatives = tie.len() - tied_positives;
        let below = 2 * negatives_below + tied_negatives;
        let above = 2 * (positives - positives_below) - tied_positives;
        for &case in tie {
            let (won, of) = if positive[case] { (below, negatives) } else { (above, positives) };
            placements[case] = won as f64 / (2 * of) as f64;
        }
        wins += tied_positives as u64 * below as u64;
        positives_below += tied_positives;
        negatives_below += tied_negatives;
    }
    let auroc = wins as f64 / (2 * positives as u64 * negatives as u64) as f64;
    for placement in &mut placements {
        *placement -= auroc;
    }
    Some((auroc, placements))
}

/// The sum of the equation above.
fn variance(units: impl Iterator<Item = usize>, positive: &[bool], deviations: &[f64]) -> Option<f64> {
    // Of each unit: positives and the sum of their deviations, negatives and theirs.
    let mut sums: BTreeMap<usize, [(usize, f64); 2]> = BTreeMap::new();
    for ((unit, &positive), deviation) in units.zip(positive).zip(deviations) {
        let (count, sum) = &mut sums.entry(unit).or_default()[usize::from(!positive)];
        *count += 1;
        *sum += deviation;
    }
    let of_class = |class: usize| {
        let with = sums.values().filter(|sums| sums[class].0 > 0).count();
        let cases: usize = sums.values().map(|sums| sums[class].0).sum();
        let squares: f64 = sums.values().map(|sums| sums[class].1.powi(2)).sum();
        (with > 1).then(|| (cases as f64, with as f64 / (with - 1) as f64 * squares / (cases as f64).powi(2)))
    };
    let ((positives, of_positives), (negatives, of_negatives)) = (of_class(0)?, of_class(1)?);
    let together: f64 = sums.values().map(|[x, y]| x.1 * y.1).sum();
    let units = sums.len() as f64;
    let covariance = units / (units - 1.0) * together / (positives * negatives);
    Some((of_positives + of_negatives + 2.0 * covariance).max(0.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::metric::auroc::RankedCases;

    fn case(unit: usize, score: f64, positive: bool) -> Case {
        Case { unit, score, positive }
    }

    #[test]
    fn hand_computed_variance() {
        // Placements of the positives 0.3, 0.8: ½, 1; of the negatives 0.1, 0.5: 1, ½. θ = ¾.
        let cases = [case(0, 0.3, true), case(1, 0.8, true), case(2, 0.1, false), case(3, 0.5, false)];
        let found = delong(&cases).unwrap();
        // Sample variances of 1/8 each, over 2 cases each.
        assert!((found.value - 0.75).abs() < 1e-15 && (found.variance - 0.125).abs() < 1e-15);
        let [low, high] = found.interval().unwrap();
        assert!((low - (0.75 - 1.959_963_984_540_054 * 0.125_f64.sqrt())).abs() < 1e-12 && high == 1.0);
    }

    #[test]
    fn repeating_every_case_of_a_patient_leaves_the_variance_by_patient() {
        let cases: Vec<Case> = (0..30)
            .map(|i| case(i, f64::from((i * 7 % 11) as u32) + if i % 3 == 0 { 3.0 } else { 0.0 }, i % 3 == 0))
            .collect();
        let twice: Vec<Case> = cases.iter().chain(&cases).copied().collect();
        let (once, by_patient) = (delong(&cases).unwrap(), delong(&twice).unwrap());
        assert!((once.variance - by_patient.variance).abs() < 1e-15);
        let as_if_alone: Vec<Case> = twice.iter().enumerate().map(|(unit, &case)| Case { unit, ..case }).collect();
        assert!(delong(&as_if_alone).unwrap().variance < 0.6 * by_patient.variance);
    }

    #[test]
    fn undefined_variances_and_intervals() {
        assert_eq!(delong(&[]), None);
        assert_eq!(delong(&[case(0, 0.1, true), case(1, 0.2, true)]), None);
        assert_eq!(delong(&[case(0, 0.1, true), case(1, 0.2, false), case(2, 0.2, false)]), None);
        assert_eq!(
            delong(&[case(0, f64::NAN, true), case(1, 0.2, false), case(2, 0.2, false), case(3, 0.1, true)]),
            None
        );
        let perfect = [case(0, 0.9, true), case(1, 0.8, true), case(2, 0.1, false), case(3, 0.2, false)];
        let perfect = delong(&perfect).unwrap();
        assert_eq!((perfect.value, perfect.variance, perfect.interval(), perfect.p_value()), (1.0, 0.0, None, None));
    }

    #[test]
    fn a_model_does_not_differ_from_itself() {
        let cases: Vec<PairedCase> = (0..20)
            .map(|i| PairedCase { unit: i, scores: [f64::from((i * 3 % 7) as u32); 2], positive: i % 2 == 0 })
            .collect();
        let difference = delong_difference(&cases).unwrap();
        assert_eq!((difference.value, difference.variance, difference.p_value()), (0.0, 0.0, Some(1.0)));
    }

    proptest! {
        #[test]
        fn swapping_models_flips_the_difference_and_placements_average_to_the_auroc(
            cases in prop::collection::vec((-3_i8..4, -3_i8..4, any::<bool>(), 0_usize..12), 4..50),
        ) {
            let paired = |swap: bool| -> Vec<PairedCase> {
                let scores = |a: i8, b: i8| if swap { [b.into(), a.into()] } else { [a.into(), b.into()] };
                cases.iter().map(|&(a, b, positive, unit)| PairedCase { unit, scores: scores(a, b), positive }).collect()
            };
            let (found, swapped) = (delong_difference(&paired(false)), delong_difference(&paired(true)));
            prop_assert_eq!(found.is_some(), swapped.is_some());
            if let (Some(found), Some(swapped)) = (found, swapped) {
                prop_assert!((found.value + swapped.value).abs() < 1e-12);
                prop_assert!((found.variance - swapped.variance).abs() < 1e-12);
                prop_assert!(found.p_value().is_none_or(|p| (0.0..=1.0).contains(&p)));
            }
            let first: Vec<Case> = cases.iter().map(|&(a, _, positive, unit)| case(unit, a.into(), positive)).collect();
            let scores: Vec<f64> = first.iter().map(|case| case.score).collect();
            let positive: Vec<bool> = first.iter().map(|case| case.positive).collect();
            if let Some(found) = delong(&first) {
                let auroc = RankedCases::of(&scores, &positive).unwrap().auroc(&vec![1; scores.len()]);
                prop_assert_eq!(Some(found.value), auroc);
            }
        }
    }
}
