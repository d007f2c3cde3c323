//! Operations with a backward pass of their own, and the arithmetic of an update: what lies below layers and losses.
//!
//! burn makes a layer norm of some ten reductions and broadcasts and differentiates each of them, which passes three times as
//! often over memory as the closed form does. Its gradient with respect to a convolution's weights is a convolution whose kernel is as large
//! as the output, which is the slow way where a product of matrices would do.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::float_cmp))]
#![allow(
    clippy::inline_always,
    reason = "loops get the processor's widest vectors only where they are part of what `flex::widest` runs"
)]
#![cfg_attr(
    feature = "libtorch",
    expect(deprecated, reason = "burn-tch is why burn is pinned: see ARCHITECTURE.md, decision 1")
)]

mod batch_norm;
mod columns;
mod convolution;
mod dense;
mod depthwise;
mod flex;
mod gelu;
mod gradient;
mod layer_norm;
#[cfg(feature = "libtorch")]
mod libtorch;
mod linear;
mod neighbours;
mod normalise;
mod planes;
mod product;
mod relu;
mod rows;
mod softmax;
#[cfg(test)]
mod testing;
mod update;
mod window;

pub use batch_norm::batch_norm;
pub use convolution::convolution;
pub use gelu::gelu;
pub use layer_norm::layer_norm;
pub use linear::linear;
pub use neighbours::neighbours;
pub use normalise::l2_normalise;
pub use relu::{relu, relu6};
pub use softmax::softmax;
pub use update::{Pace, adamw, blend};

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution, Tensor};

    use super::*;

    #[test]
    fn nothing_is_recorded_without_gradients() {
        let x = Tensor::<2>::random([3, 4], Distribution::Default, &Device::flex());
        let ones = Tensor::ones([4], &Device::flex());
        assert!(!softmax(x.clone()).device().is_autodiff());
        assert!(!layer_norm(x, ones.clone(), ones, 1e-5).device().is_autodiff());
    }
}
