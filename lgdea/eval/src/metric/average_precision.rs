//! Areas under the precision–recall curve: of its steps, which is average precision, and of straight lines between its points.

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

    /// Area under straight lines between the points of the precision–recall curve, from recall 0 and precision 1:
    /// `Σ (R_n − R_{n−1}) (P_n + P_{n−1}) / 2`, as scikit-learn's `auc(recall, precision)` of `precision_recall_curve`.
    ///
    /// Nothing between two points can be attained by a decision, and with few distinct scores the area is far too great:
    /// constant scores give `(1 + prevalence) / 2`. It is here because published tables have it, under the name AUPRC; take
    /// [`Self::average_precision`]. None without a positive.
    pub fn auprc_trapezoid(&self, multiplicity: &[u32]) -> Option<f64> {
        let (mut true_positives, mut predicted, mut sum, mut before) = (0_u64, 0_u64, 0.0, 1.0);
        for tie in self.ties(multiplicity).rev().filter(|tie| tie.positives + tie.negatives > 0) {
            true_positives += tie.positives;
            predicted += tie.positives + tie.negatives;
            let precision = true_positives as f64 / predicted as f64;
            sum += tie.positives as f64 * f64::midpoint(before, precision);
            before = precision;
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
    fn straight_lines_enclose_more_than_can_be_attained() {
        let of = |scores: &[f64], positive: &[bool]| {
            let cases = RankedCases::of(scores, positive).unwrap();
            cases.auprc_trapezoid(&vec![1; scores.len()])
        };
        // Recall 0, ½, ½, 1, 1 and precision 1, 1, ½, ⅔, ½: ½ (1 + 1) / 2 + ½ (½ + ⅔) / 2.
        let found = of(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true]).unwrap();
        assert!((found - (0.5 + 7.0 / 24.0)).abs() < 1e-15);
        assert_eq!(of(&[0.5; 4], &[false, true, false, false]), Some(0.625));
        assert_eq!(of(&[0.5, 0.2], &[true, true]), Some(1.0));
        assert_eq!(of(&[0.5, 0.2], &[false, false]), None);
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
            let drawn = RankedCases::of(&scores, &positive).unwrap();
            let (resampled, lines) = (drawn.average_precision(&counts), drawn.auprc_trapezoid(&counts));
            let repeated: Vec<(f64, bool)> =
                cases.iter().flat_map(|case| vec![(f64::from(case.0), case.1); case.2 as usize]).collect();
            let (scores, positive): (Vec<f64>, Vec<bool>) = repeated.into_iter().unzip();
            let all = RankedCases::of(&scores, &positive).unwrap();
            let once = vec![1; scores.len()];
            prop_assert_eq!(resampled, all.average_precision(&once));
            prop_assert_eq!(lines, all.auprc_trapezoid(&once));
            // It begins at precision 1, so that with a positive it is never 0.
            prop_assert!(lines.is_none_or(|value| value > 0.0 && value <= 1.0));
            prop_assert!(resampled.is_none_or(|value| value > 0.0 && value <= 1.0));
            let transformed: Vec<f64> = scores.iter().map(|score| score.exp()).collect();
            prop_assert_eq!(resampled, average_precision(&transformed, &positive));
        }
    }
}
