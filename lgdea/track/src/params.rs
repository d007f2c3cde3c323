//! Settings as flat parameters.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::Result;

/// Settings as flat parameters: tables are entered, joined by dots (`train.learning-rate`); lists stay whole, as JSON.
pub fn params(settings: &impl Serialize) -> Result<BTreeMap<String, String>> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(leaves(settings)?.into_iter().map(|(name, value)| (name, text(value))).collect())
}

/// A setting that [`params`] has as text, with its type: what reads as a number, a list or a boolean is taken for one.
pub fn typed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// Settings by dotted key, as [`params`] has them, with their values.
pub fn leaves(settings: &impl Serialize) -> Result<BTreeMap<String, Value>> {
    let mut found = BTreeMap::new();
    enter(String::new(), serde_json::to_value(settings)?, &mut found);
    Ok(found)
}

fn enter(name: String, value: Value, found: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(table) => {
            for (key, value) in table {
                let name = if name.is_empty() { key } else { format!("{name}.{key}") };
                enter(name, value, found);
            }
        }
        other => drop(found.insert(name, other)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tables_are_flattened_and_lists_kept() {
        let settings = json!({
            "name": "low-pair",
            "train": { "learning-rate": 0.003, "augment": { "shift": 0.0625 } },
            "eval": { "at": [1, 5] },
            "tags": {},
        });
        let params = params(&settings).unwrap();
        let expected = [
            ("eval.at", "[1,5]"),
            ("name", "low-pair"),
            ("train.augment.shift", "0.0625"),
            ("train.learning-rate", "0.003"),
        ];
        assert!(params.iter().map(|(k, v)| (k.as_str(), v.as_str())).eq(expected), "{params:?}");
    }
}
