//! `[evidence]`: who reads the reports.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Evidence providers; exactly one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Evidence {
    /// Rules over an ontology of findings: no model, no network.
    Rules(Rules),
    /// A language model behind an OpenAI-compatible server: vLLM, llama.cpp, Ollama, a hosted API.
    Openai(Openai),
    /// Answers of a language model from the cache alone: no server, and an error where an answer is missing.
    Replay(Replay),
}

impl Evidence {
    /// The ontology that findings are named by: a shipped name or a path.
    pub fn ontology(&self) -> &str {
        match self {
            Evidence::Rules(rules) => &rules.ontology,
            Evidence::Openai(openai) => &openai.ontology,
            Evidence::Replay(replay) => &replay.ontology,
        }
    }
}

/// The rule-based extractor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rules {
    /// Name of a shipped ontology (`chest`) or path of a TOML file.
    #[schemars(length(min = 1), extend("x-path" = "toml"))]
    pub ontology: String,
}

/// A language model behind an OpenAI-compatible server (`POST {base-url}/chat/completions`).
///
/// `model`, `prompt`, `ontology`, `temperature`, `seed`, `max-tokens`, `leave-out` and `answer-format` determine an answer and
/// are part of its key in the cache; the other settings only say how to get it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Openai {
    /// Address of the server, up to and with its version.
    #[schemars(length(min = 1), regex(pattern = r"^https?://"))]
    pub base_url: String,
    /// Name of the model, as the server knows it.
    #[schemars(length(min = 1))]
    pub model: String,
    /// How to ask: name of a shipped prompt (`evidence`, `terse`, `few-shot`) or path of a `.j2` template.
    #[schemars(length(min = 1), extend("x-path" = "j2"))]
    pub prompt: String,
    /// Findings to ask for: name of a shipped ontology (`chest`) or path of a TOML file.
    #[schemars(length(min = 1), extend("x-path" = "toml"))]
    pub ontology: String,
    /// Sampling temperature; 0 takes the likeliest token.
    #[schemars(range(min = 0.0, max = 2.0))]
    pub temperature: f64,
    /// Seed of the server's sampling, where it has one.
    pub seed: u32,
    /// Longest answer, in tokens.
    #[schemars(range(min = 1))]
    pub max_tokens: u32,
    /// What is not sent, for servers that refuse it; they take their own value then.
    pub leave_out: Vec<Parameter>,
    /// What the server is asked to enforce; where it refuses, the next weaker format is taken.
    pub answer_format: AnswerFormat,
    /// Environment variable that holds the API key; empty for none. The key itself is never written anywhere.
    pub api_key_env: String,
    /// Whether reports may be sent beyond this machine and its private network. The data use agreements of MIMIC-CXR and
    /// other credentialed data sets forbid to share them with third parties.
    pub allow_remote: bool,
    /// Requests under way at a time.
    #[schemars(range(min = 1, max = 1024))]
    pub concurrency: usize,
    /// Longest wait for one answer, in seconds.
    #[schemars(range(min = 1))]
    pub timeout_seconds: u64,
    /// How long a server may fail every request before the extraction gives up, in seconds.
    pub patience_seconds: u64,
    /// Price of a million tokens sent, in any currency; 0 where they cost nothing.
    #[schemars(range(min = 0.0))]
    pub prompt_price: f64,
    /// Price of a million tokens received, in the same currency.
    #[schemars(range(min = 0.0))]
    pub completion_price: f64,
}

/// Answers from the cache, of the model and with the settings that [`Openai`] got them by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Replay {
    /// Name of the model that answered.
    #[schemars(length(min = 1))]
    pub model: String,
    /// How it was asked: name of a shipped prompt (`evidence`, `terse`, `few-shot`) or path of a `.j2` template.
    #[schemars(length(min = 1), extend("x-path" = "j2"))]
    pub prompt: String,
    /// Findings that were asked for: name of a shipped ontology (`chest`) or path of a TOML file.
    #[schemars(length(min = 1), extend("x-path" = "toml"))]
    pub ontology: String,
    /// Sampling temperature.
    #[schemars(range(min = 0.0, max = 2.0))]
    pub temperature: f64,
    /// Seed of the server's sampling.
    pub seed: u32,
    /// Longest answer, in tokens.
    #[schemars(range(min = 1))]
    pub max_tokens: u32,
    /// What was not sent.
    pub leave_out: Vec<Parameter>,
    /// What the server was asked to enforce.
    pub answer_format: AnswerFormat,
}

impl Openai {
    /// The settings that determine an answer.
    pub fn replayed(&self) -> Replay {
        Replay {
            model: self.model.clone(),
            prompt: self.prompt.clone(),
            ontology: self.ontology.clone(),
            temperature: self.temperature,
            seed: self.seed,
            max_tokens: self.max_tokens,
            leave_out: self.leave_out.clone(),
            answer_format: self.answer_format,
        }
    }
}

/// A part of a request that a server may refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Parameter {
    /// `max_tokens`, which some servers call `max_completion_tokens`: both names are tried before it is given up.
    MaxTokens,
    /// `seed`.
    Seed,
    /// `temperature`.
    Temperature,
    /// The system's message: what it says opens the user's message instead.
    SystemRole,
}

impl Parameter {
    /// Its name in experiment files.
    pub fn name(self) -> &'static str {
        match self {
            Self::MaxTokens => "max-tokens",
            Self::Seed => "seed",
            Self::Temperature => "temperature",
            Self::SystemRole => "system-role",
        }
    }
}

/// What a server is asked to enforce on an answer (`response_format`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerFormat {
    /// The JSON Schema of evidence.
    JsonSchema,
    /// Any JSON object.
    JsonObject,
    /// Nothing: the prompt alone asks for JSON.
    Text,
}

impl AnswerFormat {
    /// The next weaker format.
    pub fn weaker(self) -> Option<Self> {
        match self {
            Self::JsonSchema => Some(Self::JsonObject),
            Self::JsonObject => Some(Self::Text),
            Self::Text => None,
        }
    }

    /// This format and those that are weaker, the strongest first.
    pub fn ladder(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |format| format.weaker())
    }

    /// Its name in experiment files.
    pub fn name(self) -> &'static str {
        match self {
            Self::JsonSchema => "json-schema",
            Self::JsonObject => "json-object",
            Self::Text => "text",
        }
    }
}
