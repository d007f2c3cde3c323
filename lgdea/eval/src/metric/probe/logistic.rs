//! Logistic regression on frozen features: L2 penalty, by L-BFGS.

use std::sync::Mutex;

use argmin::core::Executor;
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use ndarray::{Array1, Array2, ArrayView2, Axis};
use rayon::prelude::*;

use super::objective::{Objective, Targets, log_sum_exp, sigmoid};
use crate::{EvalError, check};

/// Steps that the search remembers, as many as SciPy's.
const MEMORY: usize = 10;

/// How far above the least loss a search may have ended without a word: what is left of a strongly convex loss is at most the squared
/// norm of the gradient over twice its penalty, and rounding may end a search just before the tolerance.
const NEAR: f64 = 1e-12;

/// How a logistic regression is fitted.
///
/// It minimises scikit-learn's objective, `½ ‖weights‖² + C Σ cross entropy`, with intercepts that are not penalised. The
/// features are taken as they are: `C` means something else for other scales, so standardise them by the training cases, or
/// take unit embeddings throughout. The same cases give the same probe, on any number of threads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Logistic {
    /// Inverse strength of the penalty, above 0.
    pub c: f64,
    /// Norm of the gradient at which the search ends: of the objective over `C n`, by weights times `√max(1, 1 / (C n))`.
    pub tolerance: f64,
    /// Most iterations.
    pub iterations: u64,
}

impl Default for Logistic {
    fn default() -> Self {
        Self { c: 1.0, tolerance: 1e-8, iterations: 1000 }
    }
}

/// What the outputs of a probe become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    /// Each a probability of its own.
    Sigmoid,
    /// Probabilities of classes, one of which is true.
    Softmax,
}

/// A fitted probe.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    weights: Array2<f64>,
    intercepts: Array1<f64>,
    link: Link,
    converged: bool,
}

impl Logistic {
    /// A probe that says yes or no. Cases with a truth of None (an uncertain label) have no part. `of` names the label for
    /// errors.
    ///
    /// An error without a positive or without a negative, if a feature is not finite, or there is not one truth a row.
    pub fn binary(&self, of: &str, features: ArrayView2<'_, f32>, truth: &[Option<bool>]) -> Result<Probe, EvalError> {
        check_features(features, truth.len())?;
        let known: Vec<usize> = (0..truth.len()).filter(|&case| truth[case].is_some()).collect();
        let positive: Vec<bool> = truth.iter().copied().flatten().collect();
        for (class, name) in [(true, "positive"), (false, "negative")] {
            if !positive.contains(&class) {
                return Err(undetermined(of, &format!("no {name} is among its {} cases; draw more", positive.len())));
            }
        }
        let features = features.select(Axis(0), &known).mapv(f64::from);
        self.fit(of, features, Targets::Binary(&positive), 1)
    }

    /// A probe that names one of `classes` classes: multinomial, with weights for each. For two classes scikit-learn fits
    /// [`Self::binary`] instead, whose penalty is another.
    ///
    /// An error where fewer than two classes occur, one is not among the first `classes`, a feature is not finite, or there
    /// is not one class a row. A class that does not occur becomes improbable.
    pub fn multinomial(
        &self,
        of: &str,
        features: ArrayView2<'_, f32>,
        truth: &[usize],
        classes: usize,
    ) -> Result<Probe, EvalError> {
        check_classes(of, features, truth, classes)?;
        self.fit(of, features.mapv(f64::from), Targets::Classes(truth), classes)
    }

