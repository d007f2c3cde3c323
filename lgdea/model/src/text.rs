//! The text tower: one encoder for reports, evidence phrases and prompts.

use std::path::Path;

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Device, FloatDType, Int, Tensor};
use lgdea_kernel::l2_normalise;
use lgdea_spec::BertPooling;

use crate::precision::linear;
use crate::weights::{self, Loaded, Naming, Place, WeightsError};
use crate::{Bert, ModelShape, PAD, TokenCnn, Transformer, precision};

/// The text encoder of an experiment: an architecture, attention pooling over its tokens, and the head that makes the
/// embedding.
#[derive(Module, Debug)]
pub struct TextEncoder {
    backbone: Backbone,
    /// Scores tokens for the pooling, width to 1; none where the architecture has a pooling of its own.
    pool: Option<Linear>,
    /// Width to embedding width.
    head: Linear,
}

/// Architectures of the text encoder.
#[derive(Module, Debug)]
enum Backbone {
    TokenCnn(TokenCnn),
    Transformer(Transformer),
    Bert(PooledBert),
}

/// BERT and how its tokens make an embedding.
#[derive(Module, Debug)]
struct PooledBert {
    bert: Bert,
    #[module(skip)]
    pooling: BertPooling,
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
    /// An encoder with random weights for embedding width `dim`.
    ///
    /// # Panics
    ///
    /// If the experiment has a BERT, and `shape` no shape of it.
    pub fn new(settings: &lgdea_spec::TextEncoder, shape: &ModelShape, dim: usize, device: &Device) -> Self {
        let vocabulary = shape.vocabulary;
        let (backbone, width) = match settings {
            lgdea_spec::TextEncoder::TokenCnn(cnn) => {
                (Backbone::TokenCnn(TokenCnn::new(cnn, vocabulary, device)), cnn.width)
            }
            lgdea_spec::TextEncoder::Transformer(transformer) => {
                (Backbone::Transformer(Transformer::new(transformer, vocabulary, device)), transformer.width)
            }
            lgdea_spec::TextEncoder::Bert(bert) => {
                let shape = shape.bert.as_ref().expect("whoever reads a BERT's word pieces reads its shape");
                let pooled = PooledBert { bert: Bert::new(shape, device), pooling: bert.pooling };
                (Backbone::Bert(pooled), shape.hidden_size)
            }
        };
        let pool = (!matches!(backbone, Backbone::Bert(_))).then(|| LinearConfig::new(width, 1).init(device));
        Self { backbone, pool, head: LinearConfig::new(width, dim).init(device) }
    }

    /// Itself with a network in another precision ([`precision::cast`]) where it is a published one; pooling and head stay as
    /// they are.
    pub fn cast(self, to: FloatDType) -> Self {
        let backbone = match self.backbone {
            Backbone::Bert(PooledBert { bert, pooling }) => {
                Backbone::Bert(PooledBert { bert: precision::cast(bert, to), pooling })
            }
            small @ (Backbone::TokenCnn(_) | Backbone::Transformer(_)) => small,
        };
        Self { backbone, ..self }
    }

    /// Replaces the architecture's weights by those of a file; the head stays as it is.
    ///
    /// # Errors
    /// The file cannot be read or does not fit.
    pub fn load(&mut self, place: Place<'_>) -> Result<Loaded, WeightsError> {
        match &mut self.backbone {
            Backbone::TokenCnn(cnn) => weights::load(cnn, Naming::OURS, place),
            Backbone::Transformer(transformer) => weights::load(transformer, Naming::OURS, place),
            Backbone::Bert(pooled) => weights::load(&mut pooled.bert, Bert::NAMING, place),
        }
    }

    /// Writes the architecture's weights, without pooling and head, with the names that its files have.
    ///
    /// # Errors
    /// What the file system says.
    pub fn save(&self, path: &Path) -> Result<(), WeightsError> {
        match &self.backbone {
            Backbone::TokenCnn(cnn) => weights::save(cnn, Naming::OURS, path),
            Backbone::Transformer(transformer) => weights::save(transformer, Naming::OURS, path),
            Backbone::Bert(pooled) => weights::save(&pooled.bert, Bert::NAMING, path),
        }
    }

    /// Unit-length embeddings `[texts, D]` of token ids `[texts, tokens]`, padded with [`PAD`].
    pub fn forward(&self, tokens: Tensor<2, Int>) -> Tensor<2> {
        self.embed(self.hidden(tokens.clone()), tokens)
    }

    /// As [`Self::forward`], with the tokens that local alignment needs.
    pub fn features(&self, tokens: Tensor<2, Int>) -> TextFeatures {
        self.embed_all(self.hidden(tokens.clone()), tokens)
    }

    /// The architecture's states of tokens `[texts, tokens, width]`, of token ids `[texts, tokens]`, padded with [`PAD`].
    pub fn hidden(&self, tokens: Tensor<2, Int>) -> Tensor<3> {
        let padding = tokens.clone().equal_scalar(PAD);
        match &self.backbone {
            Backbone::TokenCnn(cnn) => cnn.forward(tokens, &padding),
            Backbone::Transformer(transformer) => transformer.forward(tokens, &padding),
            Backbone::Bert(PooledBert { bert, pooling }) => {
                let states = bert.forward(tokens, &padding);
                if *pooling == BertPooling::LastFour { states.last_four } else { states.last }
            }
        }
    }

    /// As [`Self::embed`], with the tokens that local alignment needs.
    pub fn embed_all(&self, hidden: Tensor<3>, tokens: Tensor<2, Int>) -> TextFeatures {
        let padding = tokens.clone().equal_scalar(PAD);
        let embeddings = l2_normalise(linear(&self.head, hidden.clone()));
        TextFeatures { global: self.pooled(hidden, padding.clone()), tokens: embeddings, padding }
    }

    /// What pooling and head make of [`Self::hidden`] states of `tokens`: unit-length embeddings `[texts, D]`.
    pub fn embed(&self, hidden: Tensor<3>, tokens: Tensor<2, Int>) -> Tensor<2> {
        self.pooled(hidden, tokens.equal_scalar(PAD))
    }

    fn pooled(&self, hidden: Tensor<3>, padding: Tensor<2, Bool>) -> Tensor<2> {
        let pooled = match (&self.pool, &self.backbone) {
            (Some(pool), _) => {
                let scores = linear(pool, hidden.clone()).mask_fill(padding.unsqueeze_dim::<3>(2), -1e4);
                (softmax(scores, 1) * hidden).sum_dim(1)
            }
            (None, Backbone::Bert(PooledBert { pooling: BertPooling::Cls, .. })) => hidden.narrow(1, 0, 1),
            (None, _) => mean_of_tokens(hidden, padding),
        };
        l2_normalise(self.head.forward(pooled.squeeze_dim::<2>(1)))
    }
}

/// Mean over a text's tokens, `[texts, 1, width]`; 0 where all is padding.
fn mean_of_tokens(hidden: Tensor<3>, padding: Tensor<2, Bool>) -> Tensor<3> {
    let present = padding.bool_not().float().unsqueeze_dim::<3>(2);
    let count = present.clone().sum_dim(1).clamp_min(1.0);
    (hidden * present).sum_dim(1) / count
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
            .map(|settings| TextEncoder::new(&settings, &ModelShape { vocabulary, classes: 0, bert: None }, 8, &device))
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
