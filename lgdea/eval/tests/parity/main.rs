//! The metrics against independent implementations: each script of this folder made the JSON of its name.
#![allow(clippy::unwrap_used, missing_docs)]

mod classification;
mod grounding;
mod intervals;
mod probes;
mod retrieval;
mod within;

use ndarray::Array2;
use serde_json::Value;

/// How far a value may be off.
const EXACT: f64 = 1e-9;

fn fixture(text: &str, name: &str) -> Vec<Value> {
    let fixture: Value = serde_json::from_str(text).unwrap();
    let cases = fixture[name].as_array().unwrap().clone();
    assert!(!cases.is_empty(), "{name}");
    cases
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

/// An array of arrays in one piece.
fn flat(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().flat_map(floats).collect()
}

fn singles(value: &Value) -> Vec<f32> {
    floats(value).into_iter().map(|value| value as f32).collect()
}

fn numbers(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

fn bools(value: &Value) -> Vec<bool> {
    value.as_array().unwrap().iter().map(|value| value.as_bool().unwrap()).collect()
}

fn rows<T: Clone>(values: &[T], width: usize) -> Array2<T> {
    Array2::from_shape_vec((values.len() / width, width), values.to_vec()).unwrap()
}

/// Checks a value; null says that it is undefined.
fn assert_value(what: &str, found: Option<f64>, expected: &Value, tolerance: f64) {
    match (found, expected.as_f64()) {
        (Some(found), Some(expected)) => {
            assert!((found - expected).abs() <= tolerance, "{what}: {found}, expected {expected}");
        }
        (None, None) => assert!(expected.is_null(), "{what}: the fixture has no such value"),
        _ => panic!("{what}: {found:?}, expected {expected}"),
    }
}

fn assert_values(what: &str, found: impl IntoIterator<Item = f64>, expected: &Value, tolerance: f64) {
    let (found, expected): (Vec<f64>, _) = (found.into_iter().collect(), expected.as_array().unwrap());
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.into_iter().zip(expected) {
        assert_value(what, Some(found), expected, tolerance);
    }
}
