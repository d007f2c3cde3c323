//! What holds for every sampler of a search: the tests walk all that a sweep file may name.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;

use lgdea_spec::sweep::{Domain, Search, Sweep, sweep_schema_text};
use lgdea_sweep::{Observation, suggest};
use serde_json::Value;

/// Every kind of domain: numbers between ends, evenly or by their logarithm, in steps, whole, and choices.
const SPACE: &str = "
    graph.share = { low = 0.0, high = 1.0 }
    train.learning-rate = { low = 1e-4, high = 1e-2, log = true }
    graph.alpha = { low = 0.1, high = 0.9, step = 0.25 }
    evidence-space.text-temperature = { low = 0.05, high = 0.5, step = 0.05, log = true }
    train.warmup = { low = 0, high = 7 }
    encoder.dim = { low = 8, high = 256, log = true }
    train.batch = { low = 16, high = 120, step = 16 }
    graph.neighbours = [5, 10, 20]
    evidence-space.prototype-init = ['k-means', 'random']
    eval.retrieval.at = [[1], [1, 5]]
    graph.oracle = [true, false]
";

/// Names of all samplers that there are.
fn samplers() -> Vec<String> {
    let schema: Value = serde_json::from_str(&sweep_schema_text()).unwrap();
    let names = &schema["properties"]["search"]["properties"]["sampler"]["enum"];
    let names: Vec<String> = serde_json::from_value(names.clone()).unwrap();
    assert!(names.len() >= 5, "{names:?}");
    names
}

fn search(sampler: &str, seed: u64) -> Search {
    let text = format!(
        "experiment = []
        [search]
        sampler = '{sampler}'
        seed = {seed}
        startup = 5
        objective = 'validation/retrieval/i2t_median_rank'
        [search.space]
        {SPACE}
        [budget]
        trials = 40
        "
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.toml");
    fs::write(&path, text).unwrap();
    Sweep::from_file(&path).unwrap().search.unwrap()
}

/// A search from the beginning, of which two trials run at a time: a proposal does not know the one before it.
fn history(search: &Search, trials: u64, objective: impl Fn(&[f64]) -> Option<f64>) -> Vec<Observation> {
    let mut history = Vec::new();
    for number in 0..trials {
        let coordinates = suggest(search, &history, number);
        let value = objective(&coordinates);
        history.push(Observation { number, coordinates, value, known_from: number + 2 });
    }
    history
}

#[expect(clippy::unnecessary_wraps, reason = "an objective may have no value")]
fn bowl(x: &[f64]) -> Option<f64> {
    Some((x[0] - 0.2).powi(2) + (x[1] - 0.7).powi(2))
}

/// Whether a domain holds a value.
fn holds(domain: &Domain, value: &toml::Value) -> bool {
    match domain {
        Domain::Choice(values) => values.contains(value),
        &Domain::Range { low, high, step, whole, .. } => {
            let number = match value {
                toml::Value::Integer(number) if whole => *number as f64,
                toml::Value::Float(number) if !whole => *number,
                _ => return false,
            };
            let steps = (number - low) / step;
            (low..=high).contains(&number) && (step == 0.0 || number >= high || (steps - steps.round()).abs() < 1e-9)
        }
    }
}

#[test]
fn proposals_lie_in_the_bounds_of_every_kind_of_domain() {
    for sampler in samplers() {
        let search = search(&sampler, 7);
        for Observation { number, coordinates, .. } in history(&search, 25, bowl) {
            assert_eq!(coordinates.len(), search.space.len(), "{sampler}");
            for (parameter, &coordinate) in search.space.iter().zip(&coordinates) {
                let value = parameter.domain.at(coordinate);
                assert!((0.0..=1.0).contains(&coordinate), "{sampler} {number}: {} at {coordinate}", parameter.key);
                assert!(holds(&parameter.domain, &value), "{sampler} {number}: {} = {value}", parameter.key);
            }
        }
    }
}

#[test]
fn a_proposal_is_the_same_when_it_is_asked_for_again() {
    for sampler in samplers() {
        let search = search(&sampler, 7);
        let mut history = history(&search, 25, bowl);
        let next = suggest(&search, &history, 25);
        assert_eq!(suggest(&search, &history, 25), next, "{sampler}: asked twice");
        history.reverse();
        assert_eq!(suggest(&search, &history, 25), next, "{sampler}: order of the history");
        let made = history.iter().find(|one| one.number == 12).unwrap();
        assert_eq!(suggest(&search, &history, 12), made.coordinates, "{sampler}: what came later");
    }
}

#[test]
fn a_search_that_was_cut_off_proposes_what_it_would_have_proposed() {
    for sampler in samplers() {
        let whole = history(&search(&sampler, 7), 20, bowl);
        for cut in [1, 6, 13] {
            // What a file holds is read again, by another process that reads the search again, too.
            let journal = serde_json::to_string(&whole[..cut]).unwrap();
            let (search, mut resumed) =
                (search(&sampler, 7), serde_json::from_str::<Vec<Observation>>(&journal).unwrap());
            for number in cut as u64..20 {
                let coordinates = suggest(&search, &resumed, number);
                let value = bowl(&coordinates);
                resumed.push(Observation { number, coordinates, value, known_from: number + 2 });
            }
            assert_eq!(resumed, whole, "{sampler}, cut off after {cut}");
        }
    }
}

#[test]
fn proposals_differ_by_number_seed_and_dimension() {
    for sampler in samplers() {
        let first = suggest(&search(&sampler, 7), &[], 0);
        assert!((first[0] - first[1]).abs() > 1e-9, "{sampler}");
        assert_ne!(suggest(&search(&sampler, 8), &[], 0), first, "{sampler}");
        assert_ne!(suggest(&search(&sampler, 7), &[], 1), first, "{sampler}");
    }
}

#[test]
fn failures_and_endless_values_do_no_harm() {
    for sampler in samplers() {
        let objective = |x: &[f64]| match x {
            [first, ..] if *first < 0.3 => None,
            [_, second, ..] if *second < 0.1 => Some(f64::NAN),
            _ => bowl(x),
        };
        let history = history(&search(&sampler, 1), 30, objective);
        assert!(history.iter().any(|one| one.value.is_none()), "{sampler}: no trial failed");
        assert!(history.iter().flat_map(|one| &one.coordinates).all(|x| (0.0..=1.0).contains(x)), "{sampler}");
    }
}
