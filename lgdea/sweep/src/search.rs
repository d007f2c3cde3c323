//! What a search tries next.
//!
//! A search is a sequence of proposals, each a pure function of the search, the number of the proposal, and what was known
//! when it was made: the same journal gives the same proposals on any machine, and a search that was cut off goes on with
//! the very trial that it would have tried. Samplers see parameters as coordinates in [0, 1];
//! [`lgdea_spec::sweep::Domain::at`] makes values of them.

use std::collections::HashMap;

use lgdea_spec::Seed;
use lgdea_spec::sweep::{Sampler as Kind, Search};
use optimizer::distribution::{Distribution, FloatDistribution};
use optimizer::param::ParamValue;
use optimizer::parameter::ParamId;
use optimizer::sampler::{CmaEsSampler, CompletedTrial, GpSampler, RandomSampler, Sampler, SobolSampler};
use serde::{Deserialize, Serialize};

use crate::tpe;

/// A trial of a search that has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// Number of its proposal, from 0.
    pub number: u64,
    /// Its coordinates, as [`suggest`] gave them.
    pub coordinates: Vec<f64>,
    /// The objective, as the mean over the seeds; none for a trial that failed or was stopped, which counts as the worst.
    pub value: Option<f64>,
    /// Number of the first proposal that was made when this was known. Trials run side by side: what a proposal could not
    /// know must not change it afterwards.
    pub known_from: u64,
}

/// The coordinates, one in [0, 1] for each parameter, of a search's proposal `number`, made in knowledge of `history`.
pub fn suggest(search: &Search, history: &[Observation], number: u64) -> Vec<f64> {
    let count = search.space.len();
    let dimensions: Vec<Dimension> = (0..count).map(Dimension::new).collect();
    let known = |at: u64| completed(search, history, &dimensions, at);
    let ask = |sampler: &dyn Sampler, id: u64, at: u64| {
        let history = known(at);
        dimensions.iter().map(|dimension| dimension.ask(sampler, id, &history)).collect::<Vec<f64>>()
    };
    let seed = search.seed;
    match search.sampler {
        Kind::Random => ask(&RandomSampler::with_seed(seed), number, number),
        Kind::Sobol => ask(&SobolSampler::with_seed(seed), number, number),
        Kind::Tpe => {
            let known = known(number);
            let of = |trial: &CompletedTrial| dimensions.iter().map(|dimension| dimension.of(trial)).collect();
            let points: Vec<Vec<f64>> = known.iter().map(of).collect();
            let ended: Vec<_> = points.iter().map(Vec::as_slice).zip(known.iter().map(|trial| trial.value)).collect();
            tpe::propose(count, &ended, search.startup, stream(seed, number))
        }
        Kind::Gp => {
            // The first question teaches the sampler the dimensions; each proposal draws from a stream of its own.
            let sampler = GpSampler::builder().seed(stream(seed, number).0).n_startup_trials(search.startup).build();
            ask(&sampler, 0, 0);
            ask(&sampler, 1, number)
        }
        Kind::CmaEs => {
            // Its distribution follows from generation to generation: all earlier proposals are made again.
            let sampler = CmaEsSampler::builder().seed(seed).build();
            (0..number).for_each(|earlier| drop(ask(&sampler, earlier, earlier)));
            ask(&sampler, number, number)
        }
    }
}

/// The seed of a proposal's own draws.
fn stream(seed: u64, number: u64) -> Seed {
    Seed(seed).stream(&format!("proposal-{number}"))
}

/// A parameter as a sampler sees it.
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

    /// The coordinate of a trial.
    fn of(&self, trial: &CompletedTrial) -> f64 {
        match trial.params.get(&self.id) {
            Some(ParamValue::Float(value)) => value - self.low,
            // Every trial of the history has every coordinate.
            _ => 0.5,
        }
    }

    fn ask(&self, sampler: &dyn Sampler, id: u64, history: &[CompletedTrial]) -> f64 {
        match sampler.sample(&self.distribution(), id, history) {
            ParamValue::Float(value) => (value - self.low).clamp(0.0, 1.0),
            // A float is what was asked for.
            ParamValue::Int(_) | ParamValue::Categorical(_) => 0.5,
        }
    }
}

/// What proposal `at` could know, less being better.
fn completed(search: &Search, history: &[Observation], dimensions: &[Dimension], at: u64) -> Vec<CompletedTrial> {
    let loss = |value: f64| -search.goal.better().gain(value);
    let mut known: Vec<&Observation> =
        history.iter().filter(|one| one.known_from <= at && one.coordinates.len() == dimensions.len()).collect();
    known.sort_by_key(|one| one.number);
    let value = |one: &Observation| one.value.filter(|value| value.is_finite()).map(loss);
    let worst = known.iter().filter_map(|one| value(one)).fold(f64::NEG_INFINITY, f64::max);
    let worst = if worst.is_finite() { worst } else { 0.0 };
    let trial = |one: &&Observation| {
        let coordinates = dimensions.iter().zip(&one.coordinates);
        let parameters: HashMap<_, _> = coordinates
            .map(|(dimension, coordinate)| (dimension.id, ParamValue::Float(dimension.low + coordinate)))
            .collect();
        let distributions = dimensions.iter().map(|dimension| (dimension.id, dimension.distribution())).collect();
        CompletedTrial::new(one.number, parameters, distributions, HashMap::new(), value(one).unwrap_or(worst))
    };
    known.iter().map(trial).collect()
}

