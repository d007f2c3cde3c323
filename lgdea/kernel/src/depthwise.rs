//! Depthwise convolution on a CPU, where each channel has a kernel of its own, and its gradients: row by row. burn computes
//! these gradients channel by channel, each as a convolution of its own.

use std::ops::Range;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::Shape;
use burn::tensor::ops::ConvOptions;
use rayon::prelude::*;

use crate::flex::{back, dot, single};

/// The convolution of `x` `[batch, channels, h, w]` with `weights` `[channels, 1, kh, kw]`, without dilation.
pub(crate) fn convolution(
    x: FloatTensor<Flex>,
    weights: FloatTensor<Flex>,
    options: &ConvOptions<2>,
) -> FloatTensor<Flex> {
    let plane = Plane::new(&x.shape(), &weights.shape(), options);
    let kind = x.dtype();
    let (x, weights) = (single(x), single(weights));
    let (inputs, weights) = (x.storage::<f32>().par_chunks(plane.pixels()), weights.storage::<f32>());
    let mut output = vec![0.0; plane.batch * plane.channels * plane.outputs()];
    output.par_chunks_mut(plane.outputs()).zip(inputs).enumerate().for_each_init(
        || plane.blank(),
        |seen, (at, (output, input))| {
            plane.spread(input, seen);
            for (row, output) in output.chunks_mut(plane.places[1]).enumerate() {
                for (range, &weight) in plane.ranges(row).zip(plane.kernel_of(at, weights)) {
                    add_scaled(output, weight, &seen[range]);
                }
            }
        },
    );
    back(output, plane.output_shape(), kind)
}

/// The gradient with respect to an `x` of shape `shape` of its [`convolution`], whose output has the gradient `grad`.
pub(crate) fn input_gradient(
    shape: &Shape,
    weights: FloatTensor<Flex>,
    grad: FloatTensor<Flex>,
    options: &ConvOptions<2>,
) -> FloatTensor<Flex> {
    let plane = Plane::new(shape, &weights.shape(), options);
    let kind = grad.dtype();
    let (grad, weights) = (single(grad), single(weights));
    let (grads, weights) = (grad.storage::<f32>().par_chunks(plane.outputs()), weights.storage::<f32>());
    let mut gradient = vec![0.0; shape.num_elements()];
    gradient.par_chunks_mut(plane.pixels()).zip(grads).enumerate().for_each_init(
        || plane.blank(),
        |seen, (at, (gradient, grad))| {
            seen.fill(0.0);
            for (row, grad) in grad.chunks(plane.places[1]).enumerate() {
                for (range, &weight) in plane.ranges(row).zip(plane.kernel_of(at, weights)) {
                    add_scaled(&mut seen[range], weight, grad);
                }
            }
            plane.gather(seen, gradient);
        },
    );
    back(gradient, shape.clone(), kind)
}

/// The gradient with respect to weights of shape `shape` of a [`convolution`] of `x` whose output has the gradient `grad`.
pub(crate) fn weight_gradient(
    x: FloatTensor<Flex>,
    shape: &Shape,
    grad: FloatTensor<Flex>,
    options: &ConvOptions<2>,
) -> FloatTensor<Flex> {
    let plane = Plane::new(&x.shape(), shape, options);
    let kind = x.dtype();
    let (x, grad) = (single(x), single(grad));
    let (inputs, grads) = (x.storage::<f32>(), grad.storage::<f32>());
    let mut gradient = vec![0.0; shape.num_elements()];
    gradient.par_chunks_mut(plane.weights()).enumerate().for_each_init(
        || plane.blank(),
        |seen, (channel, gradient)| {
            for image in 0..plane.batch {
                let at = image * plane.channels + channel;
                plane.spread(&inputs[at * plane.pixels()..][..plane.pixels()], seen);
                let grad = &grads[at * plane.outputs()..][..plane.outputs()];
                for (row, grad) in grad.chunks(plane.places[1]).enumerate() {
                    for (range, gradient) in plane.ranges(row).zip(&mut *gradient) {
                        *gradient += dot(&seen[range], grad);
                    }
                }
            }
        },
    );
    back(gradient, shape.clone(), kind)
}

