//! Layer norm.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

/// ε where an architecture does not say another.
pub(crate) const EPSILON: f64 = 1e-5;

/// Layer norm (Ba, Kiros and Hinton 2016) over the last dimension: burn's, with a backward pass of its own.
#[derive(Module, Debug)]
pub(crate) struct LayerNorm {
    gamma: Param<Tensor<1>>,
    beta: Param<Tensor<1>>,
    epsilon: f64,
}

impl LayerNorm {
    /// A norm that scales by 1 and shifts by 0.
    pub(crate) fn new(width: usize, epsilon: f64, device: &Device) -> Self {
        Self {
            gamma: Param::from_tensor(Tensor::ones([width], device)),
            beta: Param::from_tensor(Tensor::zeros([width], device)),
            epsilon,
        }
    }

    /// `[…, width]` to the same.
    pub(crate) fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        lgdea_kernel::layer_norm(x, self.gamma.val(), self.beta.val(), self.epsilon)
    }
}
