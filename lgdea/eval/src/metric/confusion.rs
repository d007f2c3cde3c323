//! A yes-or-no decision against the truth: counts, and what is measured of them.
//!
//! A ratio without anything below is None: scikit-learn gives 0 there. Read the averages of several classes with that in
//! mind: a class without a positive in truth and prediction has no F1, and no part in the macro mean.

use std::iter::Sum;
use std::ops::Add;

use super::average::{Average, mean_of_defined, weighted_mean_of_defined};

/// How often a decision was right or wrong, for positives and negatives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Confusion {
    /// Positives called positive.
    pub true_positives: u64,
    /// Negatives called positive.
    pub false_positives: u64,
    /// Positives called negative.
    pub false_negatives: u64,
    /// Negatives called negative.
    pub true_negatives: u64,
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl Confusion {
    /// Counts cases: the truth, the decision, and how often the case occurs.
    pub fn count(cases: impl IntoIterator<Item = (bool, bool, u32)>) -> Self {
        let mut counts = Self::default();
        for (positive, predicted, times) in cases {
            let count = match (positive, predicted) {
                (true, true) => &mut counts.true_positives,
                (false, true) => &mut counts.false_positives,
                (true, false) => &mut counts.false_negatives,
                (false, false) => &mut counts.true_negatives,
            };
            *count += u64::from(times);
        }
        counts
    }

    /// All positives.
    pub fn positives(self) -> u64 {
        self.true_positives + self.false_negatives
    }

    /// All negatives.
    pub fn negatives(self) -> u64 {
        self.true_negatives + self.false_positives
    }

    /// All cases.
    pub fn cases(self) -> u64 {
        self.positives() + self.negatives()
    }

    /// Share of right decisions. None without a case.
    pub fn accuracy(self) -> Option<f64> {
        ratio(self.true_positives + self.true_negatives, self.cases())
    }

    /// Share of the positives called positive: recall, the true positive rate. None without a positive.
    pub fn sensitivity(self) -> Option<f64> {
        ratio(self.true_positives, self.positives())
    }

    /// Share of the negatives called negative. None without a negative.
    pub fn specificity(self) -> Option<f64> {
        ratio(self.true_negatives, self.negatives())
    }

    /// Share of the negatives called positive, `1 − specificity`. None without a negative.
    pub fn false_positive_rate(self) -> Option<f64> {
        ratio(self.false_positives, self.negatives())
    }

    /// Share of those called positive that are: the positive predictive value. None where nothing is called positive.
    pub fn precision(self) -> Option<f64> {
        ratio(self.true_positives, self.true_positives + self.false_positives)
    }

    /// Mean of sensitivity and specificity, ½ by chance. None when one class is missing.
    pub fn balanced_accuracy(self) -> Option<f64> {
        Some(f64::midpoint(self.sensitivity()?, self.specificity()?))
    }

    /// Youden's index `sensitivity + specificity − 1` (Cancer 3:32, 1950), 0 by chance. None when one class is missing.
    pub fn youden(self) -> Option<f64> {
        Some(self.sensitivity()? + self.specificity()? - 1.0)
    }

    /// Harmonic mean of precision and sensitivity, `2 TP / (2 TP + FP + FN)`. None without a positive in truth and
    /// decision.
    pub fn f1(self) -> Option<f64> {
        let twice = 2 * self.true_positives;
        ratio(twice, twice + self.false_positives + self.false_negatives)
    }

    /// Matthews correlation coefficient `(TP TN − FP FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN))` (BBA 405:442, 1975): the
    /// correlation of truth and decision. None where either is constant.
    pub fn mcc(self) -> Option<f64> {
        let [tp, fp, fn_, tn] = self.exact();
        let whole = ((tp + fp) * (tn + fn_)) as f64 * ((tp + fn_) * (tn + fp)) as f64;
        (whole > 0.0).then(|| ((tp * tn - fp * fn_) as f64 / whole.sqrt()).clamp(-1.0, 1.0))
    }

    /// Cohen's κ, `(p_o − p_e) / (1 − p_e)` (Educ. Psychol. Meas. 20:37, 1960): agreement beyond chance. None where truth
    /// and decision are constant and alike.
    pub fn kappa(self) -> Option<f64> {
        let [tp, fp, fn_, tn] = self.exact();
        let whole = (tp + fp) * (fp + tn) + (tp + fn_) * (fn_ + tn);
        (whole > 0).then(|| (2 * (tp * tn - fp * fn_)) as f64 / whole as f64)
    }

    /// TP, FP, FN, TN, whose products must not overflow.
    fn exact(self) -> [i128; 4] {
        [self.true_positives, self.false_positives, self.false_negatives, self.true_negatives].map(i128::from)
    }
}

