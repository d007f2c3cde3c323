//! A decision for one of several classes against the true class.

use ndarray::{Array2, ArrayView2, Axis};

use super::average::mean_of_defined;
use super::confusion::Confusion;

/// How often each class was taken for each: `[true class, predicted class]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionMatrix {
    counts: Array2<u64>,
}

/// The class of the greatest score of each row of `[cases, classes]`, of equal ones the first, as NumPy's `argmax`. None
/// if a score is NaN or there is no class.
///
/// So a model that gives all classes the same score is right about the first one; AUROC does not reward that.
pub fn argmax(scores: ArrayView2<'_, f64>) -> Option<Vec<usize>> {
    if scores.ncols() == 0 || scores.iter().any(|score| score.is_nan()) {
        return None;
    }
    let first_of_greatest = |row: ndarray::ArrayView1<'_, f64>| {
        (1..row.len()).fold(0, |best, class| if row[class] > row[best] { class } else { best })
    };
    Some(scores.rows().into_iter().map(first_of_greatest).collect())
}

impl ConfusionMatrix {
    /// Counts the cases, case `i` as often as `multiplicity[i]`. None where the slices differ in length, or a class is
    /// not among the first `classes`.
    pub fn new(truth: &[usize], predicted: &[usize], classes: usize, multiplicity: &[u32]) -> Option<Self> {
        if truth.len() != predicted.len() || truth.len() != multiplicity.len() {
            return None;
        }
        let mut counts = Array2::zeros((classes, classes));
        for ((&truth, &predicted), &times) in truth.iter().zip(predicted).zip(multiplicity) {
            *counts.get_mut((truth, predicted))? += u64::from(times);
        }
        Some(Self { counts })
    }

