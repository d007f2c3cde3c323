//! The text tower: one encoder for reports, evidence phrases and prompts.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Device, Int, Tensor};

use crate::{PAD, TokenCnn, Transformer, l2_normalise};

/// The text encoder of an experiment: an architecture, attention pooling over its tokens, and the head that makes the
/// embedding.
#[derive(Module, Debug)]
pub struct TextEncoder {
    backbone: Backbone,
    /// Scores tokens for the pooling, width to 1.
    pool: Linear,
    /// Width to embedding width.
    head: Linear,
}

/// Architectures of the text encoder.
#[derive(Module, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one of it in a model, and it holds handles")]
enum Backbone {
    TokenCnn(TokenCnn),
    Transformer(Transformer),
}

/// What the text tower says of a batch of texts.
#[derive(Debug, Clone)]
pub struct TextFeatures {
    /// Embeddings `r` or `z`, unit length, `[texts, D]`.
    pub global: Tensor<2>,
    /// Projected tokens, unit length, `[texts, tokens, D]`.
    pub tokens: Tensor<3>,
    /// Whether a place is padding, `[texts, tokens]`.
    pub padding: Tensor<2, Bool>,
}

impl TextEncoder {
    /// An encoder with random weights for `vocabulary` token ids and embedding width `dim`.
    pub fn new(settings: &lgdea_spec::TextEncoder, vocabulary: usize, dim: usize, device: &Device) -> Self {
        let (backbone, width) = match settings {
            lgdea_spec::TextEncoder::TokenCnn(cnn) => {
                (Backbone::TokenCnn(TokenCnn::new(cnn, vocabulary, device)), cnn.width)
            }
            lgdea_spec::TextEncoder::Transformer(transformer) => {
                (Backbone::Transformer(Transformer::new(transformer, vocabulary, device)), transformer.width)
            }
        };
        let (pool, head) = (LinearConfig::new(width, 1).init(device), LinearConfig::new(width, dim).init(device));
        Self { backbone, pool, head }
    }

    /// Unit-length embeddings `[texts, D]` of token ids `[texts, tokens]`, padded with [`PAD`].
    pub fn forward(&self, tokens: Tensor<2, Int>) -> Tensor<2> {
        let padding = tokens.clone().equal_scalar(PAD);
        let hidden = self.hidden(tokens, &padding);
        self.embed(hidden, padding)
    }

    /// As [`Self::forward`], with the tokens that local alignment needs.
    pub fn features(&self, tokens: Tensor<2, Int>) -> TextFeatures {
        let padding = tokens.clone().equal_scalar(PAD);
        let hidden = self.hidden(tokens, &padding);
        let tokens = l2_normalise(self.head.forward(hidden.clone()));
        TextFeatures { global: self.embed(hidden, padding.clone()), tokens, padding }
    }

    /// `[texts, tokens, width]`.
    fn hidden(&self, tokens: Tensor<2, Int>, padding: &Tensor<2, Bool>) -> Tensor<3> {
        match &self.backbone {
            Backbone::TokenCnn(cnn) => cnn.forward(tokens, padding),
            Backbone::Transformer(transformer) => transformer.forward(tokens, padding),
        }
    }

    fn embed(&self, hidden: Tensor<3>, padding: Tensor<2, Bool>) -> Tensor<2> {
        let scores = self.pool.forward(hidden.clone()).mask_fill(padding.unsqueeze_dim::<3>(2), -1e4);
        let pooled = (softmax(scores, 1) * hidden).sum_dim(1).squeeze_dim::<2>(1);
        l2_normalise(self.head.forward(pooled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoders() -> [TextEncoder; 2] {
        let device = Device::flex();
        device.seed(3);
        let (width, layers, vocabulary, max_tokens, max_phrase_tokens) = (16, 2, 20, 12, 4);
        let cnn = lgdea_spec::TokenCnn { width, layers, reach: 2, vocabulary, max_tokens, max_phrase_tokens };
        let transformer =
            lgdea_spec::Transformer { width, layers, heads: 2, vocabulary, max_tokens, max_phrase_tokens };
        [lgdea_spec::TextEncoder::TokenCnn(cnn), lgdea_spec::TextEncoder::Transformer(transformer)]
            .map(|settings| TextEncoder::new(&settings, vocabulary, 8, &device))
    }

    fn ids(rows: &[i32]) -> Tensor<2, Int> {
        Tensor::<1, Int>::from_data(rows, &Device::flex()).unsqueeze::<2>()
    }

    fn gap<const D: usize>(one: Tensor<D>, two: Tensor<D>) -> f32 {
        (one - two).abs().max().into_scalar::<f32>()
    }

    #[test]
    fn padding_changes_nothing() {
        for encoder in encoders() {
            let short = encoder.features(ids(&[5, 6, 7]));
            let padded = encoder.features(ids(&[5, 6, 7, 0, 0, 0]));
            assert!(gap(short.global.clone(), padded.global) < 1e-5, "{encoder:?}");
            assert!(gap(short.tokens, padded.tokens.narrow(1, 0, 3)) < 1e-5, "{encoder:?}");
            assert!(gap(short.global, encoder.forward(ids(&[5, 6, 7]))) < 1e-6, "{encoder:?}");
        }
    }

    #[test]
    fn order_counts() {
        for encoder in encoders() {
            assert!(gap(encoder.forward(ids(&[5, 6, 7, 8])), encoder.forward(ids(&[6, 5, 8, 7]))) > 1e-3);
        }
    }
}
