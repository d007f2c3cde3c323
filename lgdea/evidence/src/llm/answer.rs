//! What a language model must answer: its JSON Schema, and how an answer is read.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::invalid::Invalid;
use super::prose::objection;
use super::reasoning::{Mark, next_mark};
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

/// Reads what a model said: its answer is the last object that follows the schema and lies outside of reasoning.
///
/// An object in reasoning, or before another one, is a draft. What the model began after the last whole answer takes its
/// place, too, in JSON or in words: an answer that is broken is none, whatever stood before it. A list of claims counts as
/// the object around it, for many models leave that out.
pub(super) fn parse(said: &str) -> Result<Vec<Claim>, Invalid> {
    let Found { attempt, other, prose, lead } = find(said)?;
    let claims = attempt.or(other).unwrap_or_else(|| Err(Invalid::new("without any JSON")))?;
    objection(&prose[..lead], &prose[lead..]).map_or(Ok(claims), Err)
}

/// Whether a text is an answer and nothing else.
pub(super) fn is_whole_answer(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object() && claims(text, &value).is_ok())
}

/// Stands in the prose where JSON stood.
const OBJECT: char = '\u{fffc}';

/// What was found in a model's words.
#[derive(Default)]
struct Found {
    /// The last that is an answer or was to be one.
    attempt: Option<Result<Vec<Claim>, Invalid>>,
    /// The last JSON that was not: why it is no answer.
    other: Option<Result<Vec<Claim>, Invalid>>,
    /// What was said in words, outside of reasoning.
    prose: String,
    /// How much of it was said before `attempt`.
    lead: usize,
}

/// Reads from left to right. JSON is read as such, so that a tag within one of its strings is text.
fn find(said: &str) -> Result<Found, Invalid> {
    let mut found = Found::default();
    let mut reasoning = None;
    let mut at = 0;
    let mut mark = next_mark(said, at);
    loop {
        let bracket = if reasoning.is_some() { None } else { said[at..].find(['{', '[']).map(|offset| at + offset) };
        let comes_first = |range: &Range<usize>| bracket.is_none_or(|start| range.start <= start);
        if let Some((range, kind)) = mark.clone().filter(|(range, _)| comes_first(range)) {
            // What came before a tag that closes, or before the channel with the answer, was reasoning.
            if kind == Mark::Final || (kind == Mark::Closes && reasoning.is_none()) {
                found = Found::default();
            } else if reasoning.is_none() {
                found.prose.push_str(&said[at..range.start]);
            }
            reasoning = match (kind, reasoning) {
                (Mark::Opens | Mark::Aside, _) => Some(kind),
                (Mark::Ends, Some(Mark::Opens)) => Some(Mark::Opens),
                (Mark::Closes | Mark::Final | Mark::Ends, _) => None,
            };
            at = range.end;
        } else if let Some(start) = bracket {
            found.prose.push_str(&said[at..start]);
            at = found.read(said, start);
        } else {
            break;
        }
        if mark.as_ref().is_some_and(|(range, _)| range.start < at) {
            mark = next_mark(said, at);
        }
    }
    if reasoning.is_some() {
        return Err(Invalid::new("reasoning that does not end"));
    }
    found.prose.push_str(&said[at..]);
    Ok(found)
}

impl Found {
    /// Reads the JSON that may begin at a bracket, and says where to read on.
    fn read(&mut self, said: &str, start: usize) -> usize {
        let mut values = serde_json::Deserializer::from_str(&said[start..]).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) => {
                let end = start + values.byte_offset();
                self.take(said, start..end, &value);
                self.prose.push(OBJECT);
                end
            }
            Some(Err(error)) => {
                let broken = Some(Err(malformed(&error)));
                if error.is_eof() || ATTEMPT.is_match(&said[start..]) {
                    self.attempt = broken;
                    self.lead = self.prose.len();
                } else {
                    self.other = broken;
                }
                // What the broken JSON had held so far is part of it, not an answer of its own.
                start + place(&said[start..], &error)
            }
            None => said.len(),
        }
    }

    fn take(&mut self, said: &str, range: Range<usize>, value: &Value) {
        let is_claim = |value: &Value| value.get("finding").is_some();
        let is_attempt = match value {
            Value::Array(values) => values.iter().any(is_claim) || stands_alone(said, &range),
            value => value.get("evidence").is_some() || is_claim(value),
        };
        let claims = claims(&said[range], value);
        if is_attempt {
            self.attempt = Some(claims);
            self.lead = self.prose.len();
        } else if claims.is_err() {
            self.other = Some(claims);
        }
    }
}

