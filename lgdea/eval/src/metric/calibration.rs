//! Whether probabilities are what they say: Brier score and expected calibration error.

use ndarray::ArrayView2;

use super::auroc::RankedCases;

/// How probabilities are put into bins. A bin holds what lies above its lower edge, up to and with its upper edge; the first
/// has its lower edge, too. Equal probabilities are in one bin, whatever the order of the cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bins {
    /// So many bins of equal width over [0, 1] (Guo et al., ICML 2017, take 15).
    EqualWidth(usize),
    /// Edges at the quantiles of the probabilities, interpolated linearly (Nguyen and O'Connor, EMNLP 2015; scikit-learn's
    /// `calibration_curve(strategy="quantile")`).
    EqualMass(usize),
}

/// The cases of a bin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Their number, at least 1.
    pub cases: u64,
    /// Mean of their probabilities.
    pub probability: f64,
    /// Share of positives.
    pub positives: f64,
}

impl RankedCases {
    /// Brier score: mean of `(p − y)²` (Mon. Weather Rev. 78:1, 1950, halved, as is usual for two classes), 0 at best, ¼ for
    /// a constant ½. None without a case, or if a score is no probability.
    pub fn brier(&self, multiplicity: &[u32]) -> Option<f64> {
        self.are_probabilities().then_some(())?;
        let (mut sum, mut count) = (0.0, 0_u64);
        for case in self.cases() {
            let times = multiplicity[case.unit];
            sum += f64::from(times) * (case.score - f64::from(u8::from(case.positive))).powi(2);
            count += u64::from(times);
        }
        (count > 0).then(|| sum / count as f64)
    }

    /// The bins that have a case, from low to high probabilities: the points of a reliability diagram. None without a case
    /// or a bin, or if a score is no probability.
    pub fn reliability(&self, bins: Bins, multiplicity: &[u32]) -> Option<Vec<Bin>> {
        let edges = match bins {
            Bins::EqualWidth(0) | Bins::EqualMass(0) => return None,
            Bins::EqualWidth(bins) => (1..bins).map(|edge| edge as f64 / bins as f64).collect(),
            Bins::EqualMass(bins) => self.quantiles(bins, multiplicity)?,
        };
        self.are_probabilities().then_some(())?;
        // Of each bin: cases, sum of their probabilities, positives.
        let mut sums = vec![(0_u64, 0.0, 0_u64); edges.len() + 1];
        for tie in self.ties(multiplicity) {
            let bin = &mut sums[edges.partition_point(|&edge| edge < tie.score)];
            let cases = tie.positives + tie.negatives;
            bin.0 += cases;
            bin.1 += cases as f64 * tie.score;
            bin.2 += tie.positives;
        }
        let bin = |&(cases, probability, positives): &(u64, f64, u64)| Bin {
            cases,
            probability: probability / cases as f64,
            positives: positives as f64 / cases as f64,
        };
        let bins: Vec<Bin> = sums.iter().filter(|(cases, ..)| *cases > 0).map(bin).collect();
        (!bins.is_empty()).then_some(bins)
    }

    /// Expected calibration error `Σ n_b / n · |positives_b − probability_b|` over the bins (Naeini et al., AAAI 2015), 0 at
    /// best. It depends on the bins and is biased upwards in small samples: say which, and how many cases. None as
    /// [`Self::reliability`].
    pub fn ece(&self, bins: Bins, multiplicity: &[u32]) -> Option<f64> {
        let bins = self.reliability(bins, multiplicity)?;
        let cases: u64 = bins.iter().map(|bin| bin.cases).sum();
        let gap = |bin: &Bin| bin.cases as f64 * (bin.positives - bin.probability).abs();
        Some(bins.iter().map(gap).sum::<f64>() / cases as f64)
    }

    fn are_probabilities(&self) -> bool {
        let ends = self.cases().first().zip(self.cases().last());
        ends.is_some_and(|(least, greatest)| least.score >= 0.0 && greatest.score <= 1.0)
    }