    /// `[true class, predicted class]`.
    pub fn counts(&self) -> ArrayView2<'_, u64> {
        self.counts.view()
    }

    /// Each class against the rest; [`super::confusion::f1`] averages them.
    pub fn one_vs_rest(&self) -> Vec<Confusion> {
        let (all, truth, predicted) = (self.counts.sum(), self.truth(), self.predicted());
        (0..truth.len())
            .map(|class| {
                let hits = self.counts[[class, class]];
                let (false_positives, false_negatives) = (predicted[class] - hits, truth[class] - hits);
                let true_negatives = all - hits - false_positives - false_negatives;
                Confusion { true_positives: hits, false_positives, false_negatives, true_negatives }
            })
            .collect()
    }

    /// Share of the cases whose class is predicted; equal to micro-F1. None without a case.
    pub fn accuracy(&self) -> Option<f64> {
        let all = self.counts.sum();
        (all > 0).then(|| self.counts.diag().sum() as f64 / all as f64)
    }

    /// Mean over the classes that occur of the share of a class that is predicted: chance is one over their number. None
    /// without a case.
    pub fn balanced_accuracy(&self) -> Option<f64> {
        mean_of_defined(self.one_vs_rest().iter().map(|class| class.sensitivity()))
    }

    /// Correlation coefficient `R_K` of truth and prediction (Gorodkin, Comput. Biol. Chem. 28:367, 2004), the Matthews
    /// coefficient where there are two classes:
    /// `(c s − Σ p_k t_k) / √((s² − Σ p_k²)(s² − Σ t_k²))` with `c` right of `s` cases, `t_k` cases of class `k`, and
    /// `p_k` predicted to be of it. None where truth or prediction is constant.
    pub fn mcc(&self) -> Option<f64> {
        let (right, all, together) = self.agreement();
        let spread = |counts: &[u64]| {
            all * all - counts.iter().map(|&count| i128::from(count) * i128::from(count)).sum::<i128>()
        };
        let whole = spread(&self.truth()) as f64 * spread(&self.predicted()) as f64;
        (whole > 0.0).then(|| ((right * all - together) as f64 / whole.sqrt()).clamp(-1.0, 1.0))
    }

    /// Cohen's κ, `(c s − Σ p_k t_k) / (s² − Σ p_k t_k)` in the letters of [`Self::mcc`]. None where truth and prediction
    /// are constant and alike.
    pub fn kappa(&self) -> Option<f64> {
        let (right, all, together) = self.agreement();
        let whole = all * all - together;
        (whole > 0).then(|| (right * all - together) as f64 / whole as f64)
    }

    /// `c`, `s` and `Σ p_k t_k`.
    fn agreement(&self) -> (i128, i128, i128) {
        let together = self.truth().into_iter().zip(self.predicted()).map(|(t, p)| i128::from(t) * i128::from(p)).sum();
        (i128::from(self.counts.diag().sum()), i128::from(self.counts.sum()), together)
    }

    fn truth(&self) -> Vec<u64> {
        self.counts.sum_axis(Axis(1)).to_vec()
    }

    fn predicted(&self) -> Vec<u64> {
        self.counts.sum_axis(Axis(0)).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use proptest::prelude::*;

    use super::*;
    use crate::metric::average::Average;
    use crate::metric::confusion::f1;

    #[test]
    fn hand_computed_measures_of_three_classes() {
        let matrix = ConfusionMatrix::new(&[0, 0, 1, 1, 2, 2], &[0, 1, 1, 1, 2, 0], 3, &[1; 6]).unwrap();
        assert_eq!(matrix.counts(), array![[1, 1, 0], [0, 2, 0], [1, 0, 1]]);
        assert_eq!(matrix.accuracy(), Some(4.0 / 6.0));
        assert!((matrix.balanced_accuracy().unwrap() - 2.0 / 3.0).abs() < 1e-12);
        // p = 2, 3, 1; t = 2, 2, 2: (4·6 − 12) / √((36 − 14)(36 − 12)).
        assert!((matrix.mcc().unwrap() - 12.0 / (22.0_f64 * 24.0).sqrt()).abs() < 1e-12);
        assert_eq!(matrix.kappa(), Some(0.5));
        assert_eq!(f1(&matrix.one_vs_rest(), Average::Micro), matrix.accuracy());
    }

    #[test]
    fn undefined_and_impossible_matrices() {
        let matrix =
            |truth: &[usize], predicted: &[usize]| ConfusionMatrix::new(truth, predicted, 2, &vec![1; truth.len()]);
        assert_eq!(matrix(&[0, 1], &[0]), None);
        assert_eq!(matrix(&[2], &[0]), None);
        let empty = matrix(&[], &[]).unwrap();
        assert_eq!((empty.accuracy(), empty.balanced_accuracy(), empty.mcc(), empty.kappa()), (None, None, None, None));
        // One class, always right: accuracy 1, correlation and agreement beyond chance cannot be said.
        let one = matrix(&[1, 1], &[1, 1]).unwrap();
        assert_eq!(
            (one.accuracy(), one.balanced_accuracy(), one.mcc(), one.kappa()),
            (Some(1.0), Some(1.0), None, None)
        );
    }

    #[test]
    fn the_first_of_equal_scores_is_taken_and_nan_refused() {
        assert_eq!(argmax(array![[0.1, 0.5, 0.5], [0.2, 0.2, 0.2]].view()), Some(vec![1, 0]));
        assert_eq!(argmax(array![[0.1, f64::NAN]].view()), None);
        assert_eq!(argmax(Array2::zeros((2, 0)).view()), None);
    }

    proptest! {
        #[test]
        fn two_classes_agree_with_the_binary_formulas(cases in prop::collection::vec((0_usize..2, 0_usize..2, 0_u32..4), 1..30)) {
            let truth: Vec<usize> = cases.iter().map(|case| case.0).collect();
            let predicted: Vec<usize> = cases.iter().map(|case| case.1).collect();
            let times: Vec<u32> = cases.iter().map(|case| case.2).collect();
            let matrix = ConfusionMatrix::new(&truth, &predicted, 2, &times).unwrap();
            let binary = matrix.one_vs_rest()[1];
            prop_assert_eq!(binary, Confusion::count(cases.iter().map(|&(t, p, times)| (t == 1, p == 1, times))));
            for (found, expected) in
                [(matrix.mcc(), binary.mcc()), (matrix.kappa(), binary.kappa()), (matrix.accuracy(), binary.accuracy())]
            {
                prop_assert_eq!(found.is_some(), expected.is_some());
                prop_assert!(found.zip(expected).is_none_or(|(a, b)| (a - b).abs() < 1e-12));
            }
        }

        #[test]
        fn the_order_of_the_classes_does_not_matter(cases in prop::collection::vec((0_usize..4, 0_usize..4), 1..40)) {
            let (truth, predicted): (Vec<usize>, Vec<usize>) = cases.into_iter().unzip();
            let turned = |classes: &[usize]| -> Vec<usize> { classes.iter().map(|class| (class + 1) % 4).collect() };
            let once = vec![1; truth.len()];
            let a = ConfusionMatrix::new(&truth, &predicted, 4, &once).unwrap();
            let b = ConfusionMatrix::new(&turned(&truth), &turned(&predicted), 4, &once).unwrap();
            prop_assert_eq!(a.mcc(), b.mcc());
            prop_assert_eq!(a.kappa(), b.kappa());
            prop_assert!((a.balanced_accuracy().unwrap() - b.balanced_accuracy().unwrap()).abs() < 1e-12);
        }
    }
}