    /// A probe that names one of `classes` classes by as many probes of a class against the rest. Its probabilities are each
    /// of their own and do not add up to 1. Errors as [`Self::multinomial`], and where one of the classes does not occur.
    pub fn one_vs_rest(
        &self,
        of: &str,
        features: ArrayView2<'_, f32>,
        truth: &[usize],
        classes: usize,
    ) -> Result<Probe, EvalError> {
        check_classes(of, features, truth, classes)?;
        let against_rest = |class: usize| {
            let truth: Vec<Option<bool>> = truth.iter().map(|&other| Some(other == class)).collect();
            self.binary(&format!("class {class} of {of}"), features, &truth)
        };
        let probes: Vec<Probe> = (0..classes).into_par_iter().map(against_rest).collect::<Result<_, _>>()?;
        Ok(Probe {
            weights: Array2::from_shape_fn((features.ncols(), classes), |(row, class)| probes[class].weights[[row, 0]]),
            intercepts: probes.iter().map(|probe| probe.intercepts[0]).collect(),
            link: Link::Sigmoid,
            converged: probes.iter().all(|probe| probe.converged),
        })
    }

    fn fit(
        &self,
        of: &str,
        mut features: Array2<f64>,
        targets: Targets<'_>,
        outputs: usize,
    ) -> Result<Probe, EvalError> {
        if !(self.c > 0.0 && self.c.is_finite()) {
            return Err(undetermined(of, &format!("C is {}; give a number above 0", self.c)));
        }
        let penalty = 1.0 / (self.c * features.nrows() as f64);
        // A strong penalty makes weights steeper than intercepts, and the search slow and inexact: it is made in weights times `scale`.
        let scale = penalty.max(1.0).sqrt();
        features /= scale;
        let penalty = penalty / (scale * scale);
        let objective = Objective { features: features.view(), targets, outputs, penalty, last: Mutex::new(None) };
        let parameters = self.minimise(&objective).map_err(|error| undetermined(of, &error.to_string()))?;
        let gradient = objective.evaluate(&parameters).gradient;
        let norm = gradient.iter().map(|slope| slope * slope).sum::<f64>().sqrt();
        let converged = norm <= self.tolerance.max((2.0 * penalty * NEAR).sqrt());
        let (weights, intercepts) = objective.split(&parameters);
        let link = if matches!(targets, Targets::Binary(_)) { Link::Sigmoid } else { Link::Softmax };
        Ok(Probe { weights: weights / scale, intercepts, link, converged })
    }

    /// The best parameters that L-BFGS finds from zeros.
    fn minimise(&self, objective: &Objective<'_>) -> Result<Vec<f64>, argmin::core::Error> {
        let start = vec![0.0; objective.len()];
        let solver = LBFGS::new(MoreThuenteLineSearch::new(), MEMORY)
            .with_tolerance_grad(self.tolerance)?
            .with_tolerance_cost(0.0)?;
        let search = Executor::new(objective, solver)
            .configure(|state| state.param(start.clone()).max_iters(self.iterations))
            .timer(false);
        let mut found = search.run()?;
        Ok(found.state.take_best_param().unwrap_or(start))
    }
}

impl Probe {
    /// Weights `[features, outputs]`.
    pub fn weights(&self) -> ArrayView2<'_, f64> {
        self.weights.view()
    }

    /// One intercept an output.
    pub fn intercepts(&self) -> &Array1<f64> {
        &self.intercepts
    }

    /// Whether the search came to its end: to the tolerance, or so near that nothing is left to gain. An evaluation should tell where it
    /// did not.
    pub fn converged(&self) -> bool {
        self.converged
    }

    /// Logits `[cases, outputs]`. An error if the features have another width or are not finite.
    pub fn logits(&self, features: ArrayView2<'_, f32>) -> Result<Array2<f64>, EvalError> {
        check::shape("the matrix of features", features.shape(), &[features.nrows(), self.weights.nrows()])?;
        check::finite("the matrix of features", features)?;
        Ok(features.mapv(f64::from).dot(&self.weights) + &self.intercepts)
    }

    /// Probabilities `[cases, outputs]`: of classes of which one is true, or of each output alone.
    pub fn probabilities(&self, features: ArrayView2<'_, f32>) -> Result<Array2<f64>, EvalError> {
        let mut outputs = self.logits(features)?;
        match self.link {
            Link::Sigmoid => outputs.mapv_inplace(sigmoid),
            Link::Softmax => {
                for mut row in outputs.rows_mut() {
                    let normaliser = log_sum_exp(row.iter().copied());
                    row.mapv_inplace(|logit| (logit - normaliser).exp());
                }
            }
        }
        Ok(outputs)
    }
}

