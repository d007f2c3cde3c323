//! Statistics against SciPy and statsmodels; `tests/fixtures/statistics/make.py` made the numbers.
#![allow(clippy::unwrap_used, missing_docs)]

use lgdea_comparison::statistic::bootstrap::{Correction, percentile_interval};
use lgdea_comparison::statistic::paired_t::PairedT;
use lgdea_comparison::statistic::{holm, mean, noncentral_t, permutation, power, standard_deviation, wilcoxon};
use serde_json::Value;

const TOLERANCE: f64 = 1e-9;

fn fixture() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/statistics/statistics.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn number(object: &Value, name: &str) -> f64 {
    object[name].as_f64().unwrap_or_else(|| panic!("{name} of {object}"))
}

/// Equal to a part in a billion, and where numbers are below 1, of 1.
fn close(found: f64, expected: f64, what: &str) {
    let apart = (found - expected).abs();
    assert!(apart <= TOLERANCE * expected.abs().max(1.0), "{what}: {found} instead of {expected}, {apart:e} apart");
}

fn for_each(name: &str, check: impl Fn(&Value)) {
    let fixture = fixture();
    let cases = fixture[name].as_array().unwrap();
    assert!(cases.len() >= 5, "{name}");
    cases.iter().for_each(check);
}

#[test]
fn paired_tests_are_those_of_scipy() {
    for_each("samples", |sample| {
        let differences = numbers(&sample["differences"]);
        let what = |test: &str| format!("{test} of {} values", differences.len());
        close(mean(&differences), number(sample, "mean"), "mean");
        close(standard_deviation(&differences).unwrap(), number(sample, "std"), "std");
        let t = PairedT::of(&differences).unwrap();
        close(t.t, number(sample, "t"), &what("t"));
        close(t.p, number(sample, "t_p"), &what("p of t"));
        for (found, expected) in t.interval(0.05).into_iter().zip(numbers(&sample["t_interval"])) {
            close(found, expected, &what("t interval"));
        }
        close(wilcoxon::p(&differences), number(sample, "wilcoxon_p"), &what("Wilcoxon"));
        if let Some(expected) = sample["permutation_p"].as_f64() {
            close(permutation::p(&differences), expected, &what("permutation"));
        }
    });
}

/// p values far below 1 must be right in relation to themselves.
#[test]
fn small_p_values_are_not_rounding() {
    for_each("samples", |sample| {
        let t = PairedT::of(&numbers(&sample["differences"])).unwrap();
        let expected = number(sample, "t_p");
        assert!((t.p / expected - 1.0).abs() < TOLERANCE, "{} instead of {expected}", t.p);
    });
}

#[test]
fn bootstrap_intervals_are_those_of_scipy() {
    for_each("samples", |sample| {
        let differences = numbers(&sample["differences"]);
        let bootstrap = &sample["bootstrap"];
        let mut means = numbers(&bootstrap["resampled_means"]);
        means.sort_by(f64::total_cmp);
        for (found, expected) in percentile_interval(&means, 0.05).into_iter().zip(numbers(&bootstrap["percentile"])) {
            close(found, expected, "percentile interval");
        }
        let correction = Correction::of(&differences, &means).unwrap();
        close(correction.bias, number(bootstrap, "z0"), "z0");
        close(correction.acceleration, number(bootstrap, "acceleration"), "acceleration");
        for (found, expected) in correction.interval(&means, 0.05).into_iter().zip(numbers(&bootstrap["bca"])) {
            close(found, expected, "BCa interval");
        }
    });
}

#[test]
fn holm_is_that_of_statsmodels() {
    for_each("holm", |family| {
        for (found, expected) in holm::adjusted(&numbers(&family["p"])).into_iter().zip(numbers(&family["adjusted"])) {
            close(found, expected, "adjusted p");
        }
    });
}

#[test]
fn power_is_that_of_statsmodels() {
    for_each("power", |case| {
        let pairs = case["pairs"].as_u64().unwrap() as usize;
        let (effect, alpha) = (number(case, "effect"), number(case, "alpha"));
        close(power::power(effect, pairs, alpha), number(case, "power"), &format!("power of {case}"));
    });
    for_each("upper_std", |case| {
        let pairs = case["pairs"].as_u64().unwrap() as usize;
        close(power::upper_deviation_factor(pairs), number(case, "factor"), "factor of the deviation");
    });
}

#[test]
fn noncentral_t_is_that_of_scipy() {
    for_each("noncentral", |case| {
        let found = noncentral_t::cdf(number(case, "t"), number(case, "degrees"), number(case, "noncentrality"));
        close(found, number(case, "cdf"), &format!("{case}"));
    });
}
