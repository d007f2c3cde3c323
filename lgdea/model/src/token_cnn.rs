//! Residual convolutions over tokens.
//!
//! A token sees its neighbours, which is enough for "small left pleural effusion" and "no pneumothorax". On a few hundred
//! reports a transformer of the same size learns the reports by heart instead.

use burn::module::Module;
use burn::nn::{Embedding, EmbeddingConfig, Initializer, Linear, LinearConfig};
use burn::tensor::activation::gelu;
use burn::tensor::{Bool, Device, Int, Tensor};

use crate::layer_norm::{self, LayerNorm};
use crate::precision::linear;

/// Convolutional network over word pieces.
#[derive(Module, Debug)]
pub struct TokenCnn {
    token: Embedding,
    layers: Vec<Layer>,
}

impl TokenCnn {
    /// A network with random weights.
    pub fn new(settings: &lgdea_spec::TokenCnn, vocabulary: usize, device: &Device) -> Self {
        let lgdea_spec::TokenCnn { width, layers, reach, .. } = *settings;
        Self {
            token: EmbeddingConfig::new(vocabulary, width)
                .with_initializer(Initializer::Normal { mean: 0.0, std: 0.3 })
                .init(device),
            layers: (0..layers).map(|_| Layer::new(width, reach, device)).collect(),
        }
    }

    /// Hidden states `[texts, tokens, width]` of token ids `[texts, tokens]`; those of `padding` are 0.
    pub fn forward(&self, tokens: Tensor<2, Int>, padding: &Tensor<2, Bool>) -> Tensor<3> {
        let embedded = self.token.forward(tokens);
        let padding = padding.clone().unsqueeze_dim::<3>(2).expand(embedded.dims());
        let start = embedded.mask_fill(padding.clone(), 0.0);
        self.layers.iter().fold(start, |hidden, layer| layer.forward(hidden).mask_fill(padding.clone(), 0.0))
    }
}

/// `LayerNorm(x + GELU(convolution(x)))`.
#[derive(Module, Debug)]
struct Layer {
    /// The convolution as one matrix product: `(2 · reach + 1) · width` to width.
    convolution: Linear,
    norm: LayerNorm,
    reach: usize,
}

impl Layer {
    fn new(width: usize, reach: usize, device: &Device) -> Self {
        Self {
            convolution: LinearConfig::new((2 * reach + 1) * width, width).init(device),
            norm: LayerNorm::new(width, layer_norm::EPSILON, device),
            reach,
        }
    }

    /// `[texts, tokens, width]` to the same.
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [texts, length, width] = x.dims();
        let edge = Tensor::zeros([texts, self.reach, width], &x.device());
        let padded = Tensor::cat(vec![edge.clone(), x.clone(), edge], 1);
        let neighbours = (0..=2 * self.reach).map(|shift| padded.clone().narrow(1, shift, length)).collect();
        let convolved = linear(&self.convolution, Tensor::cat(neighbours, 2));
        self.norm.forward(x + gelu(convolved))
    }
}
