//! What a language model must answer: its JSON Schema, and how an answer is read.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::evidence::{Laterality, Polarity, Severity};
use crate::ontology::Ontology;

/// What a model is asked for.
#[derive(Deserialize, JsonSchema)]
struct Answer {
    /// One entry per finding that the report speaks of.
    evidence: Vec<Claim>,
}

/// What a model says about one finding, unchecked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
pub(super) struct Claim {
    /// Name of the finding.
    pub(super) finding: String,
    /// Whether the report affirms, denies or hedges the finding.
    pub(super) polarity: Polarity,
    /// Side of the patient.
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) laterality: Laterality,
    /// Places in the chest.
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) location: Vec<String>,
    /// Grade of the finding.
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) severity: Severity,
    /// The words of the report that say so, copied exactly.
    pub(super) quote: String,
}

fn null_is_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}

/// Why an answer is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Invalid {
    /// For the record: without any text of the model.
    pub(super) reason: String,
    /// For the model, which is asked to repair its answer.
    pub(super) problem: String,
}

impl Invalid {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { problem: format!("The answer was {reason}."), reason }
    }
}

/// The JSON Schema of an answer, within what servers enforce strictly: every key required, none besides, words as `enum`.
pub(super) fn schema(ontology: &Ontology) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<Answer>();
    RecursiveTransform(make_strict as fn(&mut Schema)).transform(&mut schema);
    let mut schema = schema.to_value();
    let names: Vec<&str> = ontology.finding_names().collect();
    schema["properties"]["evidence"]["items"]["properties"]["finding"]["enum"] = json!(names);
    let places = ontology.location_names();
    if !places.is_empty() {
        schema["properties"]["evidence"]["items"]["properties"]["location"]["items"]["enum"] = json!(places);
    }
    schema
}

fn make_strict(schema: &mut Schema) {
    schema.remove("title");
    schema.remove("default");
    if let Some(Value::Array(variants)) = schema.get("oneOf") {
        let words: Vec<Value> = variants.iter().filter_map(|variant| variant.get("const").cloned()).collect();
        schema.remove("oneOf");
        schema.insert("type".into(), json!("string"));
        schema.insert("enum".into(), words.into());
    }
    if let Some(Value::Object(properties)) = schema.get("properties") {
        let keys: Vec<&String> = properties.keys().collect();
        let keys = json!(keys);
        schema.insert("required".into(), keys);
        schema.insert("additionalProperties".into(), false.into());
    }
}

/// Reads a model's answer. It may stand in a Markdown fence or between other text, after a model's reasoning, and be the
/// bare list; a value of the wrong type makes it invalid.
pub(super) fn parse(content: &str) -> Result<Vec<Claim>, Invalid> {
    let content = content.rsplit_once("</think>").map_or(content, |(_, answer)| answer).trim();
    let json = match content.split_once("```") {
        Some((_, fenced)) if !content.starts_with(['{', '[']) => fenced,
        _ => content,
    };
    let start = json.find(['{', '[']).ok_or_else(|| Invalid::new("without any JSON"))?;
    let mut values = serde_json::Deserializer::from_str(&json[start..]).into_iter::<Value>();
    let value = match values.next() {
        Some(Ok(value)) => value,
        Some(Err(error)) if error.is_eof() => return Err(Invalid::new("JSON that ends too early")),
        Some(Err(error)) => {
            return Err(Invalid {
                reason: "malformed JSON".into(),
                problem: format!("The answer was malformed JSON: {error}."),
            });
        }
        None => return Err(Invalid::new("without any JSON")),
    };
    let answer = if value.is_array() { json!({ "evidence": value }) } else { value };
    match serde_path_to_error::deserialize::<_, Answer>(answer) {
        Ok(answer) => Ok(answer.evidence),
        Err(error) => Err(Invalid {
            reason: "JSON that does not follow the schema".into(),
            problem: format!("The answer did not follow the schema: {}: {}.", error.path(), error.inner()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"{"evidence": [{"finding": "edema", "polarity": "present", "quote": "edema"}]}"#;

    fn edema() -> Claim {
        Claim {
            finding: "edema".into(),
            polarity: Polarity::Present,
            laterality: Laterality::None,
            location: vec![],
            severity: Severity::None,
            quote: "edema".into(),
        }
    }

    #[test]
    fn the_form_may_vary() {
        let list = r#"[{"finding":"edema","polarity":"present","quote":"edema","laterality":null,"severity":"none"}]"#;
        let forms = [
            ONE.to_owned(),
            list.to_owned(),
            format!("```json\n{ONE}\n```"),
            format!("Here it is [as asked]:\n```\n{ONE}\n```\nAnything else?"),
            format!("Certainly! {ONE} I hope that {{this}} helps."),
            format!("<think>perhaps {{\"evidence\": []}}</think>\n{ONE}"),
        ];
        for form in forms {
            assert_eq!(parse(&form), Ok(vec![edema()]), "{form}");
        }
        assert_eq!(parse("{\"evidence\": []}"), Ok(vec![]));
    }

    #[test]
    fn what_is_no_answer_says_why_to_the_model_and_to_the_record() {
        let nested = "[".repeat(100_000);
        let cases = [
            ("", "without any JSON"),
            ("I cannot do that.", "without any JSON"),
            (&ONE[..60], "JSON that ends too early"),
            ("{evidence: []}", "malformed JSON"),
            (&nested, "malformed JSON"),
            ("{\"findings\": []}", "JSON that does not follow the schema"),
            ("{\"evidence\": {}}", "JSON that does not follow the schema"),
            (&ONE.replace("present", "maybe"), "JSON that does not follow the schema"),
            (&ONE.replace("\"edema\"}", "7}"), "JSON that does not follow the schema"),
        ];
        for (content, reason) in cases {
            assert_eq!(parse(content).unwrap_err().reason, reason, "{content:.80}");
        }
        let problem = parse(&ONE.replace("present", "maybe")).unwrap_err().problem;
        assert!(problem.contains("evidence[0].polarity") && problem.contains("`uncertain`"), "{problem}");
    }

    #[test]
    fn the_schema_is_strict() {
        let ontology = Ontology::named_or_path("chest").unwrap();
        let schema = schema(&ontology);
        let item = &schema["properties"]["evidence"]["items"];
        let keys = ["finding", "polarity", "laterality", "location", "severity", "quote"];
        assert_eq!(item["required"], json!(keys));
        assert_eq!(item["additionalProperties"], json!(false));
        assert_eq!(item["properties"]["laterality"]["enum"], json!(["left", "right", "bilateral", "none"]));
        assert_eq!(item["properties"]["finding"]["enum"].as_array().unwrap().len(), ontology.finding_names().count());
        let places = item["properties"]["location"]["items"]["enum"].as_array().unwrap();
        assert_eq!(places.iter().filter(|place| *place == "lower lung").count(), 1);
        for unsupported in ["oneOf", "default", "$ref", "$schema", "format"] {
            assert!(!schema.to_string().contains(&format!("\"{unsupported}\"")), "{unsupported}");
        }
    }
}