/// Reads JSON strictly: from its text, because `value` has forgotten which keys were given twice.
fn claims(json: &str, value: &Value) -> Result<Vec<Claim>, Invalid> {
    let mut from = serde_json::Deserializer::from_str(json);
    let (list, claims) = if let Value::Array(list) = value {
        (Some(list), serde_path_to_error::deserialize(&mut from))
    } else {
        let answer = serde_path_to_error::deserialize::<_, Answer>(&mut from);
        (value["evidence"].as_array(), answer.map(|answer| answer.evidence))
    };
    let claims = claims.map_err(|error| {
        let twice = error.inner().to_string().starts_with("duplicate field");
        let reason = if twice { "JSON with a key given twice" } else { "JSON that does not follow the schema" };
        let problem = format!("The answer did not follow the schema: {}: {}.", error.path(), error.inner());
        Invalid { reason: reason.into(), problem }
    })?;
    match list.into_iter().flatten().position(|claim| !is_plain(claim)) {
        Some(index) => Err(Invalid {
            reason: "JSON that does not follow the schema".into(),
            problem: format!("The answer did not follow the schema: evidence[{index}] is no object of strings."),
        }),
        None => Ok(claims),
    }
}

/// Whether a claim is an object whose words are strings: serde reads lists and objects for them, too.
fn is_plain(claim: &Value) -> bool {
    let words = ["polarity", "laterality", "severity"];
    claim.is_object() && words.iter().all(|key| claim[key].is_string() || claim[key].is_null())
}

/// JSON that was to be an answer, unlike a bracket in prose: `{` with a key, or a list of objects.
static ATTEMPT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"\A(?:\{\s*(?:["'`“\\/#]|evidence|finding)|\[\s*\{)"#).expect("a valid pattern"));

fn malformed(error: &serde_json::Error) -> Invalid {
    if error.is_eof() {
        return Invalid::new("JSON that ends too early");
    }
    Invalid { reason: "malformed JSON".into(), problem: format!("The answer was malformed JSON: {error}.") }
}

/// The byte where JSON is wrong, beyond its first.
fn place(json: &str, error: &serde_json::Error) -> usize {
    let line: usize = json.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let place = (line + error.column().saturating_sub(1)).clamp(1, json.len());
    if error.is_eof() { json.len() } else { json.ceil_char_boundary(place) }
}

/// Whether JSON is all that was said, but for a Markdown fence and what a tag has ended.
fn stands_alone(said: &str, range: &Range<usize>) -> bool {
    static FENCE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\A[\s\u{feff}]*(?:```\w*)?\s*\z").expect("a valid pattern"));
    if !FENCE.is_match(&said[range.end..]) {
        return false;
    }
    let mut before = 0;
    while let Some((mark, _)) = next_mark(&said[..range.start], before) {
        before = mark.end;
    }
    FENCE.is_match(&said[before..range.start])
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
            (&nested, "JSON that ends too early"),
            ("{\"findings\": []}", "JSON that does not follow the schema"),
            ("{\"evidence\": [], \"evidence\": []}", "JSON with a key given twice"),
            (&ONE.replace("\"polarity\"", "\"polarity\": \"absent\", \"polarity\""), "JSON with a key given twice"),
            (&ONE.replace("\"quote\"", "\"quote\": \"edema\", \"quote\""), "JSON with a key given twice"),
            (
                "[{\"finding\": \"edema\", \"finding\": \"mass\", \"polarity\": \"present\", \"quote\": \"x\"}]",
                "JSON with a key given twice",
            ),
            (&ONE.replace("\"present\"", "{\"present\": null}"), "JSON that does not follow the schema"),
            (
                "{\"evidence\": [[\"edema\", \"present\", \"none\", [], \"none\", \"edema\"]]}",
                "JSON that does not follow the schema",
            ),
            ("[[\"edema\", \"present\", \"none\", [], \"none\", \"edema\"]]", "JSON that does not follow the schema"),
            ("[[]]", "JSON that does not follow the schema"),
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