    /// The quantiles at `1 / bins`, …, `(bins − 1) / bins` of the resampled scores.
    fn quantiles(&self, bins: usize, multiplicity: &[u32]) -> Option<Vec<f64>> {
        let mut passed = 0;
        // Each distinct score with the number of cases up to it.
        let steps: Vec<(u64, f64)> = self
            .ties(multiplicity)
            .map(|tie| {
                passed += tie.positives + tie.negatives;
                (passed, tie.score)
            })
            .collect();
        let last = passed.checked_sub(1)?;
        let at = |position: u64| steps[steps.partition_point(|&(passed, _)| passed <= position)].1;
        let quantile = |edge: usize| {
            // The position `edge / bins · last` in whole numbers: rounding must not put a case beside its edge.
            let (position, bins) = (edge as u64 * last, bins as u64);
            let (low, high) = (at(position / bins), at((position / bins + 1).min(last)));
            low + (high - low) * ((position % bins) as f64 / bins as f64)
        };
        Some((1..bins).map(quantile).collect())
    }
}

/// Per case the probability of the predicted class, and whether it is the true one: as cases of [`RankedCases`], they give
/// the calibration error of the top label (Guo et al., ICML 2017). Of equal probabilities the first class is predicted.
/// None where a probability is NaN, there is no class, or the truth has another length or an unknown class.
pub fn top_label(probabilities: ArrayView2<'_, f64>, truth: &[usize]) -> Option<(Vec<f64>, Vec<bool>)> {
    let predicted = super::multiclass::argmax(probabilities)?;
    let known = truth.len() == predicted.len() && truth.iter().all(|&class| class < probabilities.ncols());
    let confidence = |(case, &class): (usize, &usize)| probabilities[[case, class]];
    known.then(|| {
        let right = predicted.iter().zip(truth).map(|(predicted, truth)| predicted == truth).collect();
        (predicted.iter().enumerate().map(confidence).collect(), right)
    })
}

