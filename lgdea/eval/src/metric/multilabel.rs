//! Decisions for several labels of a study that may occur together.

use ndarray::ArrayView2;

use super::confusion::Confusion;

/// Counts of each label over the studies: `truth` and `predicted` are `[studies, labels]`, study `i` occurs
/// `multiplicity[i]` times. A truth of None (an uncertain label) does not count. None where the shapes differ.
///
/// [`super::confusion::f1`] averages them.
pub fn confusions(
    truth: ArrayView2<'_, Option<bool>>,
    predicted: ArrayView2<'_, bool>,
    multiplicity: &[u32],
) -> Option<Vec<Confusion>> {
    if truth.dim() != predicted.dim() || truth.nrows() != multiplicity.len() {
        return None;
    }
    let of_label = |label: usize| {
        let cases = truth.column(label).into_iter().zip(predicted.column(label)).zip(multiplicity);
        Confusion::count(cases.filter_map(|((truth, &predicted), &times)| Some(((*truth)?, predicted, times))))
    };
    Some((0..truth.ncols()).map(of_label).collect())
}

/// Per study 1 if all of its labels are predicted rightly, else 0; None where a label is uncertain. The mean of what is
/// defined is the subset accuracy, scikit-learn's `accuracy_score` of a label matrix. None where the shapes differ.
pub fn exact_matches(truth: ArrayView2<'_, Option<bool>>, predicted: ArrayView2<'_, bool>) -> Option<Vec<Option<f64>>> {
    let of_study = |(truth, predicted): (ndarray::ArrayView1<'_, Option<bool>>, ndarray::ArrayView1<'_, bool>)| {
        let mut labels = truth.iter().zip(predicted);
        labels.try_fold(1.0, |so_far, (&truth, &predicted)| Some(if truth? == predicted { so_far } else { 0.0 }))
    };
    (truth.dim() == predicted.dim()).then(|| truth.rows().into_iter().zip(predicted.rows()).map(of_study).collect())
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::metric::average::mean_of_defined;

    #[test]
    fn labels_are_counted_one_by_one_without_the_uncertain() {
        let truth = array![[Some(true), Some(false)], [Some(false), None], [Some(true), Some(true)]];
        let predicted = array![[true, false], [true, true], [false, true]];
        let counts = confusions(truth.view(), predicted.view(), &[1, 1, 2]).unwrap();
        assert_eq!(
            counts[0],
            Confusion { true_positives: 1, false_positives: 1, false_negatives: 2, true_negatives: 0 }
        );
        assert_eq!(
            counts[1],
            Confusion { true_positives: 2, false_positives: 0, false_negatives: 0, true_negatives: 1 }
        );
        let matches = exact_matches(truth.view(), predicted.view()).unwrap();
        assert_eq!(matches, [Some(1.0), None, Some(0.0)]);
        assert_eq!(mean_of_defined(matches), Some(0.5));
    }

    #[test]
    fn matrices_of_other_shapes_are_refused() {
        let truth = array![[Some(true), None]];
        let predicted = Array2::from_elem((1, 3), false);
        assert_eq!(confusions(truth.view(), predicted.view(), &[1]), None);
        assert_eq!(exact_matches(truth.view(), predicted.view()), None);
        assert_eq!(confusions(truth.view(), array![[true, true]].view(), &[]), None);
    }
}
