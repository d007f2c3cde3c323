//! `[encoder.text.transformer]`: a small transformer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules::Findings;

/// A small pre-norm transformer encoder with attention pooling.
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

impl Transformer {
    pub(super) fn check(&self, findings: &mut Findings<'_>) {
        let Transformer { width, heads, .. } = self;
        findings.require(
            width.is_multiple_of(*heads),
            &["encoder.text.transformer.heads", "encoder.text.transformer.width"],
            format!("{heads} heads do not divide a width of {width}"),
            "make `width` a multiple of `heads`",
        );
    }
}
