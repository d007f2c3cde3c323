//! Residual convolutions over tokens with attention pooling: each token sees its neighbours and nothing else, which a few
//! hundred reports are enough to learn from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TextSettings, WordPieces};

/// Default settings.
pub(crate) const DEFAULTS: &str = "
[encoder.text.token-cnn]
width = 64
layers = 2
reach = 1
vocabulary = 2000
max-tokens = 128
max-phrase-tokens = 16
";

/// A small convolutional network over word pieces learned on the corpus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TokenCnn {
    /// Width of a token.
    #[schemars(range(min = 1))]
    pub width: usize,
    /// Number of layers.
    #[schemars(range(min = 1))]
    pub layers: usize,
    /// Tokens on either side that a layer sees.
    #[schemars(range(min = 1))]
    pub reach: usize,
    /// Largest number of word pieces in the vocabulary.
    #[schemars(range(min = 1))]
    pub vocabulary: usize,
    /// Longest report in tokens; longer ones are cut.
    #[schemars(range(min = 1))]
    pub max_tokens: usize,
    /// Longest evidence phrase or prompt in tokens.
    #[schemars(range(min = 1))]
    pub max_phrase_tokens: usize,
}

impl TextSettings for TokenCnn {
    fn word_pieces(&self) -> WordPieces<'_> {
        WordPieces::Learned(self.vocabulary)
    }

    fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    fn max_phrase_tokens(&self) -> usize {
        self.max_phrase_tokens
    }
}
