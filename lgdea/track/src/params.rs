//! Settings as flat parameters.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::Result;

/// Settings as flat parameters: tables are entered, joined by dots (`train.learning-rate`); lists stay whole, as JSON.
pub fn params(settings: &impl Serialize) -> Result<BTreeMap<String, String>> {
    let mut params = BTreeMap::new();
    flatten("", &serde_json::to_value(settings)?, &mut params);
    Ok(params)
}

fn flatten(name: &str, value: &Value, params: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(table) => {
            for (key, value) in table {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                flatten(&name, value, params);
            }
        }
        Value::String(text) => {
            params.insert(name.to_owned(), text.clone());
        }
        other => {
            params.insert(name.to_owned(), other.to_string());
        }
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
