//! Average precision, the area under the steps of the precision–recall curve.

use super::auroc::RankedCases;

impl RankedCases {
    /// Average precision `Σ (R_n − R_{n−1}) P_n` over the distinct scores, from the highest down; `R_n` and `P_n` are
    /// recall and precision of all cases with at least that score. Step-wise as scikit-learn's `average_precision_score`:
    /// a linear interpolation would be too optimistic (Davis and Goadrich, ICML 2006).
    ///
    /// Cases of one score are taken together, so it does not depend on their order, and constant scores give the share
    /// of positives. None without a positive; 1 without a negative. mAP is its mean over classes
    /// ([`super::average::mean_of_defined`]).
    pub fn average_precision(&self, multiplicity: &[u32]) -> Option<f64> {
        let (mut true_positives, mut predicted, mut sum) = (0_u64, 0_u64, 0.0);
        for tie in self.ties(multiplicity).rev() {
            true_positives += tie.positives;
            predicted += tie.positives + tie.negatives;
            if tie.positives > 0 {
                sum += tie.positives as f64 * (true_positives as f64 / predicted as f64);
            }
        }
        (true_positives > 0).then(|| sum / true_positives as f64)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn average_precision(scores: &[f64], positive: &[bool]) -> Option<f64> {
        RankedCases::of(scores, positive)?.average_precision(&vec![1; scores.len()])
    }

    #[test]
    fn hand_computed_cases() {
        // From the top: + (1/1), − , + (2/3), −.
        let found = average_precision(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true]).unwrap();
        assert!((found - f64::midpoint(1.0, 2.0 / 3.0)).abs() < 1e-15);
        assert_eq!(average_precision(&[0.5; 4], &[false, true, false, false]), Some(0.25));
        assert_eq!(average_precision(&[0.5, 0.2], &[true, true]), Some(1.0));
    }

    #[test]
    fn undefined_without_a_positive_and_with_nan() {
        assert_eq!(average_precision(&[0.5, 0.2], &[false, false]), None);
        assert_eq!(average_precision(&[], &[]), None);
        assert_eq!(average_precision(&[f64::NAN, 0.2], &[true, false]), None);
    }

    proptest! {
        #[test]
        fn lies_between_the_worst_ranking_and_1_and_counts_repeated_cases(
            cases in prop::collection::vec((-4_i8..4, any::<bool>(), 0_u32..4), 2..40),
        ) {
            let scores: Vec<f64> = cases.iter().map(|case| f64::from(case.0)).collect();
            let positive: Vec<bool> = cases.iter().map(|case| case.1).collect();
            let counts: Vec<u32> = cases.iter().map(|case| case.2).collect();
            let resampled = RankedCases::of(&scores, &positive).unwrap().average_precision(&counts);
            let repeated: Vec<(f64, bool)> =
                cases.iter().flat_map(|case| vec![(f64::from(case.0), case.1); case.2 as usize]).collect();
            let (scores, positive): (Vec<f64>, Vec<bool>) = repeated.into_iter().unzip();
            prop_assert_eq!(resampled, average_precision(&scores, &positive));
            prop_assert!(resampled.is_none_or(|value| value > 0.0 && value <= 1.0));
            let transformed: Vec<f64> = scores.iter().map(|score| score.exp()).collect();
            prop_assert_eq!(resampled, average_precision(&transformed, &positive));
        }
    }
}
