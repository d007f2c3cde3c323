//! Lesion queries: tokens that gather lesion-level cues from the patches.

use burn::module::{Module, Param};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Distribution, Tensor};
use lgdea_kernel::{gelu, l2_normalise, softmax};

use crate::layer_norm::{self, LayerNorm};
use crate::precision::linear;

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
            head_norm: LayerNorm::new(patch_dim, layer_norm::EPSILON, device),
            head_expand: LinearConfig::new(patch_dim, 2 * patch_dim).init(device),
            head_project: LinearConfig::new(2 * patch_dim, dim).init(device),
        }
    }

    /// `v_l = Σ_p softmax_p(q_l · W_k h_p / √d) W_v h_p`, projected by `φ`, for patches `h` `[images, patches, d]`.
    pub fn forward(&self, patches: Tensor<3>) -> LesionTokens {
        let [images, count, d] = patches.dims();
        let [lesions, _] = self.query.val().dims();
        // `W_k` is applied to the few queries instead of the many patches, and `W_v` to what is gathered. The bias of the keys
        // is the same for all patches, which softmax does not see; that of the values is added once, as weights sum to 1.
        let queries = self.key.weight.val().matmul(self.query.val().transpose());
        let scores = patches.clone().reshape([images * count, d]).matmul(queries / (d as f64).sqrt());
        let attention = softmax(scores.reshape([images, count, lesions]).swap_dims(1, 2));
        let gathered = linear(&self.value, attention.clone().matmul(patches));
        LesionTokens { tokens: self.project(gathered), attention }
    }

    /// `φ(W_v h_p)`: what a query would gather that looked at one patch alone, `[images, patches, D]`.
    pub fn patch_tokens(&self, patches: Tensor<3>) -> Tensor<3> {
        self.project(linear(&self.value, patches))
    }

    /// `φ`: layer norm, two-layer perceptron, unit length.
    fn project(&self, gathered: Tensor<3>) -> Tensor<3> {
        let hidden = gelu(linear(&self.head_expand, self.head_norm.forward(gathered)));
        l2_normalise(linear(&self.head_project, hidden))
    }
}
