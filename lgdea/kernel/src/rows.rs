//! Gradients of layer norm and softmax on a CPU: row by row, and all threads take part.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::Shape;
use rayon::prelude::*;

use crate::flex::{CHUNK, back, dot, of_kind, single, sum, sum_of, widest};

/// Gradients with respect to `x`, `γ` and `β` of a layer norm over the last dimension whose output has the gradient `g`: with `x̂` the
/// standardised `x`, `(γg − mean(γg) − x̂ mean(γg x̂)) / √(var x + ε)`, `Σ g x̂` and `Σ g`.
pub(crate) fn layer_norm_gradients(
    x: FloatTensor<Flex>,
    gamma: FloatTensor<Flex>,
    epsilon: f64,
    grad: FloatTensor<Flex>,
) -> [FloatTensor<Flex>; 3] {
    let kind = x.dtype();
    let [x, gamma, mut grad] = [x, gamma, grad].map(single);
    let gamma = gamma.storage::<f32>();
    let width = gamma.len();
    let some = some_rows(width);
    // The gradient of `x` stands where that of the output stood.
    let parts: Vec<[Vec<f32>; 2]> = grad
        .storage_mut::<f32>()
        .par_chunks_mut(some)
        .zip(x.storage::<f32>().par_chunks(some))
        .map(|(grad, x)| {
            let (mut sums, mut x_hat) = ([vec![0.0; width], vec![0.0; width]], vec![0.0; width]);
            widest(|| {
                let rows = grad.chunks_exact_mut(width).zip(x.chunks_exact(width));
                rows.for_each(|(grad, x)| layer_norm_row(grad, x, gamma, epsilon as f32, &mut sums, &mut x_hat));
            });
            sums
        })
        .collect();
    // In the order of the rows, with any number of threads.
    let zeros = || vec![0.0; width];
    let [of_gamma, of_beta] = parts.into_iter().fold([zeros(), zeros()], |mut totals, part| {
        for (total, part) in totals.iter_mut().zip(part) {
            total.iter_mut().zip(part).for_each(|(total, part)| *total += part);
        }
        totals
    });
    let vector = |numbers| back(numbers, Shape::new([width]), kind);
    [of_kind(grad, kind), vector(of_gamma), vector(of_beta)]
}

/// One row of [`layer_norm_gradients`]: sets the gradient of `x` where that of the output stood, and adds to those of `γ` and `β`.
#[inline(always)]
fn layer_norm_row(
    grad: &mut [f32],
    x: &[f32],
    gamma: &[f32],
    epsilon: f32,
    [of_gamma, of_beta]: &mut [Vec<f32>; 2],
    x_hat: &mut [f32],
) {
    let width = x.len() as f32;
    let mean = sum(x) / width;
    let variance = sum_of(x, x, |x, _| (x - mean) * (x - mean)) / width;
    let inverse = 1.0 / (variance + epsilon).sqrt();
    for (x_hat, x) in x_hat.iter_mut().zip(x) {
        *x_hat = (x - mean) * inverse;
    }
    for (((grad, x_hat), of_gamma), of_beta) in grad.iter().zip(&*x_hat).zip(of_gamma).zip(of_beta) {
        *of_gamma += grad * x_hat;
        *of_beta += grad;
    }
    for (grad, gamma) in grad.iter_mut().zip(gamma) {
        *grad *= gamma;
    }
    let (level, slope) = (sum(grad) / width, dot(grad, x_hat) / width);
    for (grad, x_hat) in grad.iter_mut().zip(x_hat) {
        *grad = (*grad - level - *x_hat * slope) * inverse;
    }
}

/// The gradient with respect to `x` of `y = softmax(x)` over the last dimension, whose output has the gradient `g`: `y (g − Σ g y)`.
pub(crate) fn softmax_gradient(output: FloatTensor<Flex>, grad: FloatTensor<Flex>) -> FloatTensor<Flex> {
    let (kind, shape) = (grad.dtype(), grad.shape());
    let [output, mut grad] = [output, grad].map(single);
    let width = shape[shape.num_dims() - 1];
    let some = some_rows(width);
    let outputs = output.storage::<f32>().par_chunks(some);
    grad.storage_mut::<f32>().par_chunks_mut(some).zip(outputs).for_each(|(grad, output)| {
        widest(|| {
            for (grad, output) in grad.chunks_exact_mut(width).zip(output.chunks_exact(width)) {
                let total = dot(output, grad);
                for (grad, output) in grad.iter_mut().zip(output) {
                    *grad = output * (*grad - total);
                }
            }
        });
    });
    of_kind(grad, kind)
}

/// Numbers of some whole rows.
fn some_rows(width: usize) -> usize {
    (CHUNK / width).max(1) * width
}
