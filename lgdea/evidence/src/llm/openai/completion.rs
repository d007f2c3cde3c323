//! A server's response read: a model's turn in any of the shapes that servers give it, or an error.

use serde_json::Value;

use super::refusal::ServerError;
use crate::llm::answer::is_whole_answer;
use crate::llm::cache::Usage;
use crate::llm::invalid::Invalid;

/// A model's turn.
#[derive(Debug)]
pub(super) struct Completion {
    pub(super) said: String,
    /// Why what it said is no answer at all, where that is known without reading it.
    pub(super) invalid: Option<Invalid>,
    /// Whether the server had put the answer where a model's reasoning belongs.
    pub(super) from_reasoning: bool,
    pub(super) usage: Usage,
}

/// A response with a status of success.
#[derive(Debug)]
pub(super) enum Response {
    Completion(Completion),
    /// An error, whatever the status said.
    Error(ServerError),
    /// Neither: what it is instead.
    Other(&'static str),
}

impl Response {
    /// Reads a body. `max_tokens`: the longest answer that was asked for, if any was.
    pub(super) fn read(body: &[u8], max_tokens: Option<u32>) -> Self {
        // A character that is no UTF-8 must not cost the answer: a quote that has it is not found in the report.
        let text = String::from_utf8_lossy(body);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let Ok(body) = serde_json::from_str::<Value>(text) else {
            return Self::Other(if text.starts_with('<') { "a web page" } else { "no JSON" });
        };
        let first = body["choices"].get(0).filter(|choice| choice.is_object());
        if let Some(error) = error_in(&body, first) {
            return Self::Error(error);
        }
        match first.and_then(|choice| Some((choice, Said::of(&choice["message"])?))) {
            Some((choice, said)) => {
                let usage = usage(&body["usage"]);
                Self::Completion(Completion::new(said, choice["finish_reason"].as_str(), max_tokens, usage))
            }
            None => Self::Other("no chat completion"),
        }
    }
}

/// The error in a response of success, if it is one.
fn error_in(body: &Value, choice: Option<&Value>) -> Option<ServerError> {
    let tells = |value: &Value| match value {
        Value::Object(error) => !error.is_empty(),
        Value::String(error) => !error.is_empty(),
        _ => false,
    };
    if let Some(choice) = choice {
        return tells(&choice["error"]).then(|| ServerError::of(choice));
    }
    let said = ["error", "errors", "detail", "message"].into_iter().any(|key| match &body[key] {
        Value::Array(errors) => errors.first().is_some_and(tells),
        value => tells(value),
    });
    (said || body["object"] == "error").then(|| ServerError::of(body))
}

/// What a message holds.
#[derive(Default)]
struct Said {
    text: String,
    reasoning: String,
    refused: bool,
}

impl Said {
    /// None where it is no message.
    fn of(message: &Value) -> Option<Self> {
        message.as_object()?;
        let mut said = Self::default();
        said.add_content(&message["content"])?;
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            said.add_arguments(&call["function"]["arguments"]);
        }
        said.add_arguments(&message["function_call"]["arguments"]);
        said.refused |= message["refusal"].as_str().is_some_and(|refusal| !refusal.is_empty());
        let reasoning = ["reasoning_content", "reasoning"]
            .into_iter()
            .find_map(|key| message[key].as_str().filter(|reasoning| !reasoning.trim().is_empty()));
        reasoning.unwrap_or_default().trim().clone_into(&mut said.reasoning);
        Some(said)
    }

    /// A text, nothing, parts of which those with text count, or an object that the server has read itself.
    fn add_content(&mut self, content: &Value) -> Option<()> {
        match content {
            Value::Null => {}
            Value::String(text) => self.text.push_str(text),
            Value::Object(_) => self.text.push_str(&content.to_string()),
            Value::Array(parts) => parts.iter().for_each(|part| self.add_part(part)),
            Value::Bool(_) | Value::Number(_) => return None,
        }
        Some(())
    }

    /// Parts of other types, as `thinking`, are no part of the answer.
    fn add_part(&mut self, part: &Value) {
        match (part["type"].as_str(), part) {
            (_, Value::String(text)) => self.text.push_str(text),
            (None | Some("text" | "output_text"), _) => match &part["text"] {
                Value::Object(text) => {
                    self.text.push_str(text.get("value").and_then(Value::as_str).unwrap_or_default());
                }
                text => self.text.push_str(text.as_str().unwrap_or_default()),
            },
            (Some("refusal"), _) => self.refused = true,
            _ => {}
        }
    }

    /// What a model passes to a tool, which some servers make of an answer in a format.
    fn add_arguments(&mut self, arguments: &Value) {
        match arguments {
            Value::String(arguments) => self.text.push_str(arguments),
            Value::Object(_) => self.text.push_str(&arguments.to_string()),
            _ => {}
        }
    }
}

impl Completion {
    fn new(said: Said, finish_reason: Option<&str>, max_tokens: Option<u32>, usage: Usage) -> Self {
        let Said { text, reasoning, refused } = said;
        let empty = text.trim().is_empty();
        // A server whose reasoning parser is set wrongly takes the whole answer for reasoning. What is reasoning, or was not
        // finished, is no JSON object and nothing else.
        let from_reasoning = empty && !refused && finish_reason == Some("stop") && is_whole_answer(&reasoning);
        let invalid = match finish_reason {
            Some("length") => Some(Invalid::new(match max_tokens {
                Some(tokens) => format!("cut off at {tokens} tokens"),
                None => "cut off at the server's limit".to_owned(),
            })),
            Some("content_filter") => Some(Invalid::new("withheld by the server's content filter")),
            Some("error") => Some(Invalid::new("broken off by an error of the server")),
            _ if refused => Some(Invalid::new("refused by the model")),
            _ if from_reasoning || !empty => None,
            _ if !reasoning.is_empty() => Some(Invalid {
                reason: "empty, with all that was said in the server's field for reasoning".to_owned(),
                ..Invalid::new("empty")
            }),
            _ => Some(Invalid::new("empty")),
        };
        let said = if from_reasoning { reasoning } else { text };
        Self { said, invalid, from_reasoning, usage }
    }

    /// Stands for a response that was not read to its end.
    pub(super) fn too_long(limit: usize) -> Self {
        let invalid = Invalid::new(format!("longer than {} MiB", limit >> 20));
        Self { said: String::new(), invalid: Some(invalid), from_reasoning: false, usage: Usage::default() }
    }
}

/// What a server says that it counted; nothing where that is no number.
fn usage(usage: &Value) -> Usage {
    let tokens = |key: &str| {
        let value = &usage[key];
        let number = value.as_f64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(0.0);
        // A cast saturates, and what is no number is 0.
        number as u64
    };
    Usage { prompt_tokens: tokens("prompt_tokens"), completion_tokens: tokens("completion_tokens") }
}

/// Identifiers of the models that a server lists, fit to be shown; none where the body is no list of models.
pub(super) fn model_names(body: &[u8]) -> Option<Vec<String>> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let shown = |name: &str| name.chars().filter(|character| !character.is_control()).take(120).collect();
    body["data"].as_array()?.iter().map(|model| model["id"].as_str().map(shown)).collect()
}
