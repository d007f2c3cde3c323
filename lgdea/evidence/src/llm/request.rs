//! All that determines an answer, and the key it is kept under.

use lgdea_spec::{AnswerFormat, Parameter, Replay};
use serde::Serialize;

/// What is hashed together with a request: to be changed whenever the same answer would give other evidence.
const VERSION: &str = "lgdea evidence openai 1";

/// All that determines an answer, beside the report's text.
#[derive(Debug, Serialize)]
pub(super) struct Request {
    pub(super) model: String,
    pub(super) temperature: f64,
    pub(super) seed: u32,
    pub(super) max_tokens: u32,
    pub(super) answer_format: AnswerFormat,
    pub(super) prompt_hash: String,
    /// What is not sent, in a fixed order. Requests with everything keep the key that they had before there was a choice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) leave_out: Vec<Parameter>,
}

impl Request {
    pub(super) fn new(settings: &Replay, prompt_hash: String) -> Self {
        let mut leave_out = settings.leave_out.clone();
        leave_out.sort_unstable();
        leave_out.dedup();
        Self {
            model: settings.model.clone(),
            temperature: settings.temperature,
            seed: settings.seed,
            max_tokens: settings.max_tokens,
            answer_format: settings.answer_format,
            prompt_hash,
            leave_out,
        }
    }

    /// Whether a part is sent.
    pub(super) fn sends(&self, parameter: Parameter) -> bool {
        !self.leave_out.contains(&parameter)
    }

    /// Hash of the request.
    pub(super) fn digest(&self) -> String {
        blake3::Hasher::new_derive_key(VERSION).update(&self.json()).finalize().to_hex().to_string()
    }

    /// Key of an answer about a text in the format that the server took, which may be weaker than the one asked for: an
    /// answer never stands for one that the server held to more.
    pub(super) fn key(&self, text: &str, taken: AnswerFormat) -> [u8; 32] {
        // What precedes the text are JSON objects, which end themselves: no two triples are the same bytes.
        let mut hasher = blake3::Hasher::new_derive_key(VERSION);
        if taken != self.answer_format {
            hasher.update(format!("{{\"taken\":\"{}\"}}", taken.name()).as_bytes());
        }
        *hasher.update(&self.json()).update(text.as_bytes()).finalize().as_bytes()
    }

    fn json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings and numbers have a form in JSON")
    }
}
