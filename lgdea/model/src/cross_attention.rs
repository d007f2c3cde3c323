//! Attention of one modality's tokens over the other's.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Bool, Device, Tensor};

use crate::fused::softmax;
use crate::precision::linear;

/// Single-head cross-attention (Vaswani et al. 2017).
#[derive(Module, Debug)]
pub struct CrossAttention {
    query: Linear,
    key: Linear,
    value: Linear,
}

impl CrossAttention {
    /// Random projections of width `dim`.
    pub fn new(dim: usize, device: &Device) -> Self {
        let linear = || LinearConfig::new(dim, dim).init(device);
        Self { query: linear(), key: linear(), value: linear() }
    }

    /// What `tokens` `[batch, n, dim]` gather from `others` `[batch, m, dim]`, those of `padding` `[batch, m]` left out.
    pub fn forward(&self, tokens: Tensor<3>, others: Tensor<3>, padding: Option<Tensor<2, Bool>>) -> Tensor<3> {
        let [batch, count, dim] = tokens.dims();
        let [_, length, _] = others.dims();
        let keys = linear(&self.key, others.clone()).swap_dims(1, 2);
        let mut scores = linear(&self.query, tokens).matmul(keys) / (dim as f64).sqrt();
        if let Some(padding) = padding {
            scores = scores.mask_fill(padding.unsqueeze_dim::<3>(1).expand([batch, count, length]), -1e4);
        }
        softmax(scores).matmul(linear(&self.value, others))
    }
}
