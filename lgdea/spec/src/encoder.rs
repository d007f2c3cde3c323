use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The two towers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Encoder {
    /// D, width of the shared embedding.
    pub dim: usize,
    /// The image encoder; exactly one architecture.
    pub image: ImageEncoder,
    /// The text encoder; exactly one architecture.
    pub text: TextEncoder,
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
    pub size: usize,
    /// d, width of a patch feature.
    pub width: usize,
    /// Pixels that a patch covers; the patch map has (size / patch)² cells.
    pub patch: usize,
}

/// Architectures of the text encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum TextEncoder {
    /// A small pre-norm transformer over word pieces learned on the corpus.
    Transformer(Transformer),
}

/// A small pre-norm transformer encoder with attention pooling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Transformer {
    /// Width of a token.
    pub width: usize,
    /// Number of layers.
    pub layers: usize,
    /// Attention heads.
    pub heads: usize,
    /// Largest number of word pieces in the vocabulary.
    pub vocabulary: usize,
    /// Longest report in tokens; longer ones are cut.
    pub max_tokens: usize,
    /// Longest evidence phrase or prompt in tokens.
    pub max_phrase_tokens: usize,
}
