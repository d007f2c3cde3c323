//! Gradients that libtorch works out itself. On a GPU they are one kernel of cuDNN, where a closed form is a dozen passes over memory;
//! on a CPU the closed forms are faster.

use burn::backend::LibTorch;
use burn::backend::tensor::FloatTensor;
use tch::Tensor;

/// Whether libtorch's own gradients are the faster ones.
pub(crate) fn is_on_gpu(x: &FloatTensor<LibTorch>) -> bool {
    x.tensor.device().is_cuda()
}

/// Gradients with respect to the inputs of an operation whose output has the gradient `grad`. It is done once more for it: tch has
/// the backward passes only as a part of automatic differentiation.
pub(crate) fn gradients<const N: usize>(
    inputs: [FloatTensor<LibTorch>; N],
    grad: FloatTensor<LibTorch>,
    operation: impl FnOnce([FloatTensor<LibTorch>; N]) -> FloatTensor<LibTorch>,
) -> [FloatTensor<LibTorch>; N] {
    let inputs = inputs.map(|input| input.tensor.detach().set_requires_grad(true));
    let watched = inputs.each_ref().map(|input| FloatTensor::<LibTorch>::new(input.shallow_clone()));
    let output = operation(watched).tensor;
    // The sum's gradient is 1 everywhere, and so the output's is `grad`.
    let sum = (output * grad.tensor).sum(None);
    let mut gradients = Tensor::run_backward(&[sum], &inputs, false, false).into_iter();
    inputs.map(|_| FloatTensor::<LibTorch>::new(gradients.next().expect("a gradient for each input")))
}

#[cfg(test)]
mod tests {
    use burn::backend::libtorch::LibTorchDevice;
    use burn::backend::ops::{ActivationOps, FloatTensorOps, ModuleOps};
    use burn::tensor::TensorData;
    use burn::tensor::ops::ConvOptions;

    use super::*;

    fn numbers(dims: &[usize], step: f32) -> FloatTensor<LibTorch> {
        let values: Vec<f32> = (0..dims.iter().product()).map(|index: usize| (index as f32 * step).sin()).collect();
        LibTorch::float_from_data(TensorData::new(values, dims), &LibTorchDevice::Cpu)
    }

    fn gap(one: &FloatTensor<LibTorch>, other: &FloatTensor<LibTorch>) -> f64 {
        (&one.tensor - &other.tensor).abs().max().double_value(&[])
    }

    #[test]
    fn they_are_those_of_the_operation() {
        let (x, weights) = (|| numbers(&[3, 4, 9, 8], 0.7), || numbers(&[5, 4, 3, 3], 0.3));
        let options = || ConvOptions::new_with_padding([2, 2], [(1, 1), (0, 1)], [1, 1], 1);
        let convolved = |x, weights| LibTorch::conv2d(x, weights, None, options());
        let grad =
            numbers(&convolved(x(), weights()).tensor.size().iter().map(|&n| n as usize).collect::<Vec<_>>(), 0.9);
        let [of_x, of_weights] = gradients([x(), weights()], grad.clone(), |[x, weights]| convolved(x, weights));
        assert!(gap(&of_x, &LibTorch::conv2d_x_backward(x(), weights(), grad.clone(), options())) < 1e-4);
        assert!(gap(&of_weights, &LibTorch::conv2d_weight_backward(x(), weights(), grad, options())) < 1e-4);

        let (x, grad) = (numbers(&[6, 7], 0.2), numbers(&[6, 7], 0.8));
        let [of_x] = gradients([x.clone()], grad.clone(), |[x]| LibTorch::gelu(x));
        assert!(gap(&of_x, &LibTorch::gelu_backward(x, grad)) < 1e-5);
    }
}
