//! What may be told of a server's error: a code, and the parameter that it does not want. All else may quote the report.

use std::sync::LazyLock;

use lgdea_spec::Parameter;
use regex::Regex;
use serde_json::Value;

/// Bytes of a message that are looked at: servers say what they want first, and quote the request after it.
const LOOKED_AT: usize = 400;

/// What a server's error says, as far as it is known to be no report.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ServerError {
    /// Its code or type, where that is a single word.
    pub(super) code: Option<String>,
    /// An HTTP status that the body tells.
    pub(super) status: Option<u16>,
    /// What the server does not want, each once.
    pub(super) about: Vec<About>,
}

/// What an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// A parameter that may be left out.
    Parameter(Parameter),
    /// `response_format`.
    Format,
    /// The length of report and prompt.
    Context,
}

impl ServerError {
    /// Reads the body of an error.
    pub(super) fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let body = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap_or(Value::Null);
        Self::of(&body)
    }

    /// Reads an error that stands in a body.
    pub(super) fn of(body: &Value) -> Self {
        let errors = ["error", "errors", "detail"].into_iter().filter_map(|key| body.get(key)).map(all);
        let mut errors: Vec<&Value> = errors.flatten().filter(|error| error.is_object()).collect();
        if errors.is_empty() {
            errors.push(body);
        }
        let error = errors[0];
        let code = ["code", "type"].into_iter().filter_map(|key| error.get(key));
        let code = code.filter_map(Value::as_str).find(|word| is_word(word));
        let number = error.get("code").or(error.get("status")).and_then(number);
        let status = number.filter(|number| (400..600).contains(number));
        let mut about = Vec::new();
        for error in errors {
            add(&mut about, About::of_error(error, body));
        }
        Self {
            code: code.map(str::to_owned).or_else(|| number.map(|number| number.to_string())),
            status: status.map(|status| status as u16),
            about,
        }
    }

    /// As in "400 (`unsupported_parameter`: `max_tokens`)".
    pub(super) fn told(&self, status: &str) -> String {
        let about = self.about.iter().map(|about| about.name()).collect::<Vec<_>>().join(", ");
        let code = self.code.as_deref().filter(|code| *code != status);
        let known: Vec<&str> = code.into_iter().chain(Some(&*about).filter(|about| !about.is_empty())).collect();
        if known.is_empty() { status.to_owned() } else { format!("{status} ({})", known.join(": ")) }
    }

    /// Whether one of these words is its code.
    pub(super) fn is(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| codes.iter().any(|known| code.eq_ignore_ascii_case(known)))
    }
}

impl About {
    /// What it is called on the wire.
    fn name(self) -> &'static str {
        match self {
            Self::Parameter(Parameter::MaxTokens) => "max_tokens",
            Self::Parameter(Parameter::Seed) => "seed",
            Self::Parameter(Parameter::Temperature) => "temperature",
            Self::Parameter(Parameter::SystemRole) => "system role",
            Self::Format => "response_format",
            Self::Context => "longer than the model's context",
        }
    }

    /// The parameter that it is, if it is one.
    pub(super) fn parameter(self) -> Option<Parameter> {
        match self {
            Self::Parameter(parameter) => Some(parameter),
            Self::Format | Self::Context => None,
        }
    }

    /// What this name is about.
    fn called(name: &str) -> Option<Self> {
        let root = name.split(['.', '[']).next().unwrap_or_default();
        Some(match root {
            "max_tokens" | "max_completion_tokens" | "max_output_tokens" | "max_new_tokens" => {
                Self::Parameter(Parameter::MaxTokens)
            }
            "seed" | "random_seed" => Self::Parameter(Parameter::Seed),
            "temperature" => Self::Parameter(Parameter::Temperature),
            "response_format" | "json_schema" | "guided_json" | "structured_outputs" | "grammar" | "format" => {
                Self::Format
            }
            _ => return None,
        })
    }

    /// What one error of a body is about: what it names in a field for that, and what its message names.
    fn of_error(error: &Value, body: &Value) -> Vec<Self> {
        let mut about = named(error);
        let message = ["message", "msg", "error", "detail"].into_iter().find_map(|key| error.get(key)?.as_str());
        let message = message.or_else(|| body.get("error")?.as_str()).or_else(|| body.get("detail")?.as_str());
        let of_message = message.map(Self::of_message).unwrap_or_default();
        if about.is_empty() || of_message != [Self::Context] {
            add(&mut about, of_message);
        }
        about
    }

    fn of_message(message: &str) -> Vec<Self> {
        let message = &message[..message.floor_char_boundary(LOOKED_AT)];
        let patterns = &*PATTERNS;
        if patterns.context.is_match(message) {
            return vec![Self::Context];
        }
        let called = |name: regex::Match<'_>| Self::called(&name.as_str().to_ascii_lowercase());
        let mut about: Vec<Self> = Vec::new();
        add(&mut about, patterns.underscored.find_iter(message).filter_map(called));
        add(&mut about, patterns.format.is_match(message).then_some(Self::Format));
        add(&mut about, patterns.system.is_match(message).then_some(Self::Parameter(Parameter::SystemRole)));
        for sentence in patterns.end.split(message).filter(|sentence| patterns.refused.is_match(sentence)) {
            add(&mut about, patterns.plain.find_iter(sentence).filter_map(called));
        }
        about
    }
}

