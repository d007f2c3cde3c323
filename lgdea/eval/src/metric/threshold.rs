//! Thresholds, chosen on the validation split alone.
//!
//! A threshold that is chosen on the cases that it is scored on makes F1 and accuracy too good (as the evaluation scripts
//! of several published models do). So a [`Threshold`] knows where it comes from, and can be chosen on no other split.

use lgdea_metric::Split;
use ndarray::{Array2, ArrayView2};

use super::auroc::RankedCases;
use super::confusion::Confusion;
use super::overlap::Overlap;
use crate::EvalError;

/// What a threshold is chosen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criterion {
    /// [`Confusion::f1`].
    F1,
    /// [`Confusion::youden`].
    Youden,
    /// [`Confusion::mcc`].
    Mcc,
    /// Mean [`Overlap::iou`] of heat maps.
    Iou,
    /// Mean [`Overlap::dice`] of heat maps.
    Dice,
}

/// A threshold and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// Least score that is called positive, in units of the score.
    pub value: f64,
    /// The split on which it was chosen.
    pub chosen_on: Split,
    /// What it was chosen by.
    pub criterion: Criterion,
    /// The value of the criterion there: too good, as the threshold was chosen for it.
    pub attained: f64,
}

impl Threshold {
    /// The observed score at which a yes-or-no decision is best by `criterion`; of equally good ones the highest. `of` names
    /// the class for errors.
    ///
    /// An error on the test split, without a positive or without a negative, and for the criteria of heat maps.
    pub fn of_scores(criterion: Criterion, chosen_on: Split, of: &str, cases: &RankedCases) -> Result<Self, EvalError> {
        let measure: fn(Confusion) -> Option<f64> = match criterion {
            Criterion::F1 => Confusion::f1,
            Criterion::Youden => Confusion::youden,
            Criterion::Mcc => Confusion::mcc,
            Criterion::Iou | Criterion::Dice => return Err(undetermined(of, "IoU and Dice are of heat maps; take f1")),
        };
        let units = cases.cases().iter().map(|case| case.unit + 1).max().unwrap_or(0);
        let positives = cases.cases().iter().filter(|case| case.positive).count();
        for (count, what) in [(positives, "positive"), (cases.cases().len() - positives, "negative")] {
            if count == 0 {
                let problem = format!("the {} split has no {what}; give validation cases of both", chosen_on.name());
                return Err(undetermined(of, &problem));
            }
        }
        let once = vec![1; units];
        // Nothing is called positive at the first: no threshold of this score.
        let decisions = cases.decisions(&once).skip(1);
        let candidates = decisions.filter_map(|decision| Some((decision.threshold, measure(decision.counts)?)));
        Self::best(criterion, chosen_on, of, candidates)
    }

    /// The one of `candidates` at which the mean `IoU` or Dice of heat maps is best; of equally good ones the highest. Maps
    /// are taken as they are: normalise them first where the protocol does. Phrases for which the measure is undefined do
    /// not count.
    ///
    /// An error on the test split, without a map, without a candidate, and for the criteria of scores.
    pub fn of_maps<'a>(
        criterion: Criterion,
        chosen_on: Split,
        of: &str,
        maps: impl IntoIterator<Item = (ArrayView2<'a, f32>, &'a Array2<bool>)>,
        candidates: &[f64],
    ) -> Result<Self, EvalError> {
        let measure: fn(Overlap) -> Option<f64> = match criterion {
            Criterion::Iou => Overlap::iou,
            Criterion::Dice => Overlap::dice,
            _ => return Err(undetermined(of, "heat maps are judged by IoU or Dice")),
        };
        let mut sums = vec![(0.0, 0_u64); candidates.len()];
        for (map, region) in maps {
            for ((sum, count), overlap) in sums.iter_mut().zip(Overlap::at_each(map, region, candidates)) {
                if let Some(value) = measure(overlap) {
                    *sum += value;
                    *count += 1;
                }
            }
        }
        let means = candidates.iter().zip(sums);
        let means =
            means.filter(|(_, (_, count))| *count > 0).map(|(&value, (sum, count))| (value, sum / count as f64));
        Self::best(criterion, chosen_on, of, means)
    }

    /// Whether a score is called positive. NaN is not.
    pub fn accepts(&self, score: f64) -> bool {
        score >= self.value
    }

    /// The best of thresholds with their measure.
    fn best(
        criterion: Criterion,
        chosen_on: Split,
        of: &str,
        candidates: impl Iterator<Item = (f64, f64)>,
    ) -> Result<Self, EvalError> {
        if chosen_on != Split::Validation {
            let problem =
                "thresholds are chosen on the validation split, never on what is scored; give validation cases";
            return Err(undetermined(of, problem));
        }
        let best = candidates.max_by(|a, b| a.1.total_cmp(&b.1).then(a.0.total_cmp(&b.0)));
        let Some((value, attained)) = best else {
            return Err(undetermined(
                of,
                "no case of the validation split defines it: all have one score, or one truth; give validation cases that differ",
            ));
        };
        Ok(Self { value, chosen_on, criterion, attained })
    }
}