fn check_features(features: ArrayView2<'_, f32>, cases: usize) -> Result<(), EvalError> {
    check::shape("the matrix of features", features.shape(), &[cases, features.ncols()])?;
    check::finite("the matrix of features", features)
}

fn check_classes(of: &str, features: ArrayView2<'_, f32>, truth: &[usize], classes: usize) -> Result<(), EvalError> {
    check_features(features, truth.len())?;
    if let Some(unknown) = truth.iter().find(|&&class| class >= classes) {
        return Err(undetermined(of, &format!("a case has class {unknown}, but there are {classes} classes")));
    }
    let varies = truth.windows(2).any(|pair| pair[0] != pair[1]);
    let problem = format!("fewer than two classes are among its {} cases; draw more", truth.len());
    if varies { Ok(()) } else { Err(undetermined(of, &problem)) }
}

fn undetermined(of: &str, problem: &str) -> EvalError {
    EvalError::Undetermined { what: format!("the probe of {of}"), problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn known(truth: &[bool]) -> Vec<Option<bool>> {
        truth.iter().copied().map(Some).collect()
    }

    fn clusters() -> (Array2<f32>, Vec<usize>) {
        let centres = [[2.0, 0.0], [-1.0, 1.5], [-1.0, -1.5]];
        let truth: Vec<usize> = (0..90).map(|case| case % 3).collect();
        let noise = |case: usize, column: usize| ((case * 29 + column * 17) % 31) as f32 / 31.0 - 0.5;
        let features =
            Array2::from_shape_fn((90, 2), |(case, column)| centres[case % 3][column] + 2.0 * noise(case, column));
        (features, truth)
    }

    #[test]
    fn a_symmetric_problem_by_hand() {
        // ±1 with opposite labels: the weight solves w = 2 C σ(−w), here C = 1.
        let features = array![[1.0_f32], [-1.0]];
        let probe = Logistic::default().binary("x", features.view(), &known(&[true, false])).unwrap();
        let weight = probe.weights()[[0, 0]];
        assert!((weight - 2.0 * sigmoid(-weight)).abs() < 1e-7 && probe.intercepts()[0].abs() < 1e-7);
        assert!(probe.converged());
        let probabilities = probe.probabilities(features.view()).unwrap();
        assert!((probabilities[[0, 0]] + probabilities[[1, 0]] - 1.0).abs() < 1e-7);
    }

    #[test]
    fn clusters_are_told_apart_by_both_ways_and_repeat_on_one_thread() {
        let (features, truth) = clusters();
        let fit = || {
            let settings = Logistic { c: 10.0, ..Logistic::default() };
            let multinomial = settings.multinomial("x", features.view(), &truth, 3).unwrap();
            (multinomial, settings.one_vs_rest("x", features.view(), &truth, 3).unwrap())
        };
        let single = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let (multinomial, one_vs_rest) = fit();
        assert_eq!((multinomial.clone(), one_vs_rest.clone()), single.install(fit));
        for probe in [&multinomial, &one_vs_rest] {
            assert!(probe.converged());
            let predicted = crate::metric::multiclass::argmax(probe.logits(features.view()).unwrap().view()).unwrap();
            assert!(predicted.iter().zip(&truth).filter(|(a, b)| a == b).count() > 80);
        }
        let sums = multinomial.probabilities(features.view()).unwrap().sum_axis(Axis(1));
        assert!(sums.iter().all(|sum| (sum - 1.0).abs() < 1e-12));
        assert!(multinomial.intercepts().sum().abs() < 1e-9, "the intercepts start at 0, and stay balanced");
    }

    #[test]
    fn uncertain_cases_have_no_part() {
        let features = array![[1.0_f32], [-1.0], [50.0]];
        let with = Logistic::default().binary("x", features.view(), &[Some(true), Some(false), None]).unwrap();
        let without = Logistic::default().binary("x", array![[1.0], [-1.0]].view(), &known(&[true, false])).unwrap();
        assert_eq!(with, without);
    }

    #[test]
    fn separable_and_large_features_end_finite() {
        let features = array![[1e4_f32, 1.0], [-1e4, 1.0], [2e4, 1.0], [-2e4, 1.0]];
        let settings = Logistic { c: 1e6, ..Logistic::default() };
        let probe = settings.binary("x", features.view(), &known(&[true, false, true, false])).unwrap();
        assert!(probe.weights().iter().all(|weight| weight.is_finite()));
        let probabilities = probe.probabilities(features.view()).unwrap();
        assert!(probabilities[[0, 0]] > 0.9 && probabilities[[1, 0]] < 0.1);
        let constant = Array2::zeros((4, 2));
        let probe = Logistic::default().binary("x", constant.view(), &known(&[true, false, false, false])).unwrap();
        assert!((probe.probabilities(constant.view()).unwrap()[[0, 0]] - 0.25).abs() < 1e-6);
    }

    #[test]
    fn a_strong_penalty_ends_soon_and_exactly() {
        let (features, truth) = clusters();
        let settings = Logistic { c: 1e-6, iterations: 20, ..Logistic::default() };
        let probe = settings.multinomial("x", features.view(), &truth, 3).unwrap();
        assert!(probe.converged());
        // Weights are so small that the probabilities are those of the classes: w = C Σ (truth − 1/3) x.
        let expected: f64 =
            (0..90).map(|case| f64::from(features[[case, 0]]) * if truth[case] == 0 { 2.0 } else { -1.0 }).sum();
        assert!((probe.weights()[[0, 0]] / (1e-6 * expected / 3.0) - 1.0).abs() < 1e-3);
    }

    #[test]
    fn too_few_iterations_are_told() {
        let (features, truth) = clusters();
        let settings = Logistic { iterations: 2, ..Logistic::default() };
        assert!(!settings.multinomial("x", features.view(), &truth, 3).unwrap().converged());
    }

    #[test]
    fn what_cannot_be_fitted_is_an_error() {
        let (features, truth) = clusters();
        let settings = Logistic::default();
        let of = |result: Result<Probe, EvalError>| result.unwrap_err().to_string();
        let positive = vec![Some(true); 90];
        let error = of(settings.binary("edema", features.view(), &positive));
        assert_eq!(error, "cannot determine the probe of edema: no negative is among its 90 cases; draw more");
        assert!(
            of(settings.binary("edema", features.view(), &[None; 90])).contains("no positive is among its 0 cases")
        );
        assert!(of(settings.multinomial("x", features.view(), &[1; 90], 3)).contains("fewer than two classes"));
        assert!(of(settings.multinomial("x", features.view(), &truth, 2)).contains("there are 2 classes"));
        assert!(of(settings.one_vs_rest("x", features.view(), &truth, 4)).contains("class 3 of x: no positive"));
        assert!(of(settings.multinomial("x", features.view(), &truth[1..], 3)).contains("shape"));
        let nan = features.mapv(|value| if value > 2.0 { f32::NAN } else { value });
        assert!(of(settings.multinomial("x", nan.view(), &truth, 3)).contains("NaN"));
        for c in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(of(Logistic { c, ..settings }.multinomial("x", features.view(), &truth, 3)).contains("C is"));
        }
        let probe = settings.multinomial("x", features.view(), &truth, 3).unwrap();
        assert!(probe.logits(Array2::zeros((1, 3)).view()).is_err());
    }
}
