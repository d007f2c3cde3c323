//! What the tests of several operations need.

use burn::tensor::{Device, Distribution, Tensor};

/// Random numbers that have a gradient.
pub(crate) fn random<const D: usize>(dims: [usize; D]) -> Tensor<D> {
    let device = Device::flex().autodiff();
    (Tensor::random(dims, Distribution::Normal(0.5, 2.0), &device)).require_grad()
}

/// Greatest difference, of the greatest value.
pub(crate) fn gap<const D: usize>(one: Tensor<D>, two: Tensor<D>) -> f32 {
    let most = two.clone().abs().max().into_scalar::<f32>();
    (one - two).abs().max().into_scalar::<f32>() / most
}