fn undetermined(of: &str, problem: &str) -> EvalError {
    EvalError::Undetermined { what: format!("the threshold of {of}"), problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn cases(scores: &[f64], positive: &[bool]) -> RankedCases {
        RankedCases::of(scores, positive).unwrap()
    }

    const SCORES: [f64; 6] = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4];
    const TRUTH: [bool; 6] = [true, false, true, true, false, false];

    fn chosen(criterion: Criterion, split: Split) -> Result<Threshold, EvalError> {
        Threshold::of_scores(criterion, split, "edema", &cases(&SCORES, &TRUTH))
    }

    #[test]
    fn each_criterion_by_hand() {
        // At 0.6: TP 3, FP 1, FN 0, TN 2.
        let f1 = chosen(Criterion::F1, Split::Validation).unwrap();
        assert_eq!((f1.value, f1.chosen_on), (0.6, Split::Validation));
        assert!((f1.attained - 6.0 / 7.0).abs() < 1e-12);
        let youden = chosen(Criterion::Youden, Split::Validation).unwrap();
        assert!((youden.attained - 2.0 / 3.0).abs() < 1e-12);
        let mcc = chosen(Criterion::Mcc, Split::Validation).unwrap();
        assert!((mcc.attained - 6.0 / (4.0 * 2.0 * 3.0 * 3.0_f64).sqrt()).abs() < 1e-12);
        assert!(mcc.accepts(0.6) && !mcc.accepts(0.59) && !mcc.accepts(f64::NAN));
    }

    #[test]
    fn of_equally_good_thresholds_the_highest_is_taken() {
        let found = cases(&[0.9, 0.7, 0.5, 0.3], &[true, false, true, false]);
        let found = Threshold::of_scores(Criterion::Youden, Split::Validation, "x", &found).unwrap();
        assert_eq!((found.value, found.attained), (0.9, 0.5));
    }

    #[test]
    fn no_threshold_comes_from_the_test_split() {
        let error = chosen(Criterion::F1, Split::Test).unwrap_err().to_string();
        assert!(error.starts_with("cannot determine the threshold of edema: thresholds are chosen on the validation"));
        let map = array![[1.0_f32]];
        let region = array![[true]];
        assert!(Threshold::of_maps(Criterion::Iou, Split::Test, "maps", [(map.view(), &region)], &[0.5]).is_err());
    }

    #[test]
    fn no_threshold_without_both_classes() {
        for (scores, truth, missing) in [
            (vec![], vec![], "positive"),
            (vec![0.1, 0.2], vec![true, true], "negative"),
            (vec![0.1], vec![false], "positive"),
        ] {
            for criterion in [Criterion::F1, Criterion::Youden, Criterion::Mcc] {
                let error = Threshold::of_scores(criterion, Split::Validation, "edema", &cases(&scores, &truth));
                let error = error.unwrap_err().to_string();
                assert!(error.contains(&format!("the validation split has no {missing}")), "{error}");
            }
        }
        assert!(chosen(Criterion::Dice, Split::Validation).is_err());
    }

    #[test]
    fn constant_scores_leave_one_threshold() {
        let found = Threshold::of_scores(
            Criterion::F1,
            Split::Validation,
            "x",
            &cases(&[0.5; 4], &[true, false, false, false]),
        );
        assert_eq!(found.unwrap().value, 0.5);
        // Everything is called positive: MCC is undefined there, and there is no other threshold.
        let none = Threshold::of_scores(Criterion::Mcc, Split::Validation, "x", &cases(&[0.5; 2], &[true, false]));
        assert!(none.unwrap_err().to_string().contains("defines it"));
    }

    #[test]
    fn the_best_threshold_of_maps_by_hand() {
        let (a, b) = (array![[0.9_f32, 0.6], [0.2, 0.1]], array![[0.8_f32, 0.7], [0.5, 0.1]]);
        let top = array![[true, true], [false, false]];
        let chosen = |criterion, candidates: &[f64]| {
            Threshold::of_maps(criterion, Split::Validation, "maps", [(a.view(), &top), (b.view(), &top)], candidates)
        };
        let best = chosen(Criterion::Iou, &[0.1, 0.55, 0.6, 0.65, 0.9]).unwrap();
        // At 0.55 both are exact, and at 0.6: in 32 bits, 0.6 is a little more.
        assert_eq!((best.value, best.attained), (0.6, 1.0));
        assert_eq!(chosen(Criterion::Dice, &[0.1]).unwrap().attained, 4.0 / 6.0);
        assert!(chosen(Criterion::F1, &[0.1]).is_err());
        assert!(chosen(Criterion::Iou, &[]).is_err());
        let nothing = Threshold::of_maps(Criterion::Iou, Split::Validation, "maps", [], &[0.5]).unwrap_err();
        assert!(nothing.to_string().contains("give validation cases"));
    }
}
