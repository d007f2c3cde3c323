//! A small pre-norm transformer encoder over word pieces.

use burn::module::{Module, Param};
use burn::nn::{Embedding, EmbeddingConfig, Initializer, Linear, LinearConfig};
use burn::tensor::{Bool, Device, Distribution, Int, Tensor};
use lgdea_kernel::relu;

use crate::attention::self_attention;
use crate::layer_norm::{self, LayerNorm};
use crate::precision::linear;

/// Transformer over word pieces.
#[derive(Module, Debug)]
pub struct Transformer {
    token: Embedding,
    /// Learned positions, `[max tokens, width]`.
    position: Param<Tensor<2>>,
    layers: Vec<Layer>,
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
            layers: (0..settings.layers).map(|_| Layer::new(width, settings.heads, device)).collect(),
            norm: LayerNorm::new(width, layer_norm::EPSILON, device),
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
        let start = self.token.forward(tokens) + position;
        self.norm.forward(self.layers.iter().fold(start, |x, layer| layer.forward(x, padding)))
    }
}

/// `x + attention(norm(x))`, and the same with a perceptron of twice the width.
#[derive(Module, Debug)]
struct Layer {
    norm_1: LayerNorm,
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    norm_2: LayerNorm,
    expand: Linear,
    contract: Linear,
    heads: usize,
}

impl Layer {
    fn new(width: usize, heads: usize, device: &Device) -> Self {
        let linear = |input: usize, output: usize| LinearConfig::new(input, output).init(device);
        let norm = || LayerNorm::new(width, layer_norm::EPSILON, device);
        Self {
            norm_1: norm(),
            query: linear(width, width),
            key: linear(width, width),
            value: linear(width, width),
            output: linear(width, width),
            norm_2: norm(),
            expand: linear(width, 2 * width),
            contract: linear(2 * width, width),
            heads,
        }
    }

    fn forward(&self, x: Tensor<3>, padding: &Tensor<2, Bool>) -> Tensor<3> {
        let attention = [&self.query, &self.key, &self.value];
        let attended = self_attention(attention, self.heads, self.norm_1.forward(x.clone()), padding);
        let x = x + linear(&self.output, attended);
        // GELU's error function would be a tenth of a step on a CPU and gains nothing here.
        let between = relu(linear(&self.expand, self.norm_2.forward(x.clone())));
        x + linear(&self.contract, between)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `lgdea.py` of an export relies on it.
    #[test]
    fn the_first_norm_is_attentions_and_the_second_the_perceptrons() {
        let device = Device::flex();
        device.seed(1);
        let layer = Layer::new(8, 2, &device);
        let x = Tensor::random([2, 3, 8], Distribution::Normal(0.0, 1.0), &device);
        let padding = Tensor::<2, Bool>::full([2, 3], false, &device);
        // Without its second matrix the perceptron adds the same to all tokens, whatever its norm says.
        let mut alone = layer.clone();
        alone.contract.weight = alone.contract.weight.map(|weight| weight * 0.0);
        let change = |touched: &Layer| {
            let change = touched.forward(x.clone(), &padding) - alone.forward(x.clone(), &padding);
            change.abs().max().into_scalar::<f32>()
        };
        let (mut first, mut second) = (alone.clone(), alone.clone());
        first.norm_1 = LayerNorm::new(8, 1.0, &device);
        second.norm_2 = LayerNorm::new(8, 1.0, &device);
        assert!(change(&first) > 1e-3);
        assert!(change(&second) < 1e-6);
    }
}
