//! A small pre-norm transformer encoder with attention pooling.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TextSettings, WordPieces};
use crate::rules::Findings;

/// Default settings.
pub(crate) const DEFAULTS: &str = "
[encoder.text.transformer]
width = 64
layers = 2
heads = 4
vocabulary = 2000
max-tokens = 128
max-phrase-tokens = 16
";

/// A small pre-norm transformer over word pieces learned on the corpus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Transformer {
    /// Width of a token.
    #[schemars(range(min = 1))]
    pub width: usize,
    /// Number of layers.
    #[schemars(range(min = 1))]
    pub layers: usize,
    /// Attention heads.
    #[schemars(range(min = 1))]
    pub heads: usize,
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

impl TextSettings for Transformer {
    fn word_pieces(&self) -> WordPieces<'_> {
        WordPieces::Learned(self.vocabulary)
    }

    fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    fn max_phrase_tokens(&self) -> usize {
        self.max_phrase_tokens
    }

    fn check(&self, findings: &mut Findings<'_>) {
        let Transformer { width, heads, .. } = self;
        findings.require(
            width.is_multiple_of(*heads),
            &["encoder.text.transformer.heads", "encoder.text.transformer.width"],
            format!("{heads} heads do not divide a width of {width}"),
            "make `width` a multiple of `heads`",
        );
    }
}