#[cfg(test)]
mod tests {
    use lgdea_spec::sweep::Sweep;

    use super::*;

    const SAMPLERS: [&str; 5] = ["random", "sobol", "tpe", "gp", "cma-es"];

    /// A search for the least median rank; nobody has to say that less of it is better.
    fn search(sampler: &str, seed: u64) -> Search {
        let text = format!(
            "experiment = []
            [search]
            sampler = '{sampler}'
            seed = {seed}
            objective = 'validation/retrieval/i2t_median_rank'
            [search.space]
            train.weight-decay = {{ low = 0.0, high = 1.0 }}
            graph.share = {{ low = 0.0, high = 1.0 }}
            [budget]
            trials = 60
            "
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.toml");
        std::fs::write(&path, text).unwrap();
        Sweep::from_file(&path).unwrap().search.unwrap()
    }

    /// A search from the beginning, one trial after the other.
    fn history(search: &Search, trials: u64, objective: impl Fn(&[f64]) -> Option<f64>) -> Vec<Observation> {
        let mut history = Vec::new();
        for number in 0..trials {
            let coordinates = suggest(search, &history, number);
            let value = objective(&coordinates);
            history.push(Observation { number, coordinates, value, known_from: number + 1 });
        }
        history
    }

    fn bowl(x: &[f64]) -> f64 {
        (x[0] - 0.2).powi(2) + (x[1] - 0.7).powi(2)
    }

    #[test]
    fn a_proposal_depends_on_what_was_known_and_on_nothing_else() {
        for sampler in SAMPLERS {
            let search = search(sampler, 7);
            let mut history = history(&search, 25, |x| Some(bowl(x)));
            assert!(history.iter().flat_map(|one| &one.coordinates).all(|x| (0.0..=1.0).contains(x)), "{sampler}");
            let last = suggest(&search, &history, 25);
            history.reverse();
            assert_eq!(suggest(&search, &history, 25), last, "{sampler}: order of the history");
            let number = 12;
            let again = suggest(&search, &history, number);
            let made = history.iter().find(|one| one.number == number).unwrap();
            assert_eq!(again, made.coordinates, "{sampler}: what came later");
        }
    }

    #[test]
    fn proposals_differ_by_number_seed_and_dimension() {
        for sampler in SAMPLERS {
            let first = suggest(&search(sampler, 7), &[], 0);
            assert!((first[0] - first[1]).abs() > 1e-9, "{sampler}");
            assert_ne!(suggest(&search(sampler, 8), &[], 0), first, "{sampler}");
            assert_ne!(suggest(&search(sampler, 7), &[], 1), first, "{sampler}");
        }
    }

    #[test]
    fn failures_and_endless_values_do_no_harm() {
        for sampler in SAMPLERS {
            let objective = |x: &[f64]| {
                if x[0] < 0.3 {
                    None
                } else if x[1] < 0.1 {
                    Some(f64::NAN)
                } else {
                    Some(bowl(x))
                }
            };
            let history = history(&search(sampler, 1), 30, objective);
            assert!(history.iter().flat_map(|one| &one.coordinates).all(|x| x.is_finite()), "{sampler}");
        }
    }

    type Function = Box<dyn Fn(&[f64]) -> f64>;

    /// Medians of the best of 60 trials over 20 seeds, on functions with one minimum, a narrow valley and many minima.
    #[test]
    fn tpe_beats_random_on_standard_functions() {
        let scaled =
            |x: &[f64], low: f64, high: f64| -> Vec<f64> { x.iter().map(|x| low + x * (high - low)).collect() };
        let functions: [(&str, Function); 3] = [
            ("sphere", Box::new(move |x| scaled(x, -5.0, 4.0).iter().map(|x| x * x).sum())),
            (
                "rosenbrock",
                Box::new(move |x| {
                    let x = scaled(x, -2.0, 2.0);
                    (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2)
                }),
            ),
            (
                "rastrigin",
                Box::new(move |x| {
                    let wave = |x: f64| x * x - 10.0 * (std::f64::consts::TAU * x).cos() + 10.0;
                    scaled(x, -5.12, 4.0).into_iter().map(wave).sum()
                }),
            ),
        ];
        for (name, function) in functions {
            let median = |sampler: &str| {
                let best = (0..20).map(|seed| {
                    let history = history(&search(sampler, seed), 60, |x| Some(function(x)));
                    history.iter().filter_map(|one| one.value).fold(f64::INFINITY, f64::min)
                });
                let mut best: Vec<f64> = best.collect();
                best.sort_by(f64::total_cmp);
                best[10]
            };
            let (tpe, random) = (median("tpe"), median("random"));
            assert!(tpe < random, "{name}: {tpe} is not below {random}");
        }
    }
}
