//! A probe on the drawn training cases, and its scores of the validation and test cases.

use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

use super::{Cases, SplitCases};
use crate::EvalError;
use crate::metric::auroc::RankedCases;
use crate::metric::average::mean_of_defined;
use crate::metric::probe::{Knn, Logistic, Probe, Scaling};
use crate::metric::similarity::unit_rows;
use crate::protocol::{
    CBy, Classifier, KnnRule, Labelling, LogisticRule, ProbeProtocol, Scale, Weights, WithoutValidation,
};
use crate::scoring::zero_shot::one_of_each;

/// What a probe says.
pub(super) struct Found {
    /// `[cases, classes]`; none of a class that is not fitted.
    pub(super) test: Array2<Option<f64>>,
    /// The same of the validation cases, where there are any.
    pub(super) validation: Option<Array2<Option<f64>>>,
    /// Of each class that is not fitted, why.
    pub(super) unfitted: Vec<Option<&'static str>>,
    /// C of a logistic regression.
    pub(super) c: Option<f64>,
    pub(super) warnings: Vec<String>,
}

/// Fits the protocol's classifier.
pub(super) fn fit(rules: &ProbeProtocol, cases: &Cases<'_>, drawn: &[usize]) -> Result<Found, EvalError> {
    let train = Train::new(rules, &cases.train, drawn)?;
    if train.unfitted.iter().all(Option::is_some) {
        let test = Array2::from_elem(cases.test.truth.dim(), None);
        return Ok(Found { test, validation: None, unfitted: train.unfitted, c: None, warnings: Vec::new() });
    }
    let validation = cases.validation.as_ref().map(|split| (train.scaled(split.features.view()), &split.truth));
    let (model, c, mut warnings) = match &rules.classifier {
        Classifier::Knn(rule) => (Model::Neighbours(knn(*rule)), None, Vec::new()),
        Classifier::Logistic(rule) => {
            let validation = validation.as_ref().map(|(features, truth)| (features.view(), *truth));
            let (model, c, warning) = train.chosen(rule, validation)?;
            (model, Some(c), warning.into_iter().collect())
        }
    };
    if !model.converged() {
        warnings.push("a logistic regression ended before its gradient fell to the tolerance".to_owned());
    }
    let test = train.scores(&model, train.scaled(cases.test.features.view()).view())?;
    let validation = validation.map(|(features, _)| train.scores(&model, features.view())).transpose()?;
    let mut unfitted = train.unfitted;
    for (class, why) in unfitted.iter_mut().enumerate() {
        let unknown = |scores: &Array2<Option<f64>>| scores.column(class).iter().any(Option::is_none);
        if why.is_none() && (unknown(&test) || validation.as_ref().is_some_and(unknown)) {
            *why = Some("a case has no neighbour whose label is known");
        }
    }
    Ok(Found { test, validation, unfitted, c, warnings })
}

fn knn(rule: KnnRule) -> Knn {
    let temperature = match rule.weights {
        Weights::Equal => f64::INFINITY,
        Weights::Temperature(temperature) => temperature,
    };
    Knn { neighbours: rule.neighbours, temperature }
}

/// The drawn training cases.
struct Train<'a> {
    classes: &'a [String],
    scale: Scale,
    scaling: Option<Scaling>,
    /// As the classifier sees them.
    features: Array2<f32>,
    truth: Array2<Option<bool>>,
    /// The class of each case, where classes exclude each other.
    one_of: Option<Vec<usize>>,
    unfitted: Vec<Option<&'static str>>,
}

/// A fitted classifier.
enum Model {
    /// One for each class; none of one that is not fitted.
    Each(Vec<Option<Probe>>),
    /// One for all.
    One(Probe),
    Neighbours(Knn),
}

impl Model {
    fn converged(&self) -> bool {
        match self {
            Model::Each(probes) => probes.iter().flatten().all(Probe::converged),
            Model::One(probe) => probe.converged(),
            Model::Neighbours(_) => true,
        }
    }
}

impl<'a> Train<'a> {
    fn new(rules: &ProbeProtocol, train: &'a SplitCases, drawn: &[usize]) -> Result<Self, EvalError> {
        let features = train.features.select(Axis(0), drawn);
        let truth = train.truth.select(Axis(0), drawn);
        let one_of = match rules.labels {
            Labelling::MultiLabel => None,
            Labelling::MultiClass => Some(one_of_each(&truth, &train.reference.select(drawn))?),
        };
        // Of classes that exclude each other two are enough: one that does not occur becomes improbable.
        let varies = |classes: &Vec<usize>| classes.windows(2).any(|pair| pair[0] != pair[1]);
        let why = |class: usize| {
            let has = |label: bool| truth.column(class).iter().any(|&known| known == Some(label));
            if let Some(one_of) = &one_of {
                return (!varies(one_of)).then_some("all are of one class");
            }
            match (has(true), has(false)) {
                (true, true) => None,
                (true, false) => Some("no negative"),
                (false, true) => Some("no positive"),
                (false, false) => Some("no known label"),
            }
        };
        let unfitted = (0..truth.ncols()).map(why).collect();
        let scaling = Scaling::of(features.view()).filter(|_| rules.scale == Scale::Standardise);
        let classes = &train.reference.classes;
        let mut train = Self { classes, scale: rules.scale, scaling, features, truth, one_of, unfitted };
        train.features = train.scaled(train.features.view());
        Ok(train)
    }

