//! Gradients that libtorch works out itself. On a GPU they are one kernel of cuDNN, where a closed form is a dozen passes over memory;
//! on a CPU the closed forms are faster.

use burn::backend::LibTorch;
use burn::backend::ops::ModuleOps;
use burn::backend::tensor::FloatTensor;
use burn::tensor::ops::ConvOptions;
use tch::Tensor;

/// Numbers as burn hands them over.
type Floats = FloatTensor<LibTorch>;

/// Whether libtorch's own gradients are the faster ones.
pub(crate) fn is_on_gpu(x: &Floats) -> bool {
    x.tensor.device().is_cuda()
}

/// The gradient with respect to the weights of a convolution whose output has the gradient `grad`.
pub(crate) fn weight_gradient(x: Floats, weights: Floats, grad: Floats, options: ConvOptions<2>) -> Floats {
    let [gradient] = gradients([weights], grad, |[weights]| LibTorch::conv2d(x, weights, None, options));
    gradient
}

/// Gradients with respect to `x`, `γ` and `β` of a batch norm whose output has the gradient `grad`.
pub(crate) fn batch_norm_gradients(x: Floats, gamma: Floats, epsilon: f64, grad: Floats) -> [Floats; 3] {
    let beta = Floats::new(gamma.tensor.zeros_like());
    gradients([x, gamma, beta], grad, |[x, gamma, beta]| {
        let (gamma, beta, none) = (Some(&gamma.tensor), Some(&beta.tensor), None::<&Tensor>);
        Floats::new(x.tensor.batch_norm(gamma, beta, none, none, true, 0.0, epsilon, true))
    })
}

/// The same of a layer norm.
pub(crate) fn layer_norm_gradients(x: Floats, gamma: Floats, epsilon: f64, grad: Floats) -> [Floats; 3] {
    let beta = Floats::new(gamma.tensor.zeros_like());
    gradients([x, gamma, beta], grad, |[x, gamma, beta]| LibTorch::layer_norm(x, gamma, Some(beta), epsilon))
}

/// Gradients with respect to the inputs of an operation whose output has the gradient `grad`. It is done once more for it: tch has
/// the backward passes only as a part of automatic differentiation.
fn gradients<const N: usize>(
    inputs: [Floats; N],
    grad: Floats,
    operation: impl FnOnce([Floats; N]) -> Floats,
) -> [Floats; N] {
    let inputs = inputs.map(|input| input.tensor.detach().set_requires_grad(true));
    let watched = inputs.each_ref().map(|input| Floats::new(input.shallow_clone()));
    // Held twice, so that burn does not write into what is differentiated by.
    let _held = watched.clone();
    let output = operation(watched).tensor;
    // The sum's gradient is 1 everywhere, and so the output's is `grad`.
    let sum = (output * grad.tensor).sum(None);
    let mut gradients = Tensor::run_backward(&[sum], &inputs, false, false).into_iter();
    inputs.map(|_| Floats::new(gradients.next().expect("a gradient for each input")))
}

#[cfg(test)]
mod tests {
    use burn::backend::libtorch::LibTorchDevice;
    use burn::backend::ops::{ActivationOps, FloatTensorOps};
    use burn::tensor::TensorData;

    use super::*;
    use crate::batch_norm::{batch_norm_backward, batch_norm_forward};
    use crate::layer_norm::layer_norm_backward;

    fn numbers(dims: &[usize], step: f32) -> Floats {
        let values: Vec<f32> = (0..dims.iter().product()).map(|index: usize| (index as f32 * step).sin()).collect();
        LibTorch::float_from_data(TensorData::new(values, dims), &LibTorchDevice::Cpu)
    }

    fn gap(one: &Floats, other: &Floats) -> f64 {
        (&one.tensor - &other.tensor).abs().max().double_value(&[])
    }

    #[test]
    fn they_are_those_of_the_operation() {
        let (x, weights) = (|| numbers(&[3, 4, 9, 8], 0.7), || numbers(&[5, 4, 3, 3], 0.3));
        let options = || ConvOptions::new_with_padding([2, 2], [(1, 1), (0, 1)], [1, 1], 1);
        let convolved = |x, weights| LibTorch::conv2d(x, weights, None, options());
        let grad =
            numbers(&convolved(x(), weights()).tensor.size().iter().map(|&n| n as usize).collect::<Vec<_>>(), 0.9);
        let of_weights = weight_gradient(x(), weights(), grad.clone(), options());
        assert!(gap(&of_weights, &LibTorch::conv2d_weight_backward(x(), weights(), grad, options())) < 1e-4);

        let (x, grad) = (numbers(&[6, 7], 0.2), numbers(&[6, 7], 0.8));
        let [of_x] = gradients([x.clone()], grad.clone(), |[x]| LibTorch::gelu(x));
        assert!(gap(&of_x, &LibTorch::gelu_backward(x, grad)) < 1e-5);
    }

    /// What a GPU is asked for is what CPUs compute.
    #[test]
    fn norms_have_the_gradients_of_their_closed_forms() {
        let (x, weights, grad) =
            (|| numbers(&[5, 6, 7], 0.7), |width| numbers(&[width], 1.3), || numbers(&[5, 6, 7], 0.3));
        let (_, mean, variance) = batch_norm_forward::<LibTorch>(x(), weights(6), weights(6), 1e-3);
        let batch = batch_norm_backward::<LibTorch>(x(), weights(6), [mean, variance], 1e-3, grad());
        let layer = layer_norm_backward::<LibTorch>(x(), weights(7), 1e-3, grad());
        let on_gpu =
            [batch_norm_gradients(x(), weights(6), 1e-3, grad()), layer_norm_gradients(x(), weights(7), 1e-3, grad())];
        for (closed, on_gpu) in [batch, layer].as_flattened().iter().zip(on_gpu.as_flattened()) {
            assert!(gap(closed, on_gpu) < 1e-4);
        }
    }
}
