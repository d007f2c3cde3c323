//! Watches for collapse of the evidence space.

use burn::tensor::Tensor;

/// A prototype is dead where it has less than this share of an even one, `1 / K`.
const DEAD_SHARE: f64 = 0.05;

/// Share of dead prototypes, `[1]`: those that have less than `1 / 20K` of both the mean phrase's evidence and the mean
/// report's. Both are asked, because a phrase that half of the reports have is one of hundreds, and a rare finding is in
/// few reports.
pub fn dead_prototypes(phrases: Tensor<2>, reports: Tensor<2>) -> Tensor<1> {
    let [_, prototypes] = phrases.dims();
    let most = phrases.mean_dim(0).max_pair(reports.mean_dim(0));
    most.lower_scalar(DEAD_SHARE / prototypes as f64).float().mean()
}

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
    (distributions * log).sum_dim(1).mean().neg() / (prototypes as f64).ln().max(f64::from(f32::MIN_POSITIVE))
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn tensor<const R: usize, const C: usize>(rows: [[f32; C]; R]) -> Tensor<2> {
        Tensor::from_floats(rows, &Device::flex())
    }

    fn value(tensor: Tensor<1>) -> f32 {
        tensor.into_scalar::<f32>()
    }

    #[test]
    fn a_prototype_lives_by_phrases_or_by_reports() {
        let phrases = tensor([[1.0, 0.0, 0.0, 0.0], [0.9, 0.0, 0.1, 0.0]]);
        let reports = tensor([[0.0, 1.0, 0.0, 0.0]]);
        assert!((value(dead_prototypes(phrases.clone(), reports)) - 0.25).abs() < 1e-6);
        assert!((value(dead_prototypes(phrases.clone(), phrases)) - 0.5).abs() < 1e-6);
        // Exactly above and below a twentieth of an even share, 1/80.
        for (share, dead) in [(0.0126, 0.5), (0.0124, 0.75)] {
            let one = tensor([[1.0 - share, share, 0.0, 0.0]]);
            assert!((value(dead_prototypes(one.clone(), one)) - dead).abs() < 1e-6, "{share}");
        }
    }

    #[test]
    fn the_entropy_of_the_mean_is_blind_to_phrases_that_are_alike() {
        let alike = tensor([[0.5, 0.5], [0.5, 0.5]]);
        let sharp = tensor([[1.0, 0.0], [0.0, 1.0]]);
        assert!((value(entropy_of_mean(alike.clone())) - 1.0).abs() < 1e-5);
        assert!((value(entropy_of_mean(sharp.clone())) - 1.0).abs() < 1e-5);
        assert!((value(mean_entropy(alike)) - 1.0).abs() < 1e-5);
        assert!(value(mean_entropy(sharp)).abs() < 1e-5);
        assert!(value(mean_entropy(tensor([[1.0], [1.0]]))).abs() < 1e-5);
    }
}
