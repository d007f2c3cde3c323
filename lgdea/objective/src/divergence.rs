//! Divergences between distributions in rows.

use burn::tensor::Tensor;
use burn::tensor::activation::{log_softmax, softmax};

/// Keeps logarithms of probabilities finite.
pub(crate) const TINY: f64 = 1e-8;
/// A score so low that a softmax leaves nothing of it: that of padding.
pub(crate) const NOTHING: f64 = -1e4;

/// `KL(target ‖ prediction)` of each row, `[rows]`.
pub(crate) fn kl_rows(target: Tensor<2>, prediction: Tensor<2>) -> Tensor<1> {
    let ratio = (target.clone() + TINY).log() - (prediction + TINY).log();
    (target * ratio).sum_dim(1).squeeze_dim::<1>(1)
}

/// Cross-entropy of each row of `logits` against soft `targets`, `[rows]`.
pub(crate) fn soft_cross_entropy_rows(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    (targets * log_softmax(logits, 1)).sum_dim(1).squeeze_dim::<1>(1).neg()
}

/// Mean of the row-wise and the column-wise cross-entropy; columns are compared with the column-normalised targets.
pub(crate) fn symmetric_soft_cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let columns = normalise_rows(targets.clone().transpose());
    let across = soft_cross_entropy_rows(logits.clone(), targets).mean();
    let down = soft_cross_entropy_rows(logits.transpose(), columns).mean();
    (across + down) * 0.5
}

/// Symmetric `InfoNCE` of square logits: the diagonal are the pairs (van den Oord et al. 2018).
pub(crate) fn info_nce(logits: Tensor<2>) -> Tensor<1> {
    let [pairs, _] = logits.dims();
    let own = Tensor::eye(pairs, &logits.device());
    symmetric_soft_cross_entropy(logits, own)
}

/// Scales rows to sum to 1.
pub(crate) fn normalise_rows(x: Tensor<2>) -> Tensor<2> {
    let sum = x.clone().sum_dim(1).clamp_min(TINY);
    x / sum
}

/// `x ∝ x^power` in rows, by logarithms: powers of small shares sum to nothing.
pub(crate) fn sharpen_rows(x: Tensor<2>, power: f64) -> Tensor<2> {
    softmax(x.clamp_min(TINY).log() * power, 1)
}

/// Cosine of `√a_i` and `√b_j`, the Bhattacharyya coefficient of two distributions, `[rows of a, rows of b]`. Both are
/// constants: the root has no gradient at 0.
pub(crate) fn bhattacharyya(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    a.sqrt().matmul(b.sqrt().transpose())
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn tensor<const R: usize, const C: usize>(rows: [[f32; C]; R]) -> Tensor<2> {
        Tensor::from_floats(rows, &Device::flex())
    }

    fn close(tensor: Tensor<1>, expected: &[f32]) {
        let values: Vec<f32> = tensor.into_data().try_to_vec().unwrap();
        for (value, expected) in values.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-5, "{values:?} is not {expected:?}");
        }
        assert_eq!(values.len(), expected.len());
    }

    #[test]
    fn kl_of_hand_computed_rows() {
        // 0.5 ln(0.5/0.25) + 0.5 ln(0.5/0.75), and 0 for equal rows.
        let expected = 0.5 * (2.0_f32).ln() + 0.5 * (0.5_f32 / 0.75).ln();
        close(kl_rows(tensor([[0.5, 0.5], [0.9, 0.1]]), tensor([[0.25, 0.75], [0.9, 0.1]])), &[expected, 0.0]);
    }

    #[test]
    fn sharpened_rows_sum_to_one_however_flat() {
        close(sharpen_rows(tensor([[0.5, 0.25, 0.25]]), 2.0).reshape([3]), &[2.0 / 3.0, 1.0 / 6.0, 1.0 / 6.0]);
        close(sharpen_rows(tensor([[1.0 / 64.0; 64]]), 10.0).reshape([64]), &[1.0 / 64.0; 64]);
    }

    #[test]
    fn kl_survives_zeros() {
        let values: Vec<f32> = kl_rows(tensor([[1.0, 0.0]]), tensor([[0.0, 1.0]])).into_data().try_to_vec().unwrap();
        assert!(values[0].is_finite() && values[0] > 10.0);
    }

    #[test]
    fn cross_entropy_of_uniform_logits_is_log_n() {
        let targets = tensor([[0.3, 0.7, 0.0], [1.0, 0.0, 0.0]]);
        let n = 3.0_f32.ln();
        close(soft_cross_entropy_rows(Tensor::zeros([2, 3], &Device::flex()), targets), &[n, n]);
    }

    #[test]
    fn bhattacharyya_of_equal_distributions_is_one() {
        let p = tensor([[0.2, 0.8], [1.0, 0.0]]);
        let b = bhattacharyya(p.clone(), p);
        close(b.reshape([4]), &[1.0, 0.2_f32.sqrt(), 0.2_f32.sqrt(), 1.0]);
    }
}
