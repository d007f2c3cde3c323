//! BERT (Devlin et al. 2019) and its kin, with their own word pieces.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TextSettings, WordPieces};

/// Default settings.
pub(crate) const DEFAULTS: &str = r#"
[encoder.text.bert]
model = "emilyalsentzer/Bio_ClinicalBERT"
pretrained = true
pooling = "cls"
max-tokens = 128
max-phrase-tokens = 32
"#;

/// BERT or one of its kin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Bert {
    /// Folder as the Hugging Face libraries save it, with `config.json`, `vocab.txt` or `tokenizer.json`, and weights; or a
    /// repository in the Hugging Face cache of this machine, `owner/name`. Write `./folder/name` for a folder.
    #[schemars(length(min = 1), extend("x-path" = "weights"))]
    pub model: String,
    /// Whether to start from its weights, or from random ones.
    pub pretrained: bool,
    /// How a text's embedding is made of its tokens.
    pub pooling: BertPooling,
    /// Longest report in tokens, with those that begin and end a text; longer ones are cut.
    #[schemars(range(min = 2))]
    pub max_tokens: usize,
    /// Longest evidence phrase or prompt in tokens.
    #[schemars(range(min = 2))]
    pub max_phrase_tokens: usize,
}

/// How a text's embedding is made of its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BertPooling {
    /// The state of the first token, `[CLS]`, after the last layer (`MGCA`, `CXR-BERT`, `BiomedCLIP`).
    Cls,
    /// The mean over tokens after the last layer (sentence transformers).
    Mean,
    /// Each token's states after the last four layers, summed; their mean over tokens (`GLoRIA`).
    LastFour,
}

impl TextSettings for Bert {
    fn word_pieces(&self) -> WordPieces<'_> {
        WordPieces::Published { model: &self.model, pretrained: self.pretrained }
    }

    fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    fn max_phrase_tokens(&self) -> usize {
        self.max_phrase_tokens
    }
}
