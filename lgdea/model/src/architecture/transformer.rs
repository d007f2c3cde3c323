//! A small pre-norm transformer encoder over word pieces.

use burn::module::{Module, Param};
use burn::nn::{Embedding, EmbeddingConfig, Initializer, Linear, LinearConfig};
use burn::tensor::{Bool, Device, Distribution, Int, Tensor};
use lgdea_kernel::relu;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Pieces, PyTorch, TextArchitecture};
use crate::attention::self_attention;
use crate::layer_norm::{self, LayerNorm};
use crate::precision::linear;

/// Which transformer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TransformerShape {
    /// Number of token ids.
    pub vocabulary: usize,
    /// Width of a token.
    pub width: usize,
    /// Layers.
    pub layers: usize,
    /// Attention heads.
    pub heads: usize,
    /// Longest text, in tokens.
    pub longest: usize,
}

/// Transformer over word pieces.
#[derive(Module, Debug)]
pub struct Transformer {
    token: Embedding,
    /// Learned positions, `[max tokens, width]`.
    position: Param<Tensor<2>>,
    layers: Vec<Layer>,
    norm: LayerNorm,
}

impl TextArchitecture for Transformer {
    type Settings = lgdea_spec::Transformer;
    type Shape = TransformerShape;

    fn shape(settings: &Self::Settings, pieces: Pieces, _: Option<&str>) -> Result<Self::Shape, String> {
        let lgdea_spec::Transformer { width, layers, heads, .. } = *settings;
        let longest = settings.max_tokens.max(settings.max_phrase_tokens);
        Ok(TransformerShape { vocabulary: pieces.count, width, layers, heads, longest })
    }

    fn new(shape: &Self::Shape, device: &Device) -> Self {
        let TransformerShape { vocabulary, width, layers, heads, longest } = *shape;
        let position = Tensor::random([longest, width], Distribution::Normal(0.0, 0.1), device);
        Self {
            token: EmbeddingConfig::new(vocabulary, width)
                .with_initializer(Initializer::Normal { mean: 0.0, std: 0.3 })
                .init(device),
            position: Param::from_tensor(position),
            layers: (0..layers).map(|_| Layer::new(width, heads, device)).collect(),
            norm: LayerNorm::new(width, layer_norm::EPSILON, device),
        }
    }

    fn width(shape: &Self::Shape) -> usize {
        shape.width
    }

    /// # Panics
    /// If the texts are longer than the positions that the network has.
    fn forward(&self, tokens: Tensor<2, Int>, padding: &Tensor<2, Bool>) -> Tensor<3> {
        let [_, length] = tokens.dims();
        let [longest, width] = self.position.val().dims();
        assert!(length <= longest, "a text of {length} tokens is longer than the {longest} positions");
        let position = self.position.val().slice([0..length, 0..width]).unsqueeze::<3>();
        let start = self.token.forward(tokens) + position;
        self.norm.forward(self.layers.iter().fold(start, |x, layer| layer.forward(x, padding)))
    }

    fn pytorch(shape: &Self::Shape) -> Option<PyTorch> {
        Some(PyTorch::Own { class: "Transformer", source: PYTORCH, arguments: json!(shape) })
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
        let attended = self_attention(attention, self.heads, self.norm_1.forward(x.clone()), (padding, None));
        let x = x + linear(&self.output, attended);
        // GELU's error function would be a tenth of a step on a CPU and gains nothing here.
        let between = relu(linear(&self.expand, self.norm_2.forward(x.clone())));
        x + linear(&self.contract, between)
    }
}

/// The same network in PyTorch.
const PYTORCH: &str = r#"
class TransformerLayer(nn.Module):
    """lgdea's small pre-norm transformer: one layer."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(width, width) for _ in range(4))
        self.expand, self.contract = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.norm_1, self.norm_2, self.heads = nn.LayerNorm(width), nn.LayerNorm(width), heads

    def forward(self, x, padding):
        texts, length, width = x.shape
        normed = self.norm_1(x)
        q, k, v = (
            linear(normed).view(texts, length, self.heads, -1).transpose(1, 2) for linear in (self.query, self.key, self.value)
        )
        scores = (q @ k.transpose(2, 3) / (width // self.heads) ** 0.5).masked_fill(padding[:, None, None], -1e9)
        x = x + self.output((scores.softmax(3) @ v).transpose(1, 2).reshape(texts, length, width))
        return x + self.contract(F.relu(self.expand(self.norm_2(x))))


class Transformer(nn.Module):
    """lgdea's small pre-norm transformer."""

    def __init__(self, vocabulary: int, longest: int, width: int, layers: int, heads: int):
        super().__init__()
        self.token = nn.Embedding(vocabulary, width)
        self.position = nn.Parameter(torch.zeros(longest, width))
        self.layers = nn.ModuleList(TransformerLayer(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, ids, padding):
        x = self.token(ids) + self.position[: ids.shape[1]]
        for layer in self.layers:
            x = layer(x, padding)
        return self.norm(x)
"#;

#[cfg(test)]
mod tests {
    use super::*;

    /// The layer in PyTorch relies on it.
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
