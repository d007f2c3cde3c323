//! Vectors of unit length.

use burn::tensor::Tensor;

/// Scales the vectors along the last dimension to unit length.
pub fn l2_normalise<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let norm = x.clone().square().sum_dim(D - 1).sqrt().clamp_min(1e-6);
    x / norm
}
