//! Residual convolutions over tokens.
//!
//! A token sees its neighbours, which is enough for "small left pleural effusion" and "no pneumothorax". On a few hundred
//! reports a transformer of the same size learns the reports by heart instead.

use burn::module::Module;
use burn::nn::{Embedding, EmbeddingConfig, Initializer, Linear, LinearConfig};
use burn::tensor::{Bool, Device, Int, Tensor};
use lgdea_kernel::{gelu, neighbours};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Pieces, PyTorch, TextArchitecture};
use crate::layer_norm::{self, LayerNorm};
use crate::precision::linear;

/// Which network.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TokenCnnShape {
    /// Number of token ids.
    pub vocabulary: usize,
    /// Width of a token.
    pub width: usize,
    /// Layers.
    pub layers: usize,
    /// Tokens on either side that a layer sees.
    pub reach: usize,
}

/// Convolutional network over word pieces.
#[derive(Module, Debug)]
pub struct TokenCnn {
    token: Embedding,
    layers: Vec<Layer>,
}

impl TextArchitecture for TokenCnn {
    type Settings = lgdea_spec::TokenCnn;
    type Shape = TokenCnnShape;

    fn shape(settings: &Self::Settings, pieces: Pieces, _: Option<&str>) -> Result<Self::Shape, String> {
        let lgdea_spec::TokenCnn { width, layers, reach, .. } = *settings;
        Ok(TokenCnnShape { vocabulary: pieces.count, width, layers, reach })
    }

    fn new(shape: &Self::Shape, device: &Device) -> Self {
        let TokenCnnShape { vocabulary, width, layers, reach } = *shape;
        Self {
            token: EmbeddingConfig::new(vocabulary, width)
                .with_initializer(Initializer::Normal { mean: 0.0, std: 0.3 })
                .init(device),
            layers: (0..layers).map(|_| Layer::new(width, reach, device)).collect(),
        }
    }

    fn width(shape: &Self::Shape) -> usize {
        shape.width
    }

    /// The states of `padding` are 0.
    fn forward(&self, tokens: Tensor<2, Int>, padding: &Tensor<2, Bool>) -> Tensor<3> {
        let embedded = self.token.forward(tokens);
        let padding = padding.clone().unsqueeze_dim::<3>(2).expand(embedded.dims());
        let start = embedded.mask_fill(padding.clone(), 0.0);
        self.layers.iter().fold(start, |hidden, layer| layer.forward(hidden).mask_fill(padding.clone(), 0.0))
    }

    fn pytorch(shape: &Self::Shape) -> Option<PyTorch> {
        Some(PyTorch::Own { class: "TokenCnn", source: PYTORCH, arguments: json!(shape) })
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
        let convolved = linear(&self.convolution, neighbours(x.clone(), self.reach));
        self.norm.forward(x + gelu(convolved))
    }
}

/// The same network in PyTorch.
const PYTORCH: &str = r#"
class TokenLayer(nn.Module):
    def __init__(self, width: int, reach: int):
        super().__init__()
        self.convolution = nn.Linear((2 * reach + 1) * width, width)
        self.norm = nn.LayerNorm(width)
        self.reach = reach

    def forward(self, x):
        length = x.shape[1]
        padded = F.pad(x, (0, 0, self.reach, self.reach))
        neighbours = torch.cat([padded[:, shift : shift + length] for shift in range(2 * self.reach + 1)], 2)
        return self.norm(x + F.gelu(self.convolution(neighbours)))


class TokenCnn(nn.Module):
    """lgdea's residual convolutions over tokens."""

    def __init__(self, vocabulary: int, width: int, layers: int, reach: int):
        super().__init__()
        self.token = nn.Embedding(vocabulary, width)
        self.layers = nn.ModuleList(TokenLayer(width, reach) for _ in range(layers))

    def forward(self, ids, padding):
        x = self.token(ids).masked_fill(padding[..., None], 0)
        for layer in self.layers:
            x = layer(x).masked_fill(padding[..., None], 0)
        return x
"#;