impl Add for Confusion {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            true_positives: self.true_positives + other.true_positives,
            false_positives: self.false_positives + other.false_positives,
            false_negatives: self.false_negatives + other.false_negatives,
            true_negatives: self.true_negatives + other.true_negatives,
        }
    }
}

impl Sum for Confusion {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

/// F1 over classes, as scikit-learn's `f1_score`: of one-against-the-rest counts ([`super::multiclass`]) or of labels
/// that may occur together ([`super::multilabel`]).
///
/// Classes without F1 have no part in the macro mean, and no weight in the weighted one. None where no class has one.
pub fn f1(classes: &[Confusion], average: Average) -> Option<f64> {
    match average {
        Average::Micro => classes.iter().copied().sum::<Confusion>().f1(),
        Average::Macro => mean_of_defined(classes.iter().map(|class| class.f1())),
        Average::Weighted => {
            weighted_mean_of_defined(classes.iter().map(|class| (class.positives() as f64, class.f1())))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counts(tp: u64, fp: u64, fn_: u64, tn: u64) -> Confusion {
        Confusion { true_positives: tp, false_positives: fp, false_negatives: fn_, true_negatives: tn }
    }

    #[test]
    fn hand_computed_measures() {
        let counts = counts(6, 2, 4, 8);
        for (name, found, expected) in [
            ("accuracy", counts.accuracy(), 0.7),
            ("sensitivity", counts.sensitivity(), 0.6),
            ("specificity", counts.specificity(), 0.8),
            ("precision", counts.precision(), 0.75),
            ("balanced accuracy", counts.balanced_accuracy(), 0.7),
            ("Youden", counts.youden(), 0.4),
            ("F1", counts.f1(), 12.0 / 18.0),
            ("MCC", counts.mcc(), (48.0 - 8.0) / (8.0_f64 * 10.0 * 10.0 * 12.0).sqrt()),
            ("kappa", counts.kappa(), (0.7 - 0.5) / 0.5),
        ] {
            assert!((found.unwrap() - expected).abs() < 1e-12, "{name}: {found:?}");
        }
    }

    #[test]
    fn undefined_ratios() {
        let nothing = Confusion::default();
        for measure in [Confusion::accuracy, Confusion::f1, Confusion::mcc, Confusion::kappa, Confusion::youden] {
            assert_eq!(measure(nothing), None);
        }
        let all_negative = counts(0, 0, 0, 5);
        assert_eq!((all_negative.sensitivity(), all_negative.f1(), all_negative.mcc()), (None, None, None));
        assert_eq!(all_negative.kappa(), None);
        // Never called positive: MCC cannot be said, F1 is 0.
        let never = counts(0, 0, 3, 5);
        assert_eq!((never.mcc(), never.f1(), never.kappa()), (None, Some(0.0), Some(0.0)));
    }

    #[test]
    fn large_counts_do_not_overflow() {
        let large = counts(u64::MAX / 8, 1, 1, u64::MAX / 8);
        assert!((large.mcc().unwrap() - 1.0).abs() < 1e-9);
        assert!((large.kappa().unwrap() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn averages_of_f1_by_hand() {
        // F1 of 0.8 with 4 positives, 0 with 1, and a class that nobody has.
        let classes = [counts(4, 2, 0, 4), counts(0, 0, 1, 9), counts(0, 0, 0, 10)];
        assert_eq!(f1(&classes, Average::Micro), Some(8.0 / 11.0));
        assert_eq!(f1(&classes, Average::Macro), Some(0.4));
        assert!((f1(&classes, Average::Weighted).unwrap() - 0.64).abs() < 1e-12);
        assert_eq!(f1(&[], Average::Macro), None);
    }

    proptest! {
        #[test]
        fn swapping_the_classes_or_truth_and_decision_keeps_what_is_symmetric(
            cases in prop::collection::vec((any::<bool>(), any::<bool>(), 0_u32..5), 0..40),
        ) {
            let counts = Confusion::count(cases.iter().copied());
            let classes = Confusion::count(cases.iter().map(|&(truth, predicted, times)| (!truth, !predicted, times)));
            let roles = Confusion::count(cases.iter().map(|&(truth, predicted, times)| (predicted, truth, times)));
            prop_assert_eq!(counts.mcc(), classes.mcc());
            prop_assert_eq!(counts.accuracy(), classes.accuracy());
            prop_assert_eq!(counts.balanced_accuracy(), classes.balanced_accuracy());
            prop_assert_eq!(counts.f1(), roles.f1());
            prop_assert_eq!(counts.kappa(), roles.kappa());
            prop_assert_eq!(counts.sensitivity(), roles.precision());
            prop_assert!(counts.mcc().is_none_or(|mcc| (-1.0..=1.0).contains(&mcc)));
            prop_assert!(counts.kappa().is_none_or(|kappa| kappa <= 1.0));
        }
    }
}