/// Each once, in the order in which they are named.
fn add(about: &mut Vec<About>, more: impl IntoIterator<Item = About>) {
    for one in more {
        if !about.contains(&one) {
            about.push(one);
        }
    }
}

/// The values of a list, or a value that is none.
fn all(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

struct Patterns {
    context: Regex,
    /// Names that no prose has.
    underscored: Regex,
    format: Regex,
    system: Regex,
    /// Names that prose may have: only in a sentence where one stands beside words that refuse.
    plain: Regex,
    refused: Regex,
    /// The end of a sentence: `response_format.type` has none.
    end: Regex,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let pattern = |pattern: &str| Regex::new(pattern).expect("a valid pattern");
    let refuses = "(?:unsupported|unrecogni[sz]ed|unknown|unexpected|invalid|extra|forbidden|\
        (?:not|n't)(?: be)? (?:support|permit|allow|accept|recogni)(?:ed|ted|sed|zed)?|(?:must|should|only) (?:be|the default))";
    Patterns {
        context: pattern(
            r"(?i)context[ _](?:length|size|window)|(?:prompt|input|request)s? (?:is|are) too long|too many (?:input )?tokens",
        ),
        underscored: pattern(
            r"(?i)\b(?:max_tokens|max_completion_tokens|max_output_tokens|max_new_tokens|response_format|json_schema|guided_json|random_seed)\b",
        ),
        format: pattern(
            r"(?i)\b(?:json[ _-]?(?:schema|object|mode)|structured outputs?|(?:parse|compile|invalid) grammar)\b",
        ),
        system: pattern(&format!(
            r#"(?i)\bsystem['"`]? (?:role|message|prompt)s?\b[^.;\n]{{0,40}}{refuses}|{refuses}[^.;\n]{{0,40}}\bsystem\b|support (?:the )?['"`]?system|roles must alternate|\bonly user and (?:assistant|model)\b"#
        )),
        plain: pattern(r"(?i)\b(?:seed|temperature)\b"),
        end: pattern(r"[.;]\s|\n"),
        refused: pattern(&format!(
            r"(?i){refuses}[^.;\n]{{0,80}}?\b(?:seed|temperature)\b|\b(?:seed|temperature)\b[^.;\n]{{0,80}}?{refuses}"
        )),
    }
});

