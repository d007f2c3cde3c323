//! A small pre-norm transformer encoder with attention pooling.

use burn::module::{Module, Param};
use burn::nn::activation::ActivationConfig;
use burn::nn::transformer::{TransformerEncoder, TransformerEncoderConfig, TransformerEncoderInput};
use burn::nn::{Embedding, EmbeddingConfig, Initializer, LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Distribution, Int, Tensor};

use crate::{PAD, l2_normalise};

/// Transformer over word pieces.
#[derive(Module, Debug)]
pub struct Transformer {
    token: Embedding,
    /// Learned positions, `[max tokens, width]`.
    position: Param<Tensor<2>>,
    layers: TransformerEncoder,
    norm: LayerNorm,
    /// Scores tokens for the pooling, width to 1.
    pool: Linear,
    /// Width to embedding width.
    head: Linear,
}

impl Transformer {
    /// A network with random weights.
    pub fn new(settings: &lgdea_spec::Transformer, vocabulary: usize, dim: usize, device: &Device) -> Self {
        let width = settings.width;
        let longest = settings.max_tokens.max(settings.max_phrase_tokens);
        let position = Tensor::random([longest, width], Distribution::Normal(0.0, 0.1), device);
        Self {
            token: EmbeddingConfig::new(vocabulary, width)
                .with_initializer(Initializer::Normal { mean: 0.0, std: 0.3 })
                .init(device),
            position: Param::from_tensor(position),
            layers: TransformerEncoderConfig::new(width, 2 * width, settings.heads, settings.layers)
                .with_norm_first(true)
                .with_dropout(0.0)
                // GELU's error function is a tenth of a step on a CPU and gains nothing here.
                .with_activation(ActivationConfig::Relu)
                .init(device),
            norm: LayerNormConfig::new(width).init(device),
            pool: LinearConfig::new(width, 1).init(device),
            head: LinearConfig::new(width, dim).init(device),
        }
    }

    /// Unit-length embeddings `[texts, D]` of token ids `[texts, tokens]`, padded with [`PAD`].
    ///
    /// # Panics
    ///
    /// If the texts are longer than the positions that the network has.
    pub fn forward(&self, tokens: Tensor<2, Int>) -> Tensor<2> {
        let [texts, length] = tokens.dims();
        let [longest, width] = self.position.val().dims();
        assert!(length <= longest, "a text of {length} tokens is longer than the {longest} positions");
        let padding = tokens.clone().equal_scalar(PAD);
        let position = self.position.val().slice([0..length, 0..width]).unsqueeze::<3>();
        let embedded = self.token.forward(tokens) + position;
        let input = TransformerEncoderInput::new(embedded).mask_pad(padding.clone());
        let hidden = self.norm.forward(self.layers.forward(input));
        let scores = self.pool.forward(hidden.clone()).mask_fill(padding.reshape([texts, length, 1]), -1e4);
        let pooled = (softmax(scores, 1) * hidden).sum_dim(1).squeeze_dim::<2>(1);
        l2_normalise(self.head.forward(pooled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_changes_nothing() {
        let device = Device::flex();
        device.seed(3);
        let settings = lgdea_spec::Transformer {
            width: 16,
            layers: 2,
            heads: 2,
            vocabulary: 20,
            max_tokens: 12,
            max_phrase_tokens: 4,
        };
        let network = Transformer::new(&settings, 20, 8, &device);
        let short = Tensor::<2, Int>::from_data([[5, 6, 7]], &device);
        let padded = Tensor::<2, Int>::from_data([[5, 6, 7, 0, 0, 0]], &device);
        let gap = (network.forward(short) - network.forward(padded)).abs().max().into_scalar::<f32>();
        assert!(gap < 1e-5, "padding moved the embedding by {gap}");
    }
}
