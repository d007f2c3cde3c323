//! The labels of the most similar training cases.

use ndarray::{Array2, ArrayView2};

use crate::metric::similarity::{of_each_query, top, unit_rows};
use crate::{EvalError, check};

/// How the neighbours of a case are asked (Wu et al., CVPR 2018, as `DINO` evaluates it: 20 neighbours, temperature 0.07).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Knn {
    /// The most similar training cases that have a say, by cosine; of equally similar ones the earlier.
    pub neighbours: usize,
    /// A neighbour of similarity `s` weighs `exp(s / temperature)`; above 0, and +∞ for equal weights.
    pub temperature: f64,
}

impl Default for Knn {
    fn default() -> Self {
        Self { neighbours: 20, temperature: 0.07 }
    }
}

impl Knn {
    /// Of each query and label the weight of the neighbours that bear it, as a share of all that are known to bear it or
    /// not: `[queries, labels]`, 0 to 1. None where no neighbour is known.
    ///
    /// - `train` `[cases, width]`, `queries` `[queries, width]`: features of any length; zeros are similar to nothing.
    /// - `labels` `[cases, labels]`, None for uncertain. Several classes are as many labels, of which one is true: the
    ///   greatest share is `DINO`'s vote.
    ///
    /// An error where shapes do not fit, a feature is not finite, or the settings ask no neighbour.
    pub fn shares(
        &self,
        train: ArrayView2<'_, f32>,
        labels: ArrayView2<'_, Option<bool>>,
        queries: ArrayView2<'_, f32>,
    ) -> Result<Array2<Option<f64>>, EvalError> {
        if self.neighbours == 0 || self.temperature <= 0.0 || self.temperature.is_nan() {
            let problem = "it needs one neighbour or more and a temperature above 0".to_owned();
            return Err(EvalError::Undetermined { what: "the vote of the nearest neighbours".to_owned(), problem });
        }
        check::shape("the matrix of labels", labels.shape(), &[train.nrows(), labels.ncols()])?;
        check::finite("the matrix of training features", train)?;
        check::finite("the matrix of features", queries)?;
        let (train, queries) = (unit_rows(train), unit_rows(queries));
        let votes = of_each_query(queries.view(), train.view(), |_, similarities| {
            let nearest = top(similarities.iter().copied(), |case| case, self.neighbours);
            (0..labels.ncols()).map(|label| self.share(&nearest, |case| labels[[case, label]])).collect::<Vec<_>>()
        })?;
        let shape = (queries.nrows(), labels.ncols());
        Ok(Array2::from_shape_fn(shape, |(query, label)| votes[query][label]))
    }

    fn share(&self, nearest: &[(f32, usize)], label: impl Fn(usize) -> Option<bool>) -> Option<f64> {
        // Relative to the nearest, so that no weight overflows.
        let greatest = f64::from(nearest.first()?.0);
        let (mut bearing, mut known) = (0.0, 0.0);
        for &(similarity, case) in nearest {
            if let Some(bears) = label(case) {
                let weight = ((f64::from(similarity) - greatest) / self.temperature).exp();
                known += weight;
                bearing += if bears { weight } else { 0.0 };
            }
        }
        (known > 0.0).then(|| bearing / known)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn labels(of: &[Option<bool>]) -> Array2<Option<bool>> {
        Array2::from_shape_vec((of.len(), 1), of.to_vec()).unwrap()
    }

    #[test]
    fn votes_by_hand() {
        let train = array![[2.0_f32, 0.0], [0.0, 1.0], [-1.0, 0.0]];
        let labels = labels(&[Some(true), Some(false), Some(true)]);
        let knn = |neighbours, temperature| {
            let query = array![[5.0_f32, 0.0]];
            Knn { neighbours, temperature }.shares(train.view(), labels.view(), query.view()).unwrap()[[0, 0]].unwrap()
        };
        assert_eq!(knn(1, 0.07), 1.0);
        // Similarities 1, 0, −1.
        assert!((knn(2, 0.5) - 1.0 / (1.0 + (-2.0_f64).exp())).abs() < 1e-12);
        let (zero, minus) = ((-2.0_f64).exp(), (-4.0_f64).exp());
        assert!((knn(9, 0.5) - (1.0 + minus) / (1.0 + zero + minus)).abs() < 1e-12);
        assert!((knn(3, f64::INFINITY) - 2.0 / 3.0).abs() < 1e-12);
        // A temperature so low that weights vanish leaves the nearest.
        assert_eq!(knn(3, 1e-300), 1.0);
    }

    #[test]
    fn unknown_labels_have_no_vote_and_earlier_cases_win_ties() {
        let train = array![[1.0_f32], [1.0], [1.0]];
        let shares = |of: &[Option<bool>], neighbours| {
            let knn = Knn { neighbours, ..Knn::default() };
            knn.shares(train.view(), labels(of).view(), array![[1.0_f32]].view()).unwrap()[[0, 0]]
        };
        assert_eq!(shares(&[None, Some(true), Some(false)], 2), Some(1.0));
        assert_eq!(shares(&[None, Some(true), Some(false)], 1), None);
        assert_eq!(shares(&[Some(false), Some(true), Some(true)], 1), Some(0.0));
        let nobody = Knn::default().shares(Array2::zeros((0, 1)).view(), labels(&[]).view(), array![[1.0_f32]].view());
        assert_eq!(nobody.unwrap(), array![[None]]);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let (train, labels) = (array![[1.0_f32], [0.5]], labels(&[Some(true), None]));
        let knn = Knn::default();
        assert!(knn.shares(train.view(), labels.view(), array![[1.0_f32, 2.0]].view()).is_err());
        assert!(knn.shares(array![[1.0_f32]].view(), labels.view(), train.view()).is_err());
        assert!(knn.shares(array![[1.0_f32], [f32::NAN]].view(), labels.view(), train.view()).is_err());
        for (neighbours, temperature) in [(0, 0.07), (3, 0.0), (3, -1.0), (3, f64::NAN)] {
            assert!(Knn { neighbours, temperature }.shares(train.view(), labels.view(), train.view()).is_err());
        }
    }
}