/// Per case the Brier score of several classes, `Σ_k (p_k − y_k)²`, from 0 to 2 (scikit-learn's
/// `brier_score_loss(scale_by_half=False)` is their mean). None where a value is no probability, or the truth has another
/// length or an unknown class.
pub fn brier_multiclass(probabilities: ArrayView2<'_, f64>, truth: &[usize]) -> Option<Vec<f64>> {
    let known = truth.len() == probabilities.nrows() && truth.iter().all(|&class| class < probabilities.ncols());
    if !known || probabilities.iter().any(|probability| !(0.0..=1.0).contains(probability)) {
        return None;
    }
    let of_case = |(row, &truth): (ndarray::ArrayView1<'_, f64>, &usize)| {
        row.iter().enumerate().map(|(class, p)| (p - f64::from(u8::from(class == truth))).powi(2)).sum()
    };
    Some(probabilities.rows().into_iter().zip(truth).map(of_case).collect())
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use proptest::prelude::*;

    use super::*;

    fn cases(probabilities: &[f64], positive: &[bool]) -> RankedCases {
        RankedCases::of(probabilities, positive).unwrap()
    }

    #[test]
    fn hand_computed_calibration() {
        let cases = cases(&[0.1, 0.3, 0.5, 0.6, 1.0, 0.0], &[false, true, false, true, true, false]);
        assert!((cases.brier(&[1; 6]).unwrap() - (0.01 + 0.49 + 0.25 + 0.16) / 6.0).abs() < 1e-12);
        // Up to 0.5: 0, 0.1, 0.3, 0.5 with one positive; above: 0.6 and 1 with two.
        let expected = (4.0 * (0.25_f64 - 0.225).abs() + 2.0 * (1.0 - 0.8)) / 6.0;
        assert!((cases.ece(Bins::EqualWidth(2), &[1; 6]).unwrap() - expected).abs() < 1e-12);
        // The median of six is 0.4: three and three.
        let expected = (3.0 * (1.0 / 3.0 - 0.4_f64 / 3.0).abs() + 3.0 * (2.0_f64 / 3.0 - 0.7).abs()) / 6.0;
        assert!((cases.ece(Bins::EqualMass(2), &[1; 6]).unwrap() - expected).abs() < 1e-12);
        assert_eq!(cases.reliability(Bins::EqualWidth(100), &[1; 6]).unwrap().len(), 6);
    }

    #[test]
    fn undefined_calibration() {
        let bins = Bins::EqualWidth(10);
        for scores in [[-0.1, 0.5], [0.5, 1.1], [f64::NEG_INFINITY, 0.1]] {
            let cases = cases(&scores, &[true, false]);
            assert_eq!((cases.brier(&[1; 2]), cases.ece(bins, &[1; 2])), (None, None), "{scores:?}");
        }
        let (empty, fine) = (cases(&[], &[]), cases(&[0.5], &[true]));
        assert_eq!((empty.brier(&[]), empty.ece(Bins::EqualMass(3), &[])), (None, None));
        assert_eq!((fine.brier(&[0]), fine.ece(bins, &[0]), fine.ece(Bins::EqualMass(3), &[0])), (None, None, None));
        assert_eq!((fine.ece(Bins::EqualWidth(0), &[1]), fine.ece(Bins::EqualMass(0), &[1])), (None, None));
        // One class is enough: probabilities of 0.5 of what always is are off by 0.5.
        assert_eq!(fine.ece(bins, &[1]), Some(0.5));
    }

    #[test]
    fn the_top_label_of_several_classes() {
        let probabilities = array![[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]];
        let (confidence, right) = top_label(probabilities.view(), &[1, 1]).unwrap();
        assert_eq!((confidence, right), (vec![0.5, 0.4], vec![true, false]));
        let brier = brier_multiclass(probabilities.view(), &[1, 1]).unwrap();
        assert!((brier[0] - (0.04 + 0.25 + 0.09)).abs() < 1e-12);
        assert_eq!(top_label(probabilities.view(), &[1, 3]), None);
        assert_eq!(brier_multiclass(probabilities.view(), &[1]), None);
        assert_eq!(brier_multiclass(array![[1.5]].view(), &[0]), None);
    }

    proptest! {
        #[test]
        fn calibration_is_bounded_and_counts_repeated_cases(
            cases in prop::collection::vec((0_u8..11, any::<bool>(), 0_u32..4), 1..40),
            count in 1_usize..12,
        ) {
            let scores: Vec<f64> = cases.iter().map(|case| f64::from(case.0) / 10.0).collect();
            let positive: Vec<bool> = cases.iter().map(|case| case.1).collect();
            let times: Vec<u32> = cases.iter().map(|case| case.2).collect();
            let repeated: Vec<(f64, bool)> =
                scores.iter().zip(&positive).zip(&times).flat_map(|((&s, &p), &times)| vec![(s, p); times as usize]).collect();
            let ranked = RankedCases::of(&scores, &positive).unwrap();
            let (scores, positive): (Vec<f64>, Vec<bool>) = repeated.into_iter().unzip();
            let once = vec![1; scores.len()];
            let expanded = RankedCases::of(&scores, &positive).unwrap();
            for bins in [Bins::EqualWidth(count), Bins::EqualMass(count)] {
                let (a, b) = (ranked.ece(bins, &times), expanded.ece(bins, &once));
                prop_assert_eq!(a.is_some(), b.is_some());
                prop_assert!(a.zip(b).is_none_or(|(a, b)| (a - b).abs() < 1e-12 && (0.0..=1.0).contains(&a)));
            }
            let (a, b) = (ranked.brier(&times), expanded.brier(&once));
            prop_assert!(a.zip(b).is_none_or(|(a, b)| (a - b).abs() < 1e-12 && (0.0..=1.0).contains(&a)));
        }
    }
}
