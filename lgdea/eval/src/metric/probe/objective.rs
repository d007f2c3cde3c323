//! The loss of a logistic regression and its gradient.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use argmin::core::{CostFunction, Error, Gradient};
use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use rayon::prelude::*;

/// Rows that one task reads.
const ROWS: usize = 1024;

/// What a probe is to say.
#[derive(Debug, Clone, Copy)]
pub(super) enum Targets<'a> {
    /// Yes or no, for one output.
    Binary(&'a [bool]),
    /// One of as many classes as there are outputs.
    Classes(&'a [usize]),
}

/// The mean cross entropy of `n` cases and `‖weights‖² / (2 C n)`, intercepts not counted: scikit-learn's objective over
/// `C n`. Its least point is the same, and tolerances do not depend on the number of cases.
///
/// Parameters are the weights `[features, outputs]` row by row, then the intercepts.
pub(super) struct Objective<'a> {
    pub(super) features: ArrayView2<'a, f64>,
    pub(super) targets: Targets<'a>,
    pub(super) outputs: usize,
    /// `1 / (C n)`.
    pub(super) penalty: f64,
    /// The last evaluation: the search asks for loss and gradient of one point one after the other.
    pub(super) last: Mutex<Option<Evaluated>>,
}

#[derive(Clone)]
pub(super) struct Evaluated {
    parameters: Vec<f64>,
    loss: f64,
    pub(super) gradient: Vec<f64>,
}

/// Sums over some rows.
struct Part {
    loss: f64,
    weights: Array2<f64>,
    intercepts: Array1<f64>,
}

impl Objective<'_> {
    /// Number of parameters.
    pub(super) fn len(&self) -> usize {
        (self.features.ncols() + 1) * self.outputs
    }

    /// Splits parameters into weights and intercepts.
    pub(super) fn split(&self, parameters: &[f64]) -> (Array2<f64>, Array1<f64>) {
        let (weights, intercepts) = parameters.split_at(self.features.ncols() * self.outputs);
        let weights = Array1::from(weights.to_vec()).into_shape_with_order((self.features.ncols(), self.outputs));
        // The split is at the product of the two.
        (weights.unwrap_or_default(), Array1::from(intercepts.to_vec()))
    }

    pub(super) fn evaluate(&self, parameters: &[f64]) -> Evaluated {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = last.as_ref().filter(|known| known.parameters == parameters) {
            return known.clone();
        }
        let (weights, intercepts) = self.split(parameters);
        let rows = self.features.nrows();
        let blocks: Vec<Range<usize>> = (0..rows).step_by(ROWS).map(|start| start..(start + ROWS).min(rows)).collect();
        let parts: Vec<Part> = blocks.into_par_iter().map(|rows| self.part(rows, &weights, &intercepts)).collect();
        let nothing =
            Part { loss: 0.0, weights: Array2::zeros(weights.dim()), intercepts: Array1::zeros(intercepts.len()) };
        // Summed in the order of the rows: the same on any number of threads.
        let sum = parts.into_iter().fold(nothing, |mut sum, part| {
            sum.loss += part.loss;
            sum.weights += &part.weights;
            sum.intercepts += &part.intercepts;
            sum
        });
        let cases = rows as f64;
        let loss = sum.loss / cases + 0.5 * self.penalty * weights.iter().map(|weight| weight * weight).sum::<f64>();
        let of_weights = sum.weights / cases + weights * self.penalty;
        let gradient = of_weights.into_iter().chain(sum.intercepts / cases).collect();
        let evaluated = Evaluated { parameters: parameters.to_vec(), loss, gradient };
        last.insert(evaluated).clone()
    }

    fn part(&self, rows: Range<usize>, weights: &Array2<f64>, intercepts: &Array1<f64>) -> Part {
        let features = self.features.slice(s![rows.clone(), ..]);
        let mut outputs = features.dot(weights) + intercepts;
        let mut loss = 0.0;
        for (case, mut row) in rows.zip(outputs.rows_mut()) {
            loss += match self.targets {
                Targets::Binary(positive) => {
                    let (logit, truth) = (row[0], f64::from(u8::from(positive[case])));
                    row[0] = sigmoid(logit) - truth;
                    // log(1 + e^z) − y z, without overflow.
                    logit.max(0.0) - truth * logit + (-logit.abs()).exp().ln_1p()
                }
                Targets::Classes(classes) => {
                    let of_truth = row[classes[case]];
                    let normaliser = log_sum_exp(row.iter().copied());
                    row.mapv_inplace(|logit| (logit - normaliser).exp());
                    row[classes[case]] -= 1.0;
                    normaliser - of_truth
                }
            };
        }
        Part { loss, weights: features.t().dot(&outputs), intercepts: outputs.sum_axis(Axis(0)) }
    }
}

