//! What a score decides at each of its thresholds: ROC and precision–recall curves, and what is read off them.
//!
//! A case is called positive if its score is at least the threshold. Cases of one score are called alike, so a point of a
//! curve is a decision that can be taken; nothing lies between two points.

use super::auroc::RankedCases;
use super::confusion::Confusion;

/// What a threshold decides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decision {
    /// Least score that is called positive; +∞ where nothing is.
    pub threshold: f64,
    /// How the decisions fare.
    pub counts: Confusion,
}

/// A point of the receiver operating characteristic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RocPoint {
    /// Least score that is called positive; +∞ at the first point.
    pub threshold: f64,
    /// Share of the negatives that are called positive, `1 − specificity`.
    pub false_positive_rate: f64,
    /// Share of the positives that are called positive.
    pub sensitivity: f64,
}

/// A point of the precision–recall curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrecisionRecallPoint {
    /// Least score that is called positive; +∞ at the first point.
    pub threshold: f64,
    /// Share of those called positive that are; 1 at the first point, by convention.
    pub precision: f64,
    /// Share of the positives that are called positive.
    pub recall: f64,
}

/// A value of a measure and the threshold that gives it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attained {
    /// The measure.
    pub value: f64,
    /// Least score that is called positive; +∞ where nothing is.
    pub threshold: f64,
}

impl RankedCases {
    /// The decision at each threshold that changes it, from +∞, where nothing is called positive, down to the least score,
    /// where everything is.
    pub fn decisions<'a>(&'a self, multiplicity: &'a [u32]) -> impl Iterator<Item = Decision> + 'a {
        let (positives, negatives) = self
            .ties(multiplicity)
            .fold((0, 0), |(positives, negatives), tie| (positives + tie.positives, negatives + tie.negatives));
        let nothing = Confusion { false_negatives: positives, true_negatives: negatives, ..Confusion::default() };
        let occurring = self.ties(multiplicity).rev().filter(|tie| tie.positives + tie.negatives > 0);
        let lower = occurring.scan(nothing, |counts, tie| {
            counts.true_positives += tie.positives;
            counts.false_negatives -= tie.positives;
            counts.false_positives += tie.negatives;
            counts.true_negatives -= tie.negatives;
            Some(Decision { threshold: tie.score, counts: *counts })
        });
        std::iter::once(Decision { threshold: f64::INFINITY, counts: nothing }).chain(lower)
    }

    /// The ROC curve from (0, 0) to (1, 1), as scikit-learn's `roc_curve` without dropped points; straight lines between
    /// its points enclose the AUROC. None when one class is missing.
    pub fn roc(&self, multiplicity: &[u32]) -> Option<Vec<RocPoint>> {
        let point = |Decision { threshold, counts }: Decision| {
            let (false_positive_rate, sensitivity) = (counts.false_positive_rate()?, counts.sensitivity()?);
            Some(RocPoint { threshold, false_positive_rate, sensitivity })
        };
        self.decisions(multiplicity).map(point).collect()
    }

    /// The precision–recall curve from recall 0 to 1, as scikit-learn's `precision_recall_curve` in reverse. Its area is
    /// that of steps, the average precision. None without a positive.
    pub fn precision_recall(&self, multiplicity: &[u32]) -> Option<Vec<PrecisionRecallPoint>> {
        let point = |Decision { threshold, counts }: Decision| {
            let (precision, recall) = (counts.precision().unwrap_or(1.0), counts.sensitivity()?);
            Some(PrecisionRecallPoint { threshold, precision, recall })
        };
        self.decisions(multiplicity).map(point).collect()
    }

    /// Area under the ROC curve where the false positive rate is at most `most`, standardised to ½ by chance and 1 at best
    /// (`McClish`, Med. Decis. Making 9:190, 1989): `½ (1 + (A − m² / 2) / (m − m² / 2))`, as scikit-learn's
    /// `roc_auc_score(max_fpr=m)`. None when one class is missing, or `most` is not in (0, 1].
    pub fn partial_auroc(&self, multiplicity: &[u32], most: f64) -> Option<f64> {
        if !(most > 0.0 && most <= 1.0) {
            return None;
        }
        let mut area = 0.0;
        for pair in self.roc(multiplicity)?.windows(2) {
            let (left, right) = (pair[0], pair[1]);
            let width = right.false_positive_rate.min(most) - left.false_positive_rate;
            if width <= 0.0 {
                continue;
            }
            let slope = (right.sensitivity - left.sensitivity) / (right.false_positive_rate - left.false_positive_rate);
            area += width * (left.sensitivity + slope * width / 2.0);
        }
        let (chance, best) = (most * most / 2.0, most);
        Some(0.5 * (1.0 + (area - chance) / (best - chance)))
    }

    /// The greatest sensitivity of a decision whose specificity is at least `least`, and the highest threshold that gives
    /// it: nothing is interpolated. 0 at +∞ where no other decision is specific enough. None when one class is missing.
    ///
    /// It is read off the evaluated cases themselves; for a threshold that is fixed beforehand see [`super::threshold`].
    pub fn sensitivity_at_specificity(&self, multiplicity: &[u32], least: f64) -> Option<Attained> {
        self.greatest(multiplicity, Confusion::sensitivity, Confusion::specificity, least)
    }