    fn scaled(&self, features: ArrayView2<'_, f32>) -> Array2<f32> {
        match (&self.scaling, self.scale) {
            (Some(scaling), _) => scaling.apply(features),
            (None, Scale::UnitLength) => unit_rows(features),
            (None, Scale::None | Scale::Standardise) => features.to_owned(),
        }
    }

    fn logistic(&self, c: f64) -> Result<Model, EvalError> {
        let settings = Logistic { c, ..Logistic::default() };
        if let Some(one_of) = &self.one_of {
            let probe = settings.multinomial("the classes", self.features.view(), one_of, self.classes.len())?;
            return Ok(Model::One(probe));
        }
        let of_class = |class: usize| -> Result<Option<Probe>, EvalError> {
            if self.unfitted[class].is_some() {
                return Ok(None);
            }
            let truth = self.truth.column(class).to_vec();
            settings.binary(&self.classes[class], self.features.view(), &truth).map(Some)
        };
        (0..self.classes.len()).into_par_iter().map(of_class).collect::<Result<_, _>>().map(Model::Each)
    }

    /// The logistic regression of the C that is best on the validation cases (scaled features and truth), and a warning.
    fn chosen(
        &self,
        rule: &LogisticRule,
        validation: Option<(ArrayView2<'_, f32>, &Array2<Option<bool>>)>,
    ) -> Result<(Model, f64, Option<String>), EvalError> {
        if let [c] = rule.c[..] {
            return Ok((self.logistic(c)?, c, None));
        }
        let undetermined =
            |problem: String| EvalError::Undetermined { what: "C of the logistic regression".to_owned(), problem };
        let Some((features, truth)) = validation else {
            let problem = "the protocol chooses it on validation cases, and no case is of the split validation";
            return match rule.without_validation {
                WithoutValidation::C(c) => Ok((self.logistic(c)?, c, Some(format!("C is {c}: {problem}")))),
                WithoutValidation::Refuse => Err(undetermined(format!(
                    "{problem}; write validation beside some training cases, or take a protocol of one C"
                ))),
            };
        };
        let mut best: Option<(f64, Model, f64)> = None;
        for &c in &rule.c {
            let model = self.logistic(c)?;
            let found = self.goodness(rule.chosen_by, &self.scores(&model, features)?, truth);
            let Some(found) = found else { continue };
            if best.as_ref().is_none_or(|(best, ..)| found > *best) {
                best = Some((found, model, c));
            }
        }
        let (_, model, c) = best.ok_or_else(|| {
            undetermined(
                "of no class that is fitted the validation cases have both a positive and a negative; write validation \
                 beside others"
                    .to_owned(),
            )
        })?;
        Ok((model, c, None))
    }

    /// `[cases, classes]` of scaled features.
    fn scores(&self, model: &Model, features: ArrayView2<'_, f32>) -> Result<Array2<Option<f64>>, EvalError> {
        match model {
            Model::One(probe) => Ok(probe.probabilities(features)?.mapv(Some)),
            Model::Neighbours(knn) => knn.shares(self.features.view(), self.truth.view(), features),
            Model::Each(probes) => {
                let mut scores = Array2::from_elem((features.nrows(), probes.len()), None);
                for (mut column, probe) in scores.columns_mut().into_iter().zip(probes) {
                    if let Some(probe) = probe {
                        column.assign(&probe.probabilities(features)?.column(0).mapv(Some));
                    }
                }
                Ok(scores)
            }
        }
    }

    /// How good scores are, more where better; none where nothing can be told.
    fn goodness(&self, by: CBy, scores: &Array2<Option<f64>>, truth: &Array2<Option<bool>>) -> Option<f64> {
        match by {
            CBy::Auroc => mean_of_defined((0..truth.ncols()).map(|class| {
                let known = scores.column(class).into_iter().zip(truth.column(class));
                let (scores, positive): (Vec<f64>, Vec<bool>) =
                    known.filter_map(|(score, truth)| Some(((*score)?, (*truth)?))).unzip();
                RankedCases::of(&scores, &positive)?.auroc(&vec![1; positive.len()])
            })),
            CBy::CrossEntropy => mean_of_defined(scores.iter().zip(truth).map(|(score, truth)| {
                let (score, truth) = ((*score)?, (*truth)?);
                let of_truth = match (truth, &self.one_of) {
                    (true, _) => score,
                    (false, None) => 1.0 - score,
                    // Of classes that exclude each other the true one tells all.
                    (false, Some(_)) => return None,
                };
                Some(of_truth.max(f64::MIN_POSITIVE).ln())
            })),
        }
    }
}
