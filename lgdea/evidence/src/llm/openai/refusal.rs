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
    /// What the server does not want.
    pub(super) about: Option<About>,
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
        let inner = ["error", "errors", "detail"].into_iter().filter_map(|key| body.get(key));
        let error = inner.map(|value| value.get(0).unwrap_or(value)).find(|value| value.is_object()).unwrap_or(body);
        let code = ["code", "type"].into_iter().filter_map(|key| error.get(key));
        let code = code.filter_map(Value::as_str).find(|word| is_word(word));
        let number = error.get("code").or(error.get("status")).and_then(number);
        let status = number.filter(|number| (400..600).contains(number));
        let message = ["message", "msg", "error", "detail"].into_iter().find_map(|key| error.get(key)?.as_str());
        let message = message.or_else(|| body.get("error")?.as_str()).or_else(|| body.get("detail")?.as_str());
        Self {
            code: code.map(str::to_owned).or_else(|| number.map(|number| number.to_string())),
            status: status.map(|status| status as u16),
            about: named(error).or_else(|| About::of_message(message?)),
        }
    }

    /// As in "400 (`unsupported_parameter`: `max_tokens`)".
    pub(super) fn told(&self, status: &str) -> String {
        let about = self.about.map(About::name);
        let code = self.code.as_deref().filter(|code| *code != status);
        let known: Vec<&str> = code.into_iter().chain(about).collect();
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

    /// A parameter of this name.
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

    fn of_message(message: &str) -> Option<Self> {
        let message = &message[..message.floor_char_boundary(LOOKED_AT)];
        let patterns = &*PATTERNS;
        if patterns.context.is_match(message) {
            return Some(Self::Context);
        }
        if let Some(found) = patterns.underscored.captures(message) {
            return Self::called(&found[1].to_ascii_lowercase());
        }
        if patterns.format.is_match(message) {
            return Some(Self::Format);
        }
        if patterns.system.is_match(message) {
            return Some(Self::Parameter(Parameter::SystemRole));
        }
        let found = patterns.refused.captures(message)?;
        Self::called(&found.get(1).or(found.get(2))?.as_str().to_ascii_lowercase())
    }
}

struct Patterns {
    context: Regex,
    /// Names that no prose has.
    underscored: Regex,
    format: Regex,
    system: Regex,
    /// Names that prose may have: only beside words that refuse.
    refused: Regex,
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
            r"(?i)\b(max_tokens|max_completion_tokens|max_output_tokens|max_new_tokens|response_format|json_schema|guided_json|random_seed)\b",
        ),
        format: pattern(
            r"(?i)\b(?:json[ _-]?(?:schema|object|mode)|structured outputs?|(?:parse|compile|invalid) grammar)\b",
        ),
        system: pattern(&format!(
            r#"(?i)\bsystem['"`]? (?:role|message|prompt)s?\b[^.;\n]{{0,40}}{refuses}|{refuses}[^.;\n]{{0,40}}\bsystem\b|support (?:the )?['"`]?system|roles must alternate|\bonly user and (?:assistant|model)\b"#
        )),
        refused: pattern(&format!(
            r"(?i){refuses}[^.;\n]{{0,40}}?\b(seed|temperature)\b|\b(seed|temperature)\b[^.;\n]{{0,40}}?{refuses}"
        )),
    }
});

/// The parameter that an error names in `param`, or in the place (`loc`) where its check failed.
fn named(error: &Value) -> Option<About> {
    let place = error.get("loc").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    error.get("param").and_then(Value::as_str).into_iter().chain(place).find_map(About::called)
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
        let about = |body: &str| ServerError::read(body.as_bytes()).about.map(About::name);
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
            let about = bodies.map(|body| ServerError::of(&body).about.map(About::name));
            assert!(about.iter().all(|one| *one == about[0]), "{message}: {about:?}");
            about[0]
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
}
