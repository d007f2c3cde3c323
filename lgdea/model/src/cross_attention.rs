//! Attention of one modality's tokens over the other's.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Bool, Device, Tensor};

use crate::attention::{attend, unseen};
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
        let one_head = [linear(&self.query, tokens), linear(&self.key, others.clone()), linear(&self.value, others)]
            .map(|x| x.unsqueeze_dim::<4>(1));
        attend(&self.query, one_head, padding.as_ref().map(unseen)).squeeze_dim::<3>(1)
    }
}