/// `1 / (1 + e^−z)`, without overflow.
pub(super) fn sigmoid(logit: f64) -> f64 {
    let small = (-logit.abs()).exp();
    if logit < 0.0 { small / (1.0 + small) } else { 1.0 / (1.0 + small) }
}

/// `log Σ e^z`, without overflow.
pub(super) fn log_sum_exp(logits: impl Iterator<Item = f64> + Clone) -> f64 {
    let greatest = logits.clone().fold(f64::NEG_INFINITY, f64::max);
    greatest + logits.map(|logit| (logit - greatest).exp()).sum::<f64>().ln()
}

impl CostFunction for &Objective<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, parameters: &Vec<f64>) -> Result<f64, Error> {
        Ok(self.evaluate(parameters).loss)
    }
}

impl Gradient for &Objective<'_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, parameters: &Vec<f64>) -> Result<Vec<f64>, Error> {
        Ok(self.evaluate(parameters).gradient)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn objective<'a>(features: &'a Array2<f64>, targets: Targets<'a>, outputs: usize) -> Objective<'a> {
        Objective { features: features.view(), targets, outputs, penalty: 0.03, last: Mutex::new(None) }
    }

    #[test]
    fn extreme_logits_neither_overflow_nor_become_nan() {
        assert_eq!((sigmoid(-1e4), sigmoid(1e4), sigmoid(0.0)), (0.0, 1.0, 0.5));
        assert!((log_sum_exp([1e4, 1e4].into_iter()) - (1e4 + 2.0_f64.ln())).abs() < 1e-9);
        let features = Array2::from_elem((2, 1), 1e4);
        let found = objective(&features, Targets::Binary(&[true, false]), 1).evaluate(&[1.0, 0.0]);
        assert!((found.loss - (5e3 + 0.015)).abs() < 1e-6 && found.gradient.iter().all(|value| value.is_finite()));
    }

    proptest! {
        #[test]
        fn the_gradient_is_that_of_the_loss(
            features in prop::collection::vec(-2.0_f64..2.0, 18),
            parameters in prop::collection::vec(-1.0_f64..1.0, 12),
            classes in prop::collection::vec(0_usize..3, 6),
        ) {
            let features = Array2::from_shape_vec((6, 3), features).unwrap();
            let positive: Vec<bool> = classes.iter().map(|&class| class == 0).collect();
            for (targets, outputs) in [(Targets::Classes(&classes), 3), (Targets::Binary(&positive), 1)] {
                let objective = objective(&features, targets, outputs);
                let parameters = &parameters[..objective.len()];
                let gradient = objective.evaluate(parameters).gradient;
                for (index, slope) in gradient.into_iter().enumerate() {
                    let moved = |step: f64| {
                        let mut parameters = parameters.to_vec();
                        parameters[index] += step;
                        objective.evaluate(&parameters).loss
                    };
                    let numeric = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                    prop_assert!((numeric - slope).abs() < 1e-8, "{numeric} {slope}");
                }
            }
        }
    }
}
