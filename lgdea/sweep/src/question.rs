//! What a sampler is asked: a proposal, in knowledge of the trials that had ended.

use std::collections::HashMap;

use lgdea_spec::Seed;
use lgdea_spec::sweep::Search;
use optimizer::distribution::{Distribution, FloatDistribution};
use optimizer::param::ParamValue;
use optimizer::parameter::ParamId;
use optimizer::sampler::{CompletedTrial, Sampler};
use serde::{Deserialize, Serialize};

/// A trial of a search that has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// Number of its proposal, from 0.
    pub number: u64,
    /// Its coordinates, as [`crate::suggest`] gave them.
    pub coordinates: Vec<f64>,
    /// The objective, as the mean over the seeds; none for a trial that failed or was stopped, which counts as the worst.
    pub value: Option<f64>,
    /// Number of the first proposal that was made when this was known. Trials run side by side: what a proposal could not
    /// know must not change it afterwards.
    pub known_from: u64,
}

/// The question for one proposal of a search.
pub(crate) struct Question<'a> {
    /// The search.
    pub(crate) search: &'a Search,
    /// Number of the proposal, from 0.
    pub(crate) number: u64,
    history: &'a [Observation],
    dimensions: Vec<Dimension>,
}

impl<'a> Question<'a> {
    pub(crate) fn new(search: &'a Search, history: &'a [Observation], number: u64) -> Self {
        let dimensions = (0..search.space.len()).map(Dimension::new).collect();
        Question { search, number, history, dimensions }
    }

    /// How many coordinates a proposal has.
    pub(crate) fn dimensions(&self) -> usize {
        self.dimensions.len()
    }

    /// The seed of the proposal's own draws.
    pub(crate) fn seed(&self) -> Seed {
        Seed(self.search.seed).stream(&format!("proposal-{}", self.number))
    }

    /// The trials that had ended, by number: their coordinates and losses, less being better. A trial without a value
    /// counts as the worst.
    pub(crate) fn ended(&self) -> Vec<(Vec<f64>, f64)> {
        // Shifted to a dimension's interval and back, as all samplers see them: rounding is part of a proposal.
        let seen = |(dimension, coordinate): (&Dimension, &f64)| (dimension.low + coordinate) - dimension.low;
        let coordinates = |one: &Observation| self.dimensions.iter().zip(&one.coordinates).map(seen).collect();
        self.known(self.number).into_iter().map(|(one, loss)| (coordinates(one), loss)).collect()
    }

    /// What a sampler of the crate `optimizer` proposes as its trial `id`, told what proposal `at` could know.
    pub(crate) fn put_to(&self, sampler: &dyn Sampler, id: u64, at: u64) -> Vec<f64> {
        let trials: Vec<CompletedTrial> =
            self.known(at).into_iter().map(|(observation, loss)| self.trial(observation, loss)).collect();
        self.dimensions.iter().map(|dimension| dimension.ask(sampler, id, &trials)).collect()
    }

    /// What proposal `at` could know, by number, with losses.
    fn known(&self, at: u64) -> Vec<(&Observation, f64)> {
        let better = self.search.goal.better();
        let known = |one: &&Observation| one.known_from <= at && one.coordinates.len() == self.dimensions();
        let mut known: Vec<&Observation> = self.history.iter().filter(known).collect();
        known.sort_by_key(|one| one.number);
        let loss = |one: &Observation| one.value.filter(|value| value.is_finite()).map(|value| -better.gain(value));
        let worst = known.iter().filter_map(|one| loss(one)).fold(f64::NEG_INFINITY, f64::max);
        let worst = if worst.is_finite() { worst } else { 0.0 };
        known.into_iter().map(|one| (one, loss(one).unwrap_or(worst))).collect()
    }

    fn trial(&self, observation: &Observation, loss: f64) -> CompletedTrial {
        let coordinates = self.dimensions.iter().zip(&observation.coordinates);
        let parameters: HashMap<_, _> = coordinates
            .map(|(dimension, coordinate)| (dimension.id, ParamValue::Float(dimension.low + coordinate)))
            .collect();
        let distributions = self.dimensions.iter().map(|dimension| (dimension.id, dimension.distribution())).collect();
        CompletedTrial::new(observation.number, parameters, distributions, HashMap::new(), loss)
    }
}

/// A parameter as a sampler of `optimizer` sees it.
struct Dimension {
    id: ParamId,
    /// Samplers recognise a parameter by its distribution alone, so each has a unit interval of its own.
    low: f64,
}

impl Dimension {
    fn new(position: usize) -> Dimension {
        Dimension { id: ParamId::new(), low: position as f64 }
    }

    fn distribution(&self) -> Distribution {
        Distribution::Float(FloatDistribution { low: self.low, high: self.low + 1.0, log_scale: false, step: None })
    }

    fn ask(&self, sampler: &dyn Sampler, id: u64, history: &[CompletedTrial]) -> f64 {
        match sampler.sample(&self.distribution(), id, history) {
            ParamValue::Float(value) => (value - self.low).clamp(0.0, 1.0),
            // A float is what was asked for.
            ParamValue::Int(_) | ParamValue::Categorical(_) => 0.5,
        }
    }
}