    /// The greatest specificity of a decision whose sensitivity is at least `least`, and the highest threshold that gives
    /// it. None when one class is missing, or `least` exceeds 1.
    pub fn specificity_at_sensitivity(&self, multiplicity: &[u32], least: f64) -> Option<Attained> {
        self.greatest(multiplicity, Confusion::specificity, Confusion::sensitivity, least)
    }

    /// The greatest `wanted` among the decisions whose `held` is at least `least`.
    fn greatest(
        &self,
        multiplicity: &[u32],
        wanted: fn(Confusion) -> Option<f64>,
        held: fn(Confusion) -> Option<f64>,
        least: f64,
    ) -> Option<Attained> {
        let mut best: Option<Attained> = None;
        for Decision { threshold, counts } in self.decisions(multiplicity) {
            let (value, held) = (wanted(counts)?, held(counts)?);
            if held >= least && best.is_none_or(|best| value > best.value) {
                best = Some(Attained { value, threshold });
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cases() -> RankedCases {
        RankedCases::of(&[0.9, 0.8, 0.8, 0.6, 0.3], &[true, true, false, false, true]).unwrap()
    }

    #[test]
    fn curves_by_hand() {
        let roc: Vec<(f64, f64, f64)> = cases()
            .roc(&[1; 5])
            .unwrap()
            .iter()
            .map(|point| (point.threshold, point.false_positive_rate, point.sensitivity))
            .collect();
        let third = 1.0 / 3.0;
        let (inf, two_thirds) = (f64::INFINITY, 2.0 / 3.0);
        let expected =
            [(inf, 0.0, 0.0), (0.9, 0.0, third), (0.8, 0.5, two_thirds), (0.6, 1.0, two_thirds), (0.3, 1.0, 1.0)];
        assert_eq!(roc, expected);
        let curve = cases().precision_recall(&[1; 5]).unwrap();
        let precision: Vec<f64> = curve.iter().map(|point| point.precision).collect();
        assert_eq!(precision, [1.0, 1.0, two_thirds, 0.5, 0.6]);
    }

    #[test]
    fn operating_points_are_attained_not_interpolated() {
        let cases = cases();
        let at = |least: f64| cases.sensitivity_at_specificity(&[1; 5], least).unwrap();
        assert_eq!(at(1.0), Attained { value: 1.0 / 3.0, threshold: 0.9 });
        assert_eq!(at(0.6), Attained { value: 1.0 / 3.0, threshold: 0.9 });
        assert_eq!(at(0.5), Attained { value: 2.0 / 3.0, threshold: 0.8 });
        assert_eq!(at(0.0), Attained { value: 1.0, threshold: 0.3 });
        let other = |least: f64| cases.specificity_at_sensitivity(&[1; 5], least).unwrap();
        assert_eq!(other(0.5), Attained { value: 0.5, threshold: 0.8 });
        assert_eq!(other(0.0), Attained { value: 1.0, threshold: f64::INFINITY });
        assert_eq!(cases.specificity_at_sensitivity(&[1; 5], 1.1), None);
        // Constant scores leave only "nothing" and "everything".
        let constant = RankedCases::of(&[0.5, 0.5], &[true, false]).unwrap();
        let nothing = Attained { value: 0.0, threshold: f64::INFINITY };
        assert_eq!(constant.sensitivity_at_specificity(&[1; 2], 0.9), Some(nothing));
    }

    #[test]
    fn curves_that_cannot_be_drawn() {
        let positives = RankedCases::of(&[0.5, 0.2], &[true, true]).unwrap();
        assert_eq!(positives.roc(&[1; 2]), None);
        assert_eq!(positives.partial_auroc(&[1; 2], 0.1), None);
        assert_eq!(positives.sensitivity_at_specificity(&[1; 2], 0.5), None);
        assert!(positives.precision_recall(&[1; 2]).is_some());
        let negatives = RankedCases::of(&[0.5], &[false]).unwrap();
        assert_eq!(negatives.precision_recall(&[1]), None);
        for most in [0.0, -1.0, 1.1, f64::NAN] {
            assert_eq!(cases().partial_auroc(&[1; 5], most), None, "{most}");
        }
    }

    proptest! {
        #[test]
        fn the_whole_partial_area_is_the_auroc_and_curves_rise(
            cases in prop::collection::vec((-4_i8..4, any::<bool>(), 0_u32..3), 2..40),
        ) {
            let scores: Vec<f64> = cases.iter().map(|case| f64::from(case.0)).collect();
            let positive: Vec<bool> = cases.iter().map(|case| case.1).collect();
            let counts: Vec<u32> = cases.iter().map(|case| case.2).collect();
            let ranked = RankedCases::of(&scores, &positive).unwrap();
            let (auroc, whole) = (ranked.auroc(&counts), ranked.partial_auroc(&counts, 1.0));
            prop_assert_eq!(auroc.is_some(), whole.is_some());
            prop_assert!(auroc.zip(whole).is_none_or(|(a, b)| (a - b).abs() < 1e-12));
            for pair in ranked.roc(&counts).unwrap_or_default().windows(2) {
                prop_assert!(pair[1].threshold < pair[0].threshold);
                prop_assert!(pair[1].sensitivity >= pair[0].sensitivity);
                prop_assert!(pair[1].false_positive_rate >= pair[0].false_positive_rate);
            }
            let at = |least| ranked.sensitivity_at_specificity(&counts, least).map(|attained| attained.value);
            prop_assert!(at(0.9).zip(at(0.5)).is_none_or(|(strict, lenient)| strict <= lenient));
        }
    }
}
