//! Features on the scale of the training cases.

use ndarray::{Array2, ArrayView2};

/// Shift and scale of each feature, which give the cases that they are of mean 0 and standard deviation 1 (that of `n`, not
/// `n − 1`, as in scikit-learn's `StandardScaler`). A feature that does not vary is only shifted.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaling {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl Scaling {
    /// Those of training cases `[cases, width]`; none without a case.
    pub fn of(features: ArrayView2<'_, f32>) -> Option<Self> {
        let cases = features.nrows() as f64;
        if features.nrows() == 0 {
            return None;
        }
        let (mut mean, mut deviation) = (Vec::new(), Vec::new());
        for column in features.columns() {
            let middle = column.iter().copied().map(f64::from).sum::<f64>() / cases;
            let variance = column.iter().map(|&value| (f64::from(value) - middle).powi(2)).sum::<f64>() / cases;
            // The mean of equal values is rounded: their variance is not quite 0.
            let varies = column.iter().any(|&value| (value - column[0]).abs() > 0.0);
            mean.push(middle);
            deviation.push(if varies { variance.sqrt() } else { 1.0 });
        }
        Some(Self { mean, deviation })
    }

    /// The features of any cases on this scale; as many columns as it was made of.
    pub fn apply(&self, features: ArrayView2<'_, f32>) -> Array2<f32> {
        let scaled = |(row, column): (usize, usize)| {
            (f64::from(features[[row, column]]) - self.mean[column]) / self.deviation[column]
        };
        Array2::from_shape_fn(features.dim(), |at| scaled(at) as f32)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn training_cases_have_mean_0_and_deviation_1_and_others_follow() {
        let train = array![[1.0_f32, 0.1, -5.0], [3.0, 0.1, 5.0], [1.0, 0.1, -5.0], [3.0, 0.1, 5.0]];
        let scaling = Scaling::of(train.view()).unwrap();
        let scaled = scaling.apply(train.view());
        assert_eq!(scaled.column(0).to_vec(), [-1.0, 1.0, -1.0, 1.0]);
        assert!(scaled.column(1).iter().all(|value| value.abs() < 1e-7), "a feature that does not vary is shifted");
        assert_eq!(scaling.apply(array![[2.0_f32, 1.1, 0.0]].view()), array![[0.0, 1.0, 0.0]]);
        assert_eq!(Scaling::of(Array2::zeros((0, 3)).view()), None);
    }
}
