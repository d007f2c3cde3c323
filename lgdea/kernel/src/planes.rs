//! Batch norm on a CPU: each channel's planes are passed twice, and all threads take part.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::Shape;
use rayon::prelude::*;

use crate::flex::{back, of_kind, single, sum, sum_of, widest};

/// Output, mean and biased variance of a batch norm over `[batch, channels, …]`.
pub(crate) fn forward(
    x: FloatTensor<Flex>,
    gamma: FloatTensor<Flex>,
    beta: FloatTensor<Flex>,
    epsilon: f64,
) -> (FloatTensor<Flex>, FloatTensor<Flex>, FloatTensor<Flex>) {
    let (kind, shape) = (x.dtype(), x.shape());
    let (x, gamma, beta) = (single(x), single(gamma), single(beta));
    let planes = Planes::new(&shape, x.storage());
    let (means, variances): (Vec<f32>, Vec<f32>) = (0..planes.channels)
        .into_par_iter()
        .map(|channel| {
            let mean = planes.mean(channel, sum);
            (mean, planes.mean(channel, |x| sum_of(x, x, |x, _| (x - mean) * (x - mean))))
        })
        .unzip();
    let (gamma, beta) = (gamma.storage::<f32>(), beta.storage::<f32>());
    let mut output = vec![0.0; shape.num_elements()];
    output.par_chunks_mut(planes.places).zip(planes.numbers.par_chunks(planes.places)).enumerate().for_each(
        |(at, (output, x))| {
            let channel = at % planes.channels;
            let scale = gamma[channel] * inverse_deviation(variances[channel], epsilon);
            let (mean, shift) = (means[channel], beta[channel]);
            widest(|| output.iter_mut().zip(x).for_each(|(output, x)| *output = (x - mean) * scale + shift));
        },
    );
    let vector = |numbers| back(numbers, Shape::new([planes.channels]), kind);
    let (means, variances) = (vector(means), vector(variances));
    (back(output, shape, kind), means, variances)
}

/// Gradients with respect to `x`, `γ` and `β` of [`forward`], whose output has the gradient `grad`.
pub(crate) fn gradients(
    x: FloatTensor<Flex>,
    gamma: FloatTensor<Flex>,
    [means, variances]: [FloatTensor<Flex>; 2],
    epsilon: f64,
    grad: FloatTensor<Flex>,
) -> [FloatTensor<Flex>; 3] {
    let (kind, shape) = (x.dtype(), x.shape());
    let [x, gamma, means, variances, mut grad] = [x, gamma, means, variances, grad].map(single);
    let (planes, grads) = (Planes::new(&shape, x.storage()), Planes::new(&shape, grad.storage()));
    let (gamma, means, variances) = (gamma.storage::<f32>(), means.storage::<f32>(), variances.storage::<f32>());
    // Means over a channel of `g` and of `g x̂`.
    let (levels, slopes): (Vec<f32>, Vec<f32>) = (0..planes.channels)
        .into_par_iter()
        .map(|channel| {
            let mean = means[channel];
            let along = planes.mean_with(&grads, channel, |x, grad| (x - mean) * grad);
            (grads.mean(channel, sum), along * inverse_deviation(variances[channel], epsilon))
        })
        .unzip();
    // The gradient of `x` stands where that of the output stood.
    let numbers = planes.numbers.par_chunks(planes.places);
    grad.storage_mut::<f32>().par_chunks_mut(planes.places).zip(numbers).enumerate().for_each(|(at, (grad, x))| {
        let channel = at % planes.channels;
        let inverse = inverse_deviation(variances[channel], epsilon);
        let (mean, level, slope) = (means[channel], levels[channel], slopes[channel] * inverse);
        let scale = gamma[channel] * inverse;
        widest(|| {
            for (grad, x) in grad.iter_mut().zip(x) {
                *grad = (*grad - level - (x - mean) * slope) * scale;
            }
        });
    });
    let count = (planes.batch * planes.places) as f32;
    let total = |means: Vec<f32>| {
        let totals = means.into_iter().map(|mean| mean * count).collect();
        back(totals, Shape::new([planes.channels]), kind)
    };
    let (of_gamma, of_beta) = (total(slopes), total(levels));
    [of_kind(grad, kind), of_gamma, of_beta]
}

fn inverse_deviation(variance: f32, epsilon: f64) -> f32 {
    1.0 / (variance + epsilon as f32).sqrt()
}

/// Numbers of `[batch, channels, places]`.
struct Planes<'a> {
    numbers: &'a [f32],
    batch: usize,
    channels: usize,
    places: usize,
}

impl<'a> Planes<'a> {
    fn new(shape: &Shape, numbers: &'a [f32]) -> Self {
        let (batch, channels) = (shape[0], shape[1]);
        Self { numbers, batch, channels, places: shape.num_elements() / (batch * channels) }
    }

    /// The planes of a channel.
    fn of(&self, channel: usize) -> impl Iterator<Item = &'a [f32]> {
        let (numbers, channels, places) = (self.numbers, self.channels, self.places);
        (0..self.batch).map(move |image| &numbers[(image * channels + channel) * places..][..places])
    }

    /// The mean over a channel of what has a sum.
    fn mean(&self, channel: usize, sum: impl Fn(&[f32]) -> f32) -> f32 {
        let total: f64 = widest(|| self.of(channel).map(|plane| f64::from(sum(plane))).sum());
        (total / (self.batch * self.places) as f64) as f32
    }

    /// The mean over a channel of a function of these numbers and others.
    fn mean_with(&self, others: &Planes<'_>, channel: usize, of: impl Fn(f32, f32) -> f32) -> f32 {
        let pairs = self.of(channel).zip(others.of(channel));
        let total: f64 = widest(|| pairs.map(|(one, other)| f64::from(sum_of(one, other, &of))).sum());
        (total / (self.batch * self.places) as f64) as f32
    }
}
