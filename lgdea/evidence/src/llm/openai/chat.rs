//! A request for a chat completion on the wire, and what it leaves out for servers that refuse it.

use std::borrow::Cow;
use std::cell::Cell;

use lgdea_spec::{AnswerFormat, Parameter};
use serde::Serialize;
use serde_json::{Value, json};

use crate::llm::prompt::Message;
use crate::llm::request::Request;

/// Body of `POST /chat/completions`.
#[derive(Serialize)]
pub(super) struct ChatRequest<'a> {
    model: &'a str,
    messages: Cow<'a, [Message]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<&'a Value>,
}

impl<'a> ChatRequest<'a> {
    pub(super) fn new(
        request: &'a Request,
        messages: &'a [Message],
        limit: LimitName,
        response_format: Option<&'a Value>,
    ) -> Self {
        let max_tokens = request.sends(Parameter::MaxTokens).then_some(request.max_tokens);
        Self {
            model: &request.model,
            messages: if request.sends(Parameter::SystemRole) { messages.into() } else { merged(messages) },
            temperature: request.sends(Parameter::Temperature).then_some(request.temperature),
            seed: request.sends(Parameter::Seed).then_some(request.seed),
            max_tokens: max_tokens.filter(|_| limit == LimitName::MaxTokens),
            max_completion_tokens: max_tokens.filter(|_| limit == LimitName::MaxCompletionTokens),
            response_format,
        }
    }
}

/// The messages without the system's role: what it says opens the first message of the user.
fn merged(messages: &[Message]) -> Cow<'_, [Message]> {
    match messages {
        [system, user, rest @ ..] if system.role == "system" => {
            let user = Message { role: user.role, content: format!("{}\n\n{}", system.content, user.content) };
            [&[user], rest].concat().into()
        }
        _ => messages.into(),
    }
}

/// What a server calls the longest answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LimitName {
    /// `max_tokens`: the older name, which most servers know.
    MaxTokens,
    /// `max_completion_tokens`: the newer one, which some hosted models want.
    MaxCompletionTokens,
}

/// Which of the names a server takes.
#[derive(Debug, Default)]
pub(super) struct LimitNames {
    refused_older: Cell<bool>,
    answered: Cell<bool>,
}

impl LimitNames {
    /// The name to be sent.
    pub(super) fn current(&self) -> LimitName {
        if self.refused_older.get() { LimitName::MaxCompletionTokens } else { LimitName::MaxTokens }
    }

    pub(super) fn answered(&self) {
        self.answered.set(true);
    }

    /// The server refused a name; says whether there is another to try. A server that has answered knows the name that it
    /// answered with: it is the number that it refuses.
    pub(super) fn refused(&self, name: LimitName) -> bool {
        // Others may have settled the name while this request was under way.
        if name != self.current() {
            return true;
        }
        if self.answered.get() || name == LimitName::MaxCompletionTokens {
            return false;
        }
        self.refused_older.set(true);
        true
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_that_comes_late_is_asked_again_by_the_name_that_was_taken() {
        let names = LimitNames::default();
        assert_eq!(names.current(), LimitName::MaxTokens);
        assert!(names.refused(LimitName::MaxTokens));
        assert_eq!(names.current(), LimitName::MaxCompletionTokens);
        names.answered();
        assert!(names.refused(LimitName::MaxTokens), "it was under way when the other name was taken");
        assert!(!names.refused(LimitName::MaxCompletionTokens), "a name that was taken is known");
    }

    #[test]
    fn a_server_that_refuses_both_names_refuses_the_limit() {
        let names = LimitNames::default();
        assert!(names.refused(LimitName::MaxTokens));
        assert!(!names.refused(LimitName::MaxCompletionTokens));
    }
}
