//! The wire format of chat completions, as far as it is used.

use lgdea_spec::AnswerFormat;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::llm::answer::Invalid;
use crate::llm::cache::Usage;
use crate::llm::prompt::Message;
use crate::llm::request::Request;

/// Body of `POST /chat/completions`.
#[derive(Serialize)]
pub(super) struct ChatRequest<'a> {
    pub(super) model: &'a str,
    pub(super) messages: &'a [Message],
    pub(super) temperature: f64,
    pub(super) seed: u32,
    pub(super) max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) response_format: Option<&'a Value>,
}

impl<'a> ChatRequest<'a> {
    pub(super) fn new(request: &'a Request, messages: &'a [Message], response_format: Option<&'a Value>) -> Self {
        let Request { temperature, seed, max_tokens, .. } = *request;
        Self { model: &request.model, messages, temperature, seed, max_tokens, response_format }
    }
}

/// What `response_format` says for each format that has one.
pub(super) struct ResponseFormats {
    json_schema: Value,
    json_object: Value,
}

impl ResponseFormats {
    pub(super) fn new(schema: &Value) -> Self {
        let json_schema = json!({ "name": "evidence", "strict": true, "schema": schema });
        Self {
            json_schema: json!({ "type": "json_schema", "json_schema": json_schema }),
            json_object: json!({ "type": "json_object" }),
        }
    }

    pub(super) fn of(&self, format: AnswerFormat) -> Option<&Value> {
        match format {
            AnswerFormat::JsonSchema => Some(&self.json_schema),
            AnswerFormat::JsonObject => Some(&self.json_object),
            AnswerFormat::Text => None,
        }
    }
}

/// The next weaker format.
pub(super) fn weaker(format: AnswerFormat) -> Option<AnswerFormat> {
    match format {
        AnswerFormat::JsonSchema => Some(AnswerFormat::JsonObject),
        AnswerFormat::JsonObject => Some(AnswerFormat::Text),
        AnswerFormat::Text => None,
    }
}

/// A model's turn.
#[derive(Debug)]
pub(super) struct Completion {
    /// What it said, or why that is no answer at all.
    pub(super) content: Result<String, Invalid>,
    /// What it said in either case.
    pub(super) said: String,
    pub(super) usage: Usage,
}

#[derive(Deserialize)]
struct ChatResponse {
    choices: Vec<Choice>,
    usage: Option<ResponseUsage>,
}

#[derive(Deserialize)]
struct Choice {
    message: ResponseMessage,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct ResponseMessage {
    content: Option<String>,
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct ResponseUsage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}

impl Completion {
    /// Reads a response; none where it is no chat completion.
    pub(super) fn parse(body: &[u8], max_tokens: u32) -> Option<Self> {
        let response: ChatResponse = serde_json::from_slice(body).ok()?;
        let usage = response.usage.map_or(Usage::default(), |usage| Usage {
            prompt_tokens: usage.prompt_tokens.unwrap_or(0),
            completion_tokens: usage.completion_tokens.unwrap_or(0),
        });
        let choice = response.choices.into_iter().next()?;
        let said = choice.message.content.unwrap_or_default();
        let invalid = match choice.finish_reason.as_deref() {
            Some("length") => Some(Invalid::new(format!("cut off at {max_tokens} tokens"))),
            Some("content_filter") => Some(Invalid::new("withheld by the server's content filter")),
            _ if choice.message.refusal.is_some_and(|refusal| !refusal.is_empty()) => {
                Some(Invalid::new("refused by the model"))
            }
            _ if said.trim().is_empty() => Some(Invalid::new("empty")),
            _ => None,
        };
        let content = match invalid {
            Some(invalid) => Err(invalid),
            None => Ok(said.clone()),
        };
        Some(Self { content, said, usage })
    }

    /// Stands for a response that was not read to its end.
    pub(super) fn too_long(limit: usize) -> Self {
        let invalid = Invalid::new(format!("longer than {} MiB", limit >> 20));
        Self { content: Err(invalid), said: String::new(), usage: Usage::default() }
    }
}

/// What may be told of an error response: its code and type where they are single words. All else may echo the report.
pub(super) fn error_code(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let error = body.get("error").filter(|error| error.is_object()).unwrap_or(&body);
    let word = |key: &str| {
        let word = error.get(key)?.as_str()?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
        ((1..=64).contains(&word.len()) && word.bytes().all(plain)).then(|| word.to_owned())
    };
    word("code").or_else(|| word("type"))
}

/// Identifiers of the models that a server lists, fit to be shown; none where the body is no list of models.
pub(super) fn model_names(body: &[u8]) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct Models {
        data: Vec<Model>,
    }
    #[derive(Deserialize)]
    struct Model {
        id: String,
    }
    let models: Models = serde_json::from_slice(body).ok()?;
    let shown = |model: Model| model.id.chars().filter(|character| !character.is_control()).take(120).collect();
    Some(models.data.into_iter().map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(message: &str) -> String {
        let body = format!(r#"{{"choices": [{message}]}}"#);
        Completion::parse(body.as_bytes(), 9).unwrap().content.unwrap_err().reason
    }

    #[test]
    fn turns_that_hold_no_answer() {
        assert_eq!(reason(r#"{"message": {"content": "{"}, "finish_reason": "length"}"#), "cut off at 9 tokens");
        assert_eq!(reason(r#"{"message": {"content": null, "refusal": "No."}}"#), "refused by the model");
        assert_eq!(reason(r#"{"message": {"content": " "}, "finish_reason": "stop"}"#), "empty");
        for body in ["", "<html>", "[]", "{}", r#"{"choices": []}"#, r#"{"choices": [{"message": {"content": 7}}]}"#] {
            assert!(Completion::parse(body.as_bytes(), 9).is_none(), "{body}");
        }
    }

    #[test]
    fn of_an_error_only_single_words_are_told() {
        let code = |body: &str| error_code(body.as_bytes());
        assert_eq!(
            code(r#"{"error": {"code": "context_length_exceeded", "message": "report"}}"#).unwrap(),
            "context_length_exceeded"
        );
        assert_eq!(code(r#"{"error": {"code": null, "type": "server_error"}}"#).unwrap(), "server_error");
        assert_eq!(code(r#"{"object": "error", "type": "BadRequestError", "code": 400}"#).unwrap(), "BadRequestError");
        for body in ["small effusion", r#"{"error": "small effusion"}"#, r#"{"error": {"code": "small effusion"}}"#] {
            assert_eq!(code(body), None, "{body}");
        }
    }
}
