//! What a search tries next.
//!
//! A search is a sequence of proposals, each a pure function of the search, the number of the proposal, and what was known
//! when it was made: the same journal gives the same proposals on any machine, and a search that was cut off goes on with
//! the very trial that it would have tried. Samplers see parameters as coordinates in [0, 1];
//! [`lgdea_spec::sweep::Domain::at`] makes values of them.

use lgdea_spec::sweep::Search;

use crate::question::{Observation, Question};
use crate::sampler;

/// The coordinates, one in [0, 1] for each parameter, of a search's proposal `number`, made in knowledge of `history`.
pub fn suggest(search: &Search, history: &[Observation], number: u64) -> Vec<f64> {
    sampler::propose(&Question::new(search, history, number))
}

#[cfg(test)]
mod tests {
    use lgdea_spec::sweep::Sweep;

    use super::*;

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
