//! Ranges, lengths and named values, as the schema states them.

use regex::Regex;
use toml::Value;

use crate::error::ProblemKind;
use crate::schema::Schema;
use crate::suggest;

/// Longest value that a message repeats, in characters.
const SHOWN: usize = 60;

/// Name of a JSON type, with its article.
pub(crate) fn type_name(kind: &str) -> &'static str {
    match kind {
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "a string",
        "array" => "a list",
        _ => "a table",
    }
}

/// Refuses a value of the right type that its schema does not allow.
pub(crate) fn check(schema: Schema, key: &str, value: &Value) -> Result<(), ProblemKind> {
    if let (Some(text), Some(_)) = (value.as_str(), schema.named_values().next()) {
        return check_name(schema, key, text);
    }
    if is_allowed(schema, value) {
        return Ok(());
    }
    let is_finite = value.as_float().is_none_or(f64::is_finite);
    let finite = (!is_finite).then(|| "finite".to_owned());
    Err(ProblemKind::NotAllowed {
        key: key.to_owned(),
        value: shortened(&value.to_string()),
        allowed: finite.into_iter().chain(allowed(schema)).collect::<Vec<_>>().join(" and "),
        meaning: schema.meaning().to_owned(),
    })
}

/// What a schema allows beyond the type, in words.
pub(crate) fn allowed(schema: Schema) -> Option<String> {
    let bounds = [
        ("exclusiveMinimum", "greater than"),
        ("minimum", "at least"),
        ("exclusiveMaximum", "less than"),
        ("maximum", "at most"),
    ];
    let bounds = bounds.iter().filter_map(|(keyword, words)| Some(format!("{words} {}", schema.bound(keyword)?)));
    let lengths = [
        length_words(schema, "minLength", "maxLength", ("text", "characters")),
        length_words(schema, "minItems", "maxItems", ("a list", "elements")),
        schema.pattern().map(|pattern| format!("of the form `{pattern}`")),
    ];
    let phrases: Vec<String> = bounds.chain(lengths.into_iter().flatten()).collect();
    (!phrases.is_empty()).then(|| phrases.join(" and "))
}

fn length_words(schema: Schema, least: &str, most: &str, (noun, unit): (&str, &str)) -> Option<String> {
    match (schema.length(least), schema.length(most)) {
        (None, None) => None,
        (Some(1), None) => Some("not empty".to_owned()),
        (Some(least), None) => Some(format!("{noun} of at least {least} {unit}")),
        (None, Some(most)) => Some(format!("{noun} of at most {most} {unit}")),
        (Some(least), Some(most)) if least == most => Some(format!("{noun} of {least} {unit}")),
        (Some(least), Some(most)) => Some(format!("{noun} of {least} to {most} {unit}")),
    }
}

fn check_name(schema: Schema, key: &str, name: &str) -> Result<(), ProblemKind> {
    let known = || schema.named_values().map(|(known, _)| known);
    if known().any(|known| known == name) {
        return Ok(());
    }
    Err(ProblemKind::UnknownChoice {
        key: key.to_owned(),
        choice: shortened(name),
        known: known().map(str::to_owned).collect(),
        meant: suggest::nearest(name, known()).map(str::to_owned),
    })
}

fn is_allowed(schema: Schema, value: &Value) -> bool {
    match value {
        Value::Float(number) => number.is_finite() && in_range(schema, *number),
        Value::Integer(number) => in_range(schema, *number as f64),
        Value::String(text) => {
            has_length(schema, "minLength", "maxLength", text.chars().count())
                && schema.pattern().is_none_or(|pattern| matches(pattern, text))
        }
        Value::Array(elements) => has_length(schema, "minItems", "maxItems", elements.len()),
        Value::Boolean(_) | Value::Datetime(_) | Value::Table(_) => true,
    }
}

fn in_range(schema: Schema, number: f64) -> bool {
    let holds = |keyword, holds: fn(f64, f64) -> bool| schema.bound(keyword).is_none_or(|bound| holds(number, bound));
    holds("minimum", |number, bound| number >= bound)
        && holds("exclusiveMinimum", |number, bound| number > bound)
        && holds("maximum", |number, bound| number <= bound)
        && holds("exclusiveMaximum", |number, bound| number < bound)
}

fn has_length(schema: Schema, least: &str, most: &str, length: usize) -> bool {
    schema.length(least).is_none_or(|least| length >= least) && schema.length(most).is_none_or(|most| length <= most)
}

fn matches(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
}

/// A value, cut to what a message may repeat.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(path: &str) -> Schema {
        path.split('.').fold(Schema::root(), |schema, name| schema.child(name).unwrap())
    }

    fn accepts(path: &str, value: impl Into<Value>) -> bool {
        check(key(path), path, &value.into()).is_ok()
    }

    #[test]
    fn ranges_are_open_or_closed_as_documented() {
        assert!(!accepts("pairing.ratio", 0.0) && accepts("pairing.ratio", 1.0) && !accepts("pairing.ratio", 1.5));
        assert!(accepts("graph.alpha", 0.0) && !accepts("graph.alpha", 1.0));
        assert!(accepts("train.warmup", 0) && !accepts("train.steps", 0) && !accepts("train.warmup", -1));
        assert!(!accepts("graph.sharpening", f64::INFINITY) && !accepts("graph.sharpening", f64::NAN));
    }

    #[test]
    fn names_are_safe_parts_of_a_folder_name() {
        for name in ["a", "low_pair", "2026-11.run", &"x".repeat(100)] {
            assert!(accepts("name", name), "{name}");
        }
        for name in ["", ".", "..", "-a", "a/b", "a b", "ä", "a\n", &"x".repeat(101)] {
            assert!(!accepts("name", name), "{name:?}");
        }
    }

    #[test]
    fn what_is_allowed_is_said_in_words() {
        let words = |path| allowed(key(path));
        assert_eq!(words("pairing.ratio").as_deref(), Some("greater than 0 and at most 1"));
        assert_eq!(words("graph.alignment-clip").as_deref(), Some("a list of 2 elements"));
        assert_eq!(words("evidence-space.no-finding-phrase").as_deref(), Some("not empty"));
        assert_eq!(words("description"), None);
    }

    #[test]
    fn a_long_value_is_shortened() {
        let error = check(key("name"), "name", &Value::from("ö".repeat(200))).unwrap_err();
        assert!(error.to_string().len() < 400, "{error}");
    }
}
