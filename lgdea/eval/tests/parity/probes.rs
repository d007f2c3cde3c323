//! Probes: `probes.py`.

use lgdea_eval::metric::probe::{Knn, Logistic, Probe};
use ndarray::Array2;
use serde_json::Value;

use crate::{assert_value, fixture, flat, number, numbers, rows, singles};

const FIXTURE: &str = include_str!("probes.json");
/// Both sides end where a gradient is small, not at the same number.
const FITTED: f64 = 1e-4;

fn assert_fitted(what: &str, probe: &Probe, expected: &Value) {
    assert!(probe.converged(), "{what}");
    let weights = flat(&expected["weights"]);
    assert_eq!(probe.weights().len(), weights.len(), "{what}");
    for (found, expected) in probe.weights().iter().zip(weights) {
        assert!((found - expected).abs() < FITTED, "{what}: {found}, expected {expected}");
    }
    for (found, expected) in probe.intercepts().iter().zip(expected["intercepts"].as_array().unwrap()) {
        assert_value(what, Some(*found), expected, FITTED);
    }
}

#[test]
fn logistic_regressions_equal_scikit_learn() {
    for case in fixture(FIXTURE, "logistic") {
        let (classes, truth) = (number(&case["classes"]), numbers(&case["truth"]));
        let features = rows(&singles(&case["features"]), number(&case["width"]));
        let settings = Logistic { c: case["c"].as_f64().unwrap(), ..Logistic::default() };
        if classes == 2 {
            let truth: Vec<Option<bool>> = truth.iter().map(|&class| Some(class == 1)).collect();
            let probe = settings.binary("x", features.view(), &truth).unwrap();
            assert_fitted("binary", &probe, &case["binary"]);
        } else {
            let probe = settings.multinomial("x", features.view(), &truth, classes).unwrap();
            assert_fitted("multinomial", &probe, &case["multinomial"]);
            let probe = settings.one_vs_rest("x", features.view(), &truth, classes).unwrap();
            assert_fitted("one against the rest", &probe, &case["one_vs_rest"]);
        }
    }
}

#[test]
fn nearest_neighbours_equal_scikit_learn() {
    for case in fixture(FIXTURE, "knn") {
        let (width, classes, truth) = (number(&case["width"]), number(&case["classes"]), numbers(&case["truth"]));
        let (train, queries) = (rows(&singles(&case["features"]), width), rows(&singles(&case["queries"]), width));
        let labels = Array2::from_shape_fn((truth.len(), classes), |(row, class)| Some(truth[row] == class));
        let knn = Knn { neighbours: number(&case["neighbours"]), temperature: case["temperature"].as_f64().unwrap() };
        let found = knn.shares(train.view(), labels.view(), queries.view()).unwrap();
        // Cosines are of 32 bits here.
        for (found, expected) in found.iter().zip(flat(&case["shares"])) {
            assert!((found.unwrap() - expected).abs() < 1e-5, "{found:?}, expected {expected}");
        }
    }
}
