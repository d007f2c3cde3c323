//! The JSON Schema of sweep files. Where a sweep file holds keys of the experiment, it refers to their own schema, so that
//! an editor completes and checks them there, too. It is generated from the types of `file.rs`, whose derives name functions of
//! this file: a circle that schemars asks for.

use std::sync::LazyLock;

use schemars::{Schema as JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::file::SweepFile;
use crate::schema::{Schema, generate, join};

static SCHEMA: LazyLock<Value> = LazyLock::new(generate);

/// The schema that sweep files are read by.
pub(super) fn root() -> Schema {
    Schema::of(&SCHEMA)
}

/// The JSON Schema (draft-07) of a sweep file, as the text of a file.
pub fn sweep_schema_text() -> String {
    format!("{:#}\n", *SCHEMA)
}

fn generate() -> Value {
    let mut schema = generate::of_type::<SweepFile>(None);
    let experiment = Schema::root().json();
    let mut definitions = Map::new();
    definitions.insert("experiment".to_owned(), settings(experiment));
    definitions.insert("condition".to_owned(), json!({ "description": CONDITION, "type": "string" }));
    definitions.insert("range".to_owned(), range());
    let axes = varied(experiment, "", "axis");
    let space = varied(experiment, "", "parameter");
    definitions.insert("axes".to_owned(), axes);
    definitions.insert("space".to_owned(), space);
    add_leaves(experiment, "", &mut definitions);
    schema["definitions"] = definitions.into();
    schema
}

const CONDITION: &str = "Where it applies, as a condition in CEL.";

fn made(value: Value) -> JsonSchema {
    JsonSchema::try_from(value).unwrap_or_default()
}

/// The schema of a key that is described elsewhere; draft-07 ignores what stands beside a `$ref`.
fn referred(description: &str, definition: &str) -> JsonSchema {
    let reference = format!("#/definitions/{definition}");
    made(json!({ "description": description, "default": {}, "allOf": [{ "$ref": reference }] }))
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
    referred("Keys of the experiment that the arm changes.", "experiment")
}

pub(super) fn without(_: &mut SchemaGenerator) -> JsonSchema {
    referred("What takes the component away: keys of the experiment with their values.", "experiment")
}

pub(super) fn grid(_: &mut SchemaGenerator) -> JsonSchema {
    referred(
        "Keys of the experiment, each with a list of values; every combination is tried. A key that applies to some arms \
         alone is `{ values = […], when = \"…\" }`.",
        "axes",
    )
}

pub(super) fn zip(_: &mut SchemaGenerator) -> JsonSchema {
    made(json!({
        "description": "Keys whose lists are gone through together: the first values of all, then the second ones, … A \
            condition `when` applies to all of them.",
        "type": "array",
        "default": [],
        "items": { "allOf": [{ "$ref": "#/definitions/axes" }] },
    }))
}

pub(super) fn space(_: &mut SchemaGenerator) -> JsonSchema {
    referred(
        "Keys of the experiment, each with a range `{ low = …, high = …, log = true }` or a list of values to choose from.",
        "space",
    )
}

/// The experiment's schema without what belongs to its file.
fn settings(experiment: &Value) -> Value {
    let mut schema = experiment.clone();
    if let Some(table) = schema.as_object_mut() {
        table.shift_remove("$schema");
        table.shift_remove("title");
        table.insert("description".into(), "Keys of the experiment.".into());
        if let Some(Value::Object(keys)) = table.get_mut("properties") {
            keys.shift_remove("extends");
        }
    }
    schema
}

/// The schema of an experiment's table with an axis or a parameter (`kind`) for each of its values.
fn varied(table: &Value, path: &str, kind: &str) -> Value {
    let mut keys = Map::new();
    for (name, key) in keys_of(table) {
        let path = join(path, name);
        let itself = refer(&format!("{kind}:{path}"));
        let varied = if key.get("properties").is_some() {
            json!({ "anyOf": [varied(key, &path, kind), itself] })
        } else {
            itself
        };
        keys.insert(name.clone(), varied);
    }
    keys.insert("when".to_owned(), refer("condition"));
    json!({ "type": "object", "additionalProperties": false, "properties": keys })
}

/// Defines the axis and the parameter of every key below a table.
fn add_leaves(table: &Value, path: &str, definitions: &mut Map<String, Value>) {
    for (name, key) in keys_of(table) {
        let path = join(path, name);
        definitions.insert(format!("axis:{path}"), axis(key, &path));
        definitions.insert(format!("parameter:{path}"), parameter(key, &path));
        add_leaves(key, &path, definitions);
    }
}

fn keys_of(table: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let keys = table.get("properties").and_then(Value::as_object);
    keys.into_iter().flatten().filter(|(name, _)| *name != "extends")
}

fn refer(definition: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{definition}") })
}

/// The schema of a key's own values.
fn own(path: &str) -> Value {
    refer(&format!("experiment/properties/{}", path.replace('.', "/properties/")))
}

fn axis(key: &Value, path: &str) -> Value {
    let list = json!({ "type": "array", "minItems": 1, "items": own(path) });
    let conditional = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["values"],
        "properties": { "values": refer(&format!("axis:{path}/anyOf/0")), "when": refer("condition") },
    });
    let meaning = key.get("description").cloned().unwrap_or_default();
    json!({ "description": meaning, "anyOf": [list, conditional] })
}

/// The range of any number; that its ends fit the key is for `lgdea plan` to say.
fn range() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["low", "high"],
        "properties": {
            "low": { "description": "Least value.", "type": "number" },
            "high": { "description": "Greatest value.", "type": "number" },
            "step": { "description": "Distance of the values.", "type": "number" },
            "log": { "description": "Whether the logarithm is drawn.", "type": "boolean" },
            "when": refer("condition"),
        },
    })
}

fn parameter(key: &Value, path: &str) -> Value {
    let meaning = key.get("description").cloned().unwrap_or_default();
    let mut forms = vec![refer(&format!("axis:{path}"))];
    if matches!(key.get("type").and_then(Value::as_str), Some("number" | "integer")) {
        forms.push(refer("range"));
    }
    json!({ "description": meaning, "anyOf": forms })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every `$ref` of a schema.
    fn references<'a>(schema: &'a Value, found: &mut Vec<&'a str>) {
        match schema {
            Value::Object(table) => {
                found.extend(table.get("$ref").and_then(Value::as_str));
                table.values().for_each(|below| references(below, found));
            }
            Value::Array(list) => list.iter().for_each(|below| references(below, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_to_a_schema() {
        let mut found = Vec::new();
        references(&SCHEMA, &mut found);
        assert!(found.len() > 200, "{}", found.len());
        for reference in found {
            assert!(SCHEMA.pointer(&reference[1..]).is_some_and(Value::is_object), "{reference}");
        }
    }

    #[test]
    fn the_words_of_axes_and_ranges_are_no_keys_of_the_experiment() {
        for word in [super::super::axis::VALUES, super::super::axis::WHEN, "low", "high"] {
            assert_eq!(Schema::root().paths_of(word), [""; 0]);
        }
    }
}
