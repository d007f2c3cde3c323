//! Lesion queries: tokens that gather lesion-level cues from the patches.

use burn::module::{Module, Param};
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::activation::{gelu, softmax};
use burn::tensor::{Device, Distribution, Tensor};

use crate::l2_normalise;

/// Learned queries `q_l` that attend to patches, and the head `φ` that projects what they gather.
#[derive(Module, Debug)]
pub struct LesionQueries {
    /// `[L, d]`.
    query: Param<Tensor<2>>,
    key: Linear,
    value: Linear,
    head_norm: LayerNorm,
    head_expand: Linear,
    head_project: Linear,
}

/// Lesion tokens of a batch of images.
#[derive(Debug, Clone)]
pub struct LesionTokens {
    /// `φ(v_l)`, unit length, `[images, L, D]`.
    pub tokens: Tensor<3>,
    /// Attention of each query over patches, `[images, L, patches]`.
    pub attention: Tensor<3>,
}

impl LesionQueries {
    /// `queries` random queries over patches of width `patch_dim`, projected to `dim`.
    pub fn new(queries: usize, patch_dim: usize, dim: usize, device: &Device) -> Self {
        let query = Tensor::random([queries, patch_dim], Distribution::Normal(0.0, 0.5), device);
        Self {
            query: Param::from_tensor(query),
            key: LinearConfig::new(patch_dim, patch_dim).init(device),
            value: LinearConfig::new(patch_dim, patch_dim).init(device),
            head_norm: LayerNormConfig::new(patch_dim).init(device),
            head_expand: LinearConfig::new(patch_dim, 2 * patch_dim).init(device),
            head_project: LinearConfig::new(2 * patch_dim, dim).init(device),
        }
    }

    /// `v_l = Σ_p softmax_p(q_l · W_k h_p / √d) W_v h_p`, projected by `φ`, for patches `h` `[images, patches, d]`.
    pub fn forward(&self, patches: Tensor<3>) -> LesionTokens {
        let [_, _, d] = patches.dims();
        let keys = self.key.forward(patches.clone());
        let scores = self.query.val().unsqueeze::<3>().matmul(keys.swap_dims(1, 2));
        let attention = softmax(scores / (d as f64).sqrt(), 2);
        let gathered = attention.clone().matmul(self.value.forward(patches));
        LesionTokens { tokens: self.project(gathered), attention }
    }

    /// `φ(W_v h_p)`: what a query would gather that looked at one patch alone, `[images, patches, D]`.
    pub fn patch_tokens(&self, patches: Tensor<3>) -> Tensor<3> {
        self.project(self.value.forward(patches))
    }

    /// `φ`: layer norm, two-layer perceptron, unit length.
    fn project(&self, gathered: Tensor<3>) -> Tensor<3> {
        let hidden = gelu(self.head_expand.forward(self.head_norm.forward(gathered)));
        l2_normalise(self.head_project.forward(hidden))
    }
}
