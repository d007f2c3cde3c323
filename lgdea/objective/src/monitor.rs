//! Watches for collapse of the evidence space.

use burn::tensor::Tensor;

/// `H(mean_n p(·|z_n)) / log K`, `[1]`: how evenly the prototypes are used. Near 0 when few are alive.
pub fn entropy_of_mean(distributions: Tensor<2>) -> Tensor<1> {
    let mean = distributions.mean_dim(0);
    mean_entropy(mean)
}

/// `mean_n H(p(·|z_n)) / log K`, `[1]`: near 1 when every phrase spreads over all prototypes, which the entropy of the
/// mean does not show.
pub fn mean_entropy(distributions: Tensor<2>) -> Tensor<1> {
    let [_, prototypes] = distributions.dims();
    let log = (distributions.clone() + 1e-9).log();
    (distributions * log).sum_dim(1).mean().neg() / (prototypes as f64).ln().max(f64::MIN_POSITIVE)
}
