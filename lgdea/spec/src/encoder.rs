use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules::Findings;

/// The two towers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Encoder {
    /// D, width of the shared embedding.
    #[schemars(range(min = 1))]
    pub dim: usize,
    /// What the text encoder reads of a report, in training and evaluation alike.
    pub report_text: ReportText,
    /// The image encoder; exactly one architecture.
    pub image: ImageEncoder,
    /// The text encoder; exactly one architecture.
    pub text: TextEncoder,
}

/// What the text encoder reads of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReportText {
    /// The report as it is.
    Report,
    /// Its evidence phrases, one sentence each.
    Evidence,
}

/// Architectures of the image encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum ImageEncoder {
    /// A small residual CNN whose patches stay local; made for 64-pixel images on a CPU.
    PatchCnn(PatchCnn),
}

impl ImageEncoder {
    /// Side of the square input images, in pixels.
    pub fn size(&self) -> usize {
        match self {
            ImageEncoder::PatchCnn(settings) => settings.size,
        }
    }
}

/// A small residual CNN on space-to-depth input, with learned patch positions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PatchCnn {
    /// Side of the square input images, in pixels; a multiple of `patch`.
    #[schemars(range(min = 1))]
    pub size: usize,
    /// d, width of a patch feature.
    #[schemars(range(min = 1))]
    pub width: usize,
    /// Pixels that a patch covers; the patch map has (size / patch)² cells.
    #[schemars(range(min = 1))]
    pub patch: usize,
}

/// Architectures of the text encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum TextEncoder {
    /// A small convolutional network over word pieces learned on the corpus.
    TokenCnn(TokenCnn),
    /// A small pre-norm transformer over word pieces learned on the corpus.
    Transformer(Transformer),
}

impl TextEncoder {
    /// Largest number of word pieces in the vocabulary.
    pub fn vocabulary(&self) -> usize {
        match self {
            TextEncoder::TokenCnn(settings) => settings.vocabulary,
            TextEncoder::Transformer(settings) => settings.vocabulary,
        }
    }

    /// Longest report in tokens; longer ones are cut.
    pub fn max_tokens(&self) -> usize {
        match self {
            TextEncoder::TokenCnn(settings) => settings.max_tokens,
            TextEncoder::Transformer(settings) => settings.max_tokens,
        }
    }

    /// Longest evidence phrase or prompt in tokens.
    pub fn max_phrase_tokens(&self) -> usize {
        match self {
            TextEncoder::TokenCnn(settings) => settings.max_phrase_tokens,
            TextEncoder::Transformer(settings) => settings.max_phrase_tokens,
        }
    }
}

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

impl Encoder {
    pub(crate) fn check(&self, findings: &mut Findings<'_>) {
        match &self.image {
            ImageEncoder::PatchCnn(PatchCnn { size, patch, .. }) => findings.require(
                size.is_multiple_of(*patch),
                &["encoder.image.patch-cnn.size", "encoder.image.patch-cnn.patch"],
                format!("images of {size} pixels do not divide into patches of {patch} pixels"),
                "make `size` a multiple of `patch`",
            ),
        }
        let name = match &self.text {
            TextEncoder::TokenCnn(_) => "token-cnn",
            TextEncoder::Transformer(settings) => {
                settings.check(findings);
                "transformer"
            }
        };
        let (phrase, report) = (self.text.max_phrase_tokens(), self.text.max_tokens());
        findings.require(
            phrase <= report,
            &[&format!("encoder.text.{name}.max-phrase-tokens"), &format!("encoder.text.{name}.max-tokens")],
            format!("a phrase of {phrase} tokens is longer than the longest report ({report})"),
            "make `max-phrase-tokens` at most `max-tokens`",
        );
    }
}

impl Transformer {
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

#[cfg(test)]
mod tests {
    use crate::testing::refusal;

    #[test]
    fn sizes_that_do_not_divide_are_refused() {
        insta::assert_snapshot!(refusal(
            &[("e.toml", "[encoder.image.patch-cnn]\nsize = 60\n[encoder.text.transformer]\nheads = 5\n")],
            &["encoder.text.transformer.max-phrase-tokens=200"],
        ));
    }
}
