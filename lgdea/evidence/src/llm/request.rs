//! All that determines an answer, and the key it is kept under.

use lgdea_spec::{AnswerFormat, Replay};
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
}

impl Request {
    pub(super) fn new(settings: &Replay, prompt_hash: String) -> Self {
        Self {
            model: settings.model.clone(),
            temperature: settings.temperature,
            seed: settings.seed,
            max_tokens: settings.max_tokens,
            answer_format: settings.answer_format,
            prompt_hash,
        }
    }

    /// Hash of the request.
    pub(super) fn digest(&self) -> String {
        self.hasher().finalize().to_hex().to_string()
    }

    /// Key of the answer about a text.
    pub(super) fn key(&self, text: &str) -> [u8; 32] {
        // What precedes the text is a JSON object, which ends itself: no two pairs are the same bytes.
        *self.hasher().update(text.as_bytes()).finalize().as_bytes()
    }

    fn hasher(&self) -> blake3::Hasher {
        let settings = serde_json::to_vec(self).expect("strings and numbers have a form in JSON");
        let mut hasher = blake3::Hasher::new_derive_key(VERSION);
        hasher.update(&settings);
        hasher
    }
}
