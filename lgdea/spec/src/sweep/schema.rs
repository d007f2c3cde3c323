//! The JSON Schema of sweep files. Where a sweep file holds keys of the experiment, their own schema stands, so that an
//! editor completes and checks them there, too.

use std::sync::LazyLock;

use schemars::{Schema as JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::file::SweepFile;
use crate::schema::{Schema, generate};

static SCHEMA: LazyLock<Value> = LazyLock::new(|| generate::of_type::<SweepFile>(None));

/// The schema that sweep files are read by.
pub(super) fn root() -> Schema {
    Schema::of(&SCHEMA)
}

/// The JSON Schema (draft-07) of a sweep file, as the text of a file.
pub fn sweep_schema_text() -> String {
    format!("{:#}\n", *SCHEMA)
}

fn made(value: Value) -> JsonSchema {
    JsonSchema::try_from(value).unwrap_or_default()
}

pub(super) fn experiment_key(_: &mut SchemaGenerator) -> JsonSchema {
    made(generate::layers(
        "What is varied: paths of experiment files, ending in `.toml` and relative to this file, and names of shipped \
         presets, lowest first.",
    ))
}

pub(super) fn case_extends(_: &mut SchemaGenerator) -> JsonSchema {
    let mut schema = generate::layers("Files and presets that are laid over the experiment, lowest first.");
    schema["default"] = json!([]);
    made(schema)
}

pub(super) fn set(_: &mut SchemaGenerator) -> JsonSchema {
    made(keys_of("Keys of the experiment that the arm changes."))
}

pub(super) fn without(_: &mut SchemaGenerator) -> JsonSchema {
    made(keys_of("What takes the component away: keys of the experiment with their values."))
}

pub(super) fn grid(_: &mut SchemaGenerator) -> JsonSchema {
    let mut schema = varied(Schema::root().json(), &axis);
    schema["description"] = "Keys of the experiment, each with a list of values; every combination is tried. A key that \
        applies to some arms alone is `{ values = […], when = \"…\" }`."
        .into();
    made(schema)
}

pub(super) fn zip(_: &mut SchemaGenerator) -> JsonSchema {
    let mut group = varied(Schema::root().json(), &axis);
    if let Some(Value::Object(keys)) = group.get_mut("properties") {
        keys.insert("when".into(), condition());
    }
    made(json!({
        "description": "Keys whose lists are gone through together: the first values of all, then the second ones, …",
        "type": "array",
        "default": [],
        "items": group,
    }))
}

pub(super) fn space(_: &mut SchemaGenerator) -> JsonSchema {
    let mut schema = varied(Schema::root().json(), &parameter);
    schema["description"] = "Keys of the experiment, each with a range `{ low = …, high = …, log = true }` or a list of \
        values to choose from."
        .into();
    made(schema)
}

fn keys_of(description: &str) -> Value {
    let mut schema = Schema::root().json().clone();
    if let Some(table) = schema.as_object_mut() {
        table.shift_remove("$schema");
        table.shift_remove("title");
        table.insert("description".into(), description.into());
        if let Some(Value::Object(keys)) = table.get_mut("properties") {
            keys.shift_remove("extends");
        }
    }
    schema
}

/// The schema of an experiment's table with `leaf` in the place of its values' schemas.
fn varied(table: &Value, leaf: &impl Fn(&Value) -> Value) -> Value {
    let Some(Value::Object(keys)) = table.get("properties") else { return leaf(table) };
    let keys: Map<String, Value> = keys
        .iter()
        .filter(|(name, _)| *name != "extends")
        .map(|(name, key)| {
            let varied = if key.get("properties").is_some() {
                json!({ "anyOf": [varied(key, leaf), leaf(key)] })
            } else {
                leaf(key)
            };
            (name.clone(), varied)
        })
        .collect();
    json!({ "type": "object", "additionalProperties": false, "properties": keys })
}

fn condition() -> Value {
    json!({ "description": "Where it applies, as a condition in CEL.", "type": "string" })
}

fn axis(key: &Value) -> Value {
    let list = json!({ "type": "array", "minItems": 1, "items": key });
    let conditional = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["values"],
        "properties": { "values": list, "when": condition() },
    });
    let meaning = key.get("description").cloned().unwrap_or_default();
    json!({ "description": meaning, "anyOf": [list, conditional] })
}

fn parameter(key: &Value) -> Value {
    let mut schema = axis(key);
    let is_number = matches!(key.get("type").and_then(Value::as_str), Some("number" | "integer"));
    if let (true, Some(Value::Array(forms))) = (is_number, schema.get_mut("anyOf")) {
        forms.push(json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["low", "high"],
            "properties": {
                "low": key,
                "high": key,
                "step": { "description": "Distance of the values.", "type": "number" },
                "log": { "description": "Whether the logarithm is drawn.", "type": "boolean" },
                "when": condition(),
            },
        }));
    }
    schema
}