/// One channel of one image, and what the places of the output see of it.
///
/// They are computed from a copy with zeros around, whose rows are dealt out by the stride: first the columns 0, s, 2s, …, then
/// 1, s + 1, …. What a row of places sees at one offset of the kernel then lies in one piece.
struct Plane {
    batch: usize,
    channels: usize,
    size: [usize; 2],
    /// Zeros above and on the left.
    before: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    /// Of the output.
    places: [usize; 2],
    /// Columns of the copy that a share of a row has.
    share: usize,
}

impl Plane {
    fn new(x: &Shape, weights: &Shape, options: &ConvOptions<2>) -> Self {
        let ([batch, channels, height, width], [_, _, rows, columns]) = (x.dims(), weights.dims());
        let (size, kernel, stride) = ([height, width], [rows, columns], options.stride);
        let places = [0, 1].map(|side| {
            let (before, after) = options.padding[side];
            (size[side] + before + after - kernel[side]) / stride[side] + 1
        });
        let before = options.padding.map(|(before, _)| before);
        let share = places[1] + (kernel[1] - 1) / stride[1];
        Self { batch, channels, size, before, kernel, stride, places, share }
    }

    fn pixels(&self) -> usize {
        self.size.iter().product()
    }

    fn outputs(&self) -> usize {
        self.places.iter().product()
    }

    fn weights(&self) -> usize {
        self.kernel.iter().product()
    }

    fn output_shape(&self) -> Shape {
        Shape::new([self.batch, self.channels, self.places[0], self.places[1]])
    }

    /// The kernel of the `at`th plane of a batch.
    fn kernel_of<'a>(&self, at: usize, weights: &'a [f32]) -> &'a [f32] {
        &weights[at % self.channels * self.weights()..][..self.weights()]
    }

    /// Numbers of a row of the copy.
    fn row(&self) -> usize {
        self.stride[1] * self.share
    }

    /// A copy of nothing but zeros.
    fn blank(&self) -> Vec<f32> {
        vec![0.0; ((self.places[0] - 1) * self.stride[0] + self.kernel[0]) * self.row()]
    }

    /// What a row of places sees of the copy, at each offset of the kernel.
    fn ranges(&self, row: usize) -> impl Iterator<Item = Range<usize>> {
        let ([rows, columns], [down, across]) = (self.kernel, self.stride);
        let (first, whole, share, places) = (row * down, self.row(), self.share, self.places[1]);
        (0..rows).flat_map(move |y| {
            (0..columns).map(move |x| {
                let start = (first + y) * whole + x % across * share + x / across;
                start..start + places
            })
        })
    }

    /// The shares of a row of the copy, each with where in it and in a row of the image their common columns begin.
    fn shares(&self) -> impl Iterator<Item = (usize, [usize; 2])> {
        let (across, before) = (self.stride[1], self.before[1]);
        (0..across).map(move |share| {
            let first = (share + across - before % across) % across;
            (share * self.share, [(first + before) / across, first.min(self.size[1])])
        })
    }

    /// Copies a plane; what lies around stays zero.
    fn spread(&self, plane: &[f32], copy: &mut [f32]) {
        let rows = copy.chunks_mut(self.row()).skip(self.before[0]);
        for (line, row) in plane.chunks(self.size[1]).zip(rows) {
            for (start, [at, first]) in self.shares() {
                let share = &mut row[start..][..self.share];
                let pixels = line[first..].iter().step_by(self.stride[1]);
                for (to, &from) in share.iter_mut().skip(at).zip(pixels) {
                    *to = from;
                }
            }
        }
    }

    /// Copies a plane back.
    fn gather(&self, copy: &[f32], plane: &mut [f32]) {
        let rows = copy.chunks(self.row()).skip(self.before[0]);
        for (line, row) in plane.chunks_mut(self.size[1]).zip(rows) {
            for (start, [at, first]) in self.shares() {
                let share = &row[start..][..self.share];
                let pixels = line[first..].iter_mut().step_by(self.stride[1]);
                for (&from, to) in share.iter().skip(at).zip(pixels) {
                    *to = from;
                }
            }
        }
    }
}

fn add_scaled(sum: &mut [f32], factor: f32, numbers: &[f32]) {
    for (sum, number) in sum.iter_mut().zip(numbers) {
        *sum += factor * number;
    }
}
