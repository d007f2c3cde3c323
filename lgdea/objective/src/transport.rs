//! Entropic optimal transport.

use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;

/// The plan between uniform marginals whose entropic optimum has these `scores` (similarity over temperature),
/// `[rows, columns]`: rows and columns are scaled in turn (Cuturi 2013), in logarithms, so that no score is too low.
pub(crate) fn sinkhorn(scores: Tensor<2>, iterations: usize) -> Tensor<2> {
    let [rows, columns] = scores.dims().map(|count| (count as f64).ln());
    let scaled = |plan, _| log_softmax(log_softmax(plan, 1) - rows, 0) - columns;
    (0..iterations).fold(scores, scaled).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    /// A constant added to a row changes no plan, and that of `[[1, 0], [0, 1]]` is `σ(1) / 2` on the diagonal.
    #[test]
    fn a_row_far_below_the_others_keeps_its_preferences() {
        let plan = sinkhorn(Tensor::from_floats([[90.0, 89.0], [0.0, 1.0]], &Device::flex()), 50);
        let plan: Vec<f32> = plan.into_data().try_to_vec().unwrap();
        let diagonal = 0.5 / (1.0 + (-1.0_f32).exp());
        assert!((plan[0] - diagonal).abs() < 1e-5 && (plan[3] - diagonal).abs() < 1e-5, "{plan:?}");
    }

    #[test]
    fn a_plan_has_uniform_marginals_and_prefers_similar_images() {
        let scores = Tensor::from_floats([[4.0, 0.0, 0.0], [0.0, 3.0, 0.0]], &Device::flex());
        let plan = sinkhorn(scores, 200);
        let rows: Vec<f32> = plan.clone().sum_dim(1).into_data().try_to_vec().unwrap();
        let columns: Vec<f32> = plan.clone().sum_dim(0).into_data().try_to_vec().unwrap();
        assert!(rows.iter().all(|sum| (sum - 0.5).abs() < 1e-4), "{rows:?}");
        assert!(columns.iter().all(|sum| (sum - 1.0 / 3.0).abs() < 1e-4), "{columns:?}");
        let plan: Vec<f32> = plan.into_data().try_to_vec().unwrap();
        assert!(plan[0] > plan[1] && plan[4] > plan[3], "{plan:?}");
    }
}