/// The parameters that an error names in `param`, or in the place (`loc`) where its check failed.
fn named(error: &Value) -> Vec<About> {
    let names = ["param", "params", "loc"].into_iter().filter_map(|key| error.get(key)).flat_map(all);
    let names = names.filter_map(Value::as_str).flat_map(|names| names.split([',', ' ']));
    let mut about = Vec::new();
    add(&mut about, names.filter_map(About::called));
    about
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn is_word(word: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=64).contains(&word.len()) && word.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str) -> String {
        ServerError::read(body.as_bytes()).told("400")
    }

    #[test]
    fn of_an_error_only_single_words_and_known_names_are_told() {
        let cases = [
            (r#"{"error": {"code": "context_length_exceeded", "message": "report"}}"#, "400 (context_length_exceeded)"),
            (r#"{"error": {"code": null, "type": "server_error"}}"#, "400 (server_error)"),
            (r#"{"object": "error", "type": "BadRequestError", "code": 400}"#, "400 (BadRequestError)"),
            (r#"{"error": {"code": 40001}}"#, "400 (40001)"),
            ("\u{feff}{\"error\": {\"code\": \"x\"}}", "400 (x)"),
            ("small effusion", "400"),
            (r#"{"error": "small effusion"}"#, "400"),
            (r#"{"error": {"code": "small effusion", "param": "small effusion"}}"#, "400"),
            (r#"{"detail": [{"type": "missing", "loc": ["body", "small effusion"], "msg": "x"}]}"#, "400 (missing)"),
        ];
        for (body, expected) in cases {
            assert_eq!(told(body), expected, "{body}");
        }
    }

    #[test]
    fn the_parameter_is_found_where_servers_name_it() {
        let about = |body: &str| ServerError::read(body.as_bytes()).about.first().map(|about| about.name());
        let param = |param: &str| format!(r#"{{"error": {{"message": "No.", "param": "{param}"}}}}"#);
        for (name, expected) in [
            ("max_tokens", Some("max_tokens")),
            ("max_completion_tokens", Some("max_tokens")),
            ("seed", Some("seed")),
            ("temperature", Some("temperature")),
            ("response_format", Some("response_format")),
            ("response_format.json_schema", Some("response_format")),
            ("messages", None),
        ] {
            assert_eq!(about(&param(name)), expected, "{name}");
        }
        let place = r#"{"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}"#;
        assert_eq!(about(place), Some("seed"));
    }

    #[test]
    fn messages_of_servers_name_the_parameter() {
        let about = |message: &str| {
            let bodies = [
                serde_json::json!({ "error": { "message": message, "param": null } }),
                serde_json::json!({ "object": "error", "message": message, "code": 400 }),
                serde_json::json!({ "error": message }),
                serde_json::json!({ "detail": message }),
            ];
            let about = bodies.map(|body| ServerError::of(&body).about);
            assert!(about.iter().all(|one| *one == about[0] && one.len() < 2), "{message}: {about:?}");
            about[0].first().map(|about| about.name())
        };
        for (message, expected) in [
            ("Unsupported parameter: 'max_tokens' is not supported with this model.", "max_tokens"),
            (
                "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.",
                "temperature",
            ),
            ("Unrecognized request argument supplied: seed", "seed"),
            ("property 'seed' is unsupported", "seed"),
            ("System role not supported", "system role"),
            ("Conversation roles must alternate user/assistant/user/assistant/...", "system role"),
            ("This model does not support system messages", "system role"),
            ("Only user and assistant roles are supported!", "system role"),
            ("Unsupported value: 'messages[0].role' does not support 'system' with this model.", "system role"),
            ("Developer instruction is not enabled; invalid role: system", "system role"),
            ("'response_format.type' must be 'json_schema' or 'text'", "response_format"),
            ("response_format type must be one of text or json_object", "response_format"),
            ("This model does not support structured outputs", "response_format"),
            ("JSON mode is not supported", "response_format"),
            ("This model's maximum context length is 2048 tokens", "longer than the model's context"),
            ("the request exceeds the available context size", "longer than the model's context"),
        ] {
            assert_eq!(about(message), Some(expected), "{message}");
        }
        for message in [
            "Patient's temperature is 38.5, brachytherapy seeds are seen.",
            "Bad request about: no effusion",
            "The system is down.",
            "",
        ] {
            assert_eq!(about(message), None, "{message}");
        }
        let late = format!("Bad request: {} unsupported seed", "effusion ".repeat(60));
        assert_eq!(about(&late), None, "what stands so late quotes the request");
    }

    #[test]
    fn all_parameters_that_are_named_at_once_are_found() {
        let of = |message: &str| serde_json::json!({ "error": { "message": message, "param": null } });
        let place = |name: &str| serde_json::json!({ "type": "extra_forbidden", "loc": ["body", name], "msg": "No." });
        let (seed, temperature, tokens) = ("seed", "temperature", "max_tokens");
        for (body, expected) in [
            (of("Unsupported parameters: seed, temperature"), &[seed, temperature][..]),
            (of("Unsupported parameters: 'temperature' and 'seed'."), &[temperature, seed]),
            (of("temperature, seed and max_tokens are not supported with this model"), &[tokens, temperature, seed]),
            (
                of("Unrecognized request arguments supplied: max_tokens, seed, temperature"),
                &[tokens, seed, temperature],
            ),
            (of("seed is not supported. temperature is not supported."), &[seed, temperature]),
            (of("System role not supported; temperature must be 1"), &["system role", temperature]),
            (of("response_format and seed are not supported"), &["response_format", seed]),
            (of("Invalid: seed\nInvalid: temperature"), &[seed, temperature]),
            (
                serde_json::json!({ "detail": [place(seed), place(temperature), place(tokens)] }),
                &[seed, temperature, tokens],
            ),
            (serde_json::json!({ "detail": [place("x"), place(seed)] }), &[seed]),
            (
                serde_json::json!({ "errors": [{ "param": seed }, { "message": "temperature is not allowed" }] }),
                &[seed, temperature],
            ),
            (serde_json::json!({ "error": { "param": "seed, temperature", "message": "No." } }), &[seed, temperature]),
            (serde_json::json!({ "error": { "param": [seed, tokens], "message": "No." } }), &[seed, tokens]),
            (
                serde_json::json!({ "error": { "param": seed, "message": "seed and temperature are unsupported" } }),
                &[seed, temperature],
            ),
            (of("Seed and temperature are seen in the report."), &[]),
        ] {
            let about: Vec<&str> = ServerError::of(&body).about.iter().map(|about| about.name()).collect();
            assert_eq!(about, expected, "{body}");
        }
        let body = serde_json::json!({ "detail": [place(seed), place(tokens)] });
        assert_eq!(ServerError::of(&body).told("422"), "422 (extra_forbidden: seed, max_tokens)");
    }
}
