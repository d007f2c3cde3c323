//! Settings of a trial as JSON.

use serde::Serialize;
use serde_json::{Map, Value};

/// Values by dotted key, as JSON.
pub fn json_map(values: impl IntoIterator<Item = (String, impl Serialize)>) -> Map<String, Value> {
    values.into_iter().map(|(key, value)| (key, serde_json::json!(value))).collect()
}
