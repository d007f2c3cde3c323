//! A small pre-norm transformer encoder over word pieces.

use burn::module::{Module, Param};
use burn::nn::activation::ActivationConfig;
use burn::nn::transformer::{TransformerEncoder, TransformerEncoderConfig, TransformerEncoderInput};
use burn::nn::{Embedding, EmbeddingConfig, Initializer, LayerNorm, LayerNormConfig};
use burn::tensor::{Bool, Device, Distribution, Int, Tensor};

/// Transformer over word pieces.
#[derive(Module, Debug)]
pub struct Transformer {
    token: Embedding,
    /// Learned positions, `[max tokens, width]`.
    position: Param<Tensor<2>>,
    layers: TransformerEncoder,
    norm: LayerNorm,
}

impl Transformer {
    /// A network with random weights.
    pub fn new(settings: &lgdea_spec::Transformer, vocabulary: usize, device: &Device) -> Self {
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
        }
    }

    /// Hidden states `[texts, tokens, width]` of token ids `[texts, tokens]`; none attends to `padding`.
    ///
    /// # Panics
    ///
    /// If the texts are longer than the positions that the network has.
    pub fn forward(&self, tokens: Tensor<2, Int>, padding: &Tensor<2, Bool>) -> Tensor<3> {
        let [_, length] = tokens.dims();
        let [longest, width] = self.position.val().dims();
        assert!(length <= longest, "a text of {length} tokens is longer than the {longest} positions");
        let position = self.position.val().slice([0..length, 0..width]).unsqueeze::<3>();
        let input = TransformerEncoderInput::new(self.token.forward(tokens) + position).mask_pad(padding.clone());
        self.norm.forward(self.layers.forward(input))
    }
}
