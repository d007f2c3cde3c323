//! The JSON Schema of the experiment file, generated from its types.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::eval::set;
use crate::{Experiment, defaults};

/// JSON pointer, below a schema with `enum`, to the meanings of its values; Taplo shows them.
pub(super) const VALUE_MEANINGS: &str = "/x-taplo/docs/enumValues";

/// The schema of [`Experiment`] as an experiment *file* needs it: with defaults, and hardly anything required.
pub(super) fn generate() -> Value {
    let mut defaults = defaults::as_json();
    defaults["eval"]["set"] = json!({ set::EACH: set::defaults(&defaults) });
    let mut schema = of_type::<Experiment>(Some(&defaults));
    if let Some(root) = schema.as_object_mut() {
        // The name is the file's stem by default, which no schema can say.
        root.shift_remove("required");
        if let Some(Value::Object(keys)) = root.get_mut("properties") {
            keys.shift_insert(0, "extends".into(), extends());
        }
    }
    schema
}

/// The schema of a file that is read into `T`, some of whose keys have defaults.
pub(crate) fn of_type<T: JsonSchema>(defaults: Option<&Value>) -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    describe_files(&mut schema, defaults);
    schema
}

fn extends() -> Value {
    layers(
        "What this file builds on, lowest first: paths of files, ending in `.toml` and relative to this file, and names of \
         shipped presets. Tables are merged key by key, later entries and this file winning; `name` and `description` are \
         not inherited.",
    )
}

/// The schema of a key that names files and presets.
pub(crate) fn layers(description: &str) -> Value {
    json!({
        "description": description,
        "anyOf": [
            { "type": "string" },
            { "type": "array", "items": { "type": "string" } },
        ],
    })
}

/// Turns the schema of a resolved type, in place, into that of a file whose other layers give `default`.
fn describe_files(schema: &mut Value, default: Option<&Value>) {
    flatten_choices(schema);
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    // An absent choice is `Option::None` in a type, and nothing at all in TOML.
    if let Some([kind, Value::String(null)]) = schema.get("type").and_then(Value::as_array).map(Vec::as_slice)
        && null == "null"
    {
        let kind = kind.clone();
        schema.insert("type".into(), kind);
    }
    // Widths of Rust's numbers: noise for readers, and unknown to validators.
    schema.shift_remove("format");
    if let Some(Value::String(meaning)) = schema.get_mut("description") {
        *meaning = meaning.replace('\n', " ");
    }
    if let Some(items) = schema.get_mut("items") {
        describe_files(items, None);
    }
    let by_type = schema.shift_remove("required");
    if let Some(each) = schema.get_mut("additionalProperties").filter(|each| each.get("properties").is_some()) {
        return describe_files(each, default.and_then(|table| table.get(set::EACH)));
    }
    match schema.get_mut("properties") {
        Some(Value::Object(keys)) => {
            let mut required = describe_keys(keys, default);
            // What the type itself can do without, a file can, too.
            required.retain(|key| by_type.as_ref().and_then(Value::as_array).is_some_and(|keys| keys.contains(key)));
            if !required.is_empty() {
                schema.insert("required".into(), required.into());
            }
        }
        _ => {
            if let Some(default) = default {
                schema.insert("default".into(), default.clone());
            }
        }
    }
}

/// Describes the keys of a table; returns those that have no default.
fn describe_keys(keys: &mut Map<String, Value>, default: Option<&Value>) -> Vec<Value> {
    let mut required = Vec::new();
    for (name, key) in keys {
        let default = default.and_then(|table| table.get(name));
        describe_files(key, default);
        let optional = default.is_some() || key.get("type") == Some(&json!("object"));
        if key.get("default") == Some(&Value::Null)
            && let Some(key) = key.as_object_mut()
        {
            key.shift_remove("default");
        }
        if !optional {
            required.push(name.as_str().into());
        }
    }
    required
}

/// Writes the `oneOf` of an enum as editors understand it best: named values as `enum`, variants with settings as
/// an object with exactly one of its keys.
fn flatten_choices(schema: &mut Value) {
    let Some(Value::Array(variants)) = schema.get_mut("oneOf").map(Value::take) else {
        return;
    };
    let flat = if variants.iter().all(|variant| variant.get("const").is_some()) {
        named_values(&variants)
    } else {
        choice_table(variants)
    };
    if let (Some(schema), Value::Object(flat)) = (schema.as_object_mut(), flat) {
        schema.shift_remove("oneOf");
        schema.extend(flat);
    }
}

fn named_values(variants: &[Value]) -> Value {
    let column = |keyword: &str| -> Vec<&Value> { variants.iter().filter_map(|v| v.get(keyword)).collect() };
    json!({
        "type": "string",
        "enum": column("const"),
        "x-taplo": { "docs": { "enumValues": column("description") } },
    })
}

fn choice_table(variants: Vec<Value>) -> Value {
    let mut keys = Map::new();
    for mut variant in variants {
        let meaning = variant.get_mut("description").map(Value::take);
        let Some(Value::Object(settings)) = variant.get_mut("properties").map(Value::take) else {
            continue;
        };
        for (name, mut settings) in settings {
            if let Some(meaning) = meaning.clone() {
                settings["description"] = meaning;
            }
            keys.insert(name, settings);
        }
    }
    json!({
        "type": "object",
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 1,
        "properties": keys,
    })
}
