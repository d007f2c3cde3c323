//! `[encoder.text.token-cnn]`: a small CNN over word pieces.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Residual convolutions over tokens with attention pooling: each token sees its neighbours and nothing else, which a few
/// hundred reports are enough to learn from.
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
