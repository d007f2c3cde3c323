//! Convolution in one group on a CPU, and its gradients: as products of matrices (im2col; Chellapilla et al. 2006) of a few images
//! at a time, whose columns stay in a core's cache. burn has the images pass one by one, and computes the gradient with respect to the
//! weights as a convolution whose kernel is as large as the output.

use std::ops::Range;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::Shape;
use burn::tensor::ops::ConvOptions;
use rayon::prelude::*;

use crate::flex::{back, single};
use crate::product::{Matrix, product};
use crate::window::Window;

/// Numbers of the columns of some images that are multiplied at once, if one image has not more.
const COLUMNS: usize = 1 << 17;
/// Numbers of an image's columns from which on burn's own way is as fast.
const MOST: usize = 1 << 19;
/// Parts of a batch whose gradients with respect to the weights are summed apart, so that the sum is the same with any number of
/// threads.
const PARTS: usize = 16;

/// Whether a convolution of `[batch, channels, h, w]` is small enough for the way of this file.
pub(crate) fn fits(x: &Shape, weights: &Shape, options: &ConvOptions<2>) -> bool {
    let window = Window::new(x, weights, options);
    window.seen() * window.area() <= MOST
}

/// The convolution of `x` `[batch, channels, h, w]` with `weights` `[outputs, channels, kh, kw]`, without dilation.
pub(crate) fn convolution(
    x: FloatTensor<Flex>,
    weights: FloatTensor<Flex>,
    options: &ConvOptions<2>,
) -> FloatTensor<Flex> {
    let window = Window::new(&x.shape(), &weights.shape(), options);
    let kind = x.dtype();
    let (x, weights) = (single(x), single(weights));
    let kernels = Matrix::new(weights.storage(), window.outputs, window.seen());
    let group = window.group();
    let mut output = vec![0.0; window.batch * window.outputs * window.area()];
    let inputs = x.storage::<f32>().par_chunks(group * window.pixels());
    let outputs = output.par_chunks_mut(group * window.outputs * window.area());
    outputs.zip(inputs).for_each_init(Scratch::default, |scratch, (output, input)| {
        let images = window.spread(input, scratch);
        let columns = Matrix::new(&scratch.columns, window.seen(), images * window.area());
        scratch.outputs.resize(output.len(), 0.0);
        product(&mut scratch.outputs, kernels, columns, false);
        for (at, output) in output.chunks_exact_mut(window.area()).enumerate() {
            output.copy_from_slice(&scratch.outputs[window.row_of(at, images)]);
        }
    });
    back(output, window.output_shape(), kind)
}

/// The gradient with respect to an `x` of shape `shape` of its [`convolution`], whose output has the gradient `grad`.
pub(crate) fn input_gradient(
    shape: &Shape,
    weights: FloatTensor<Flex>,
    grad: FloatTensor<Flex>,
    options: &ConvOptions<2>,
) -> FloatTensor<Flex> {
    let window = Window::new(shape, &weights.shape(), options);
    let kind = grad.dtype();
    let (grad, weights) = (single(grad), single(weights));
    let kernels = Matrix::new(weights.storage(), window.outputs, window.seen()).transposed();
    let group = window.group();
    let mut gradient = vec![0.0; shape.num_elements()];
    let grads = grad.storage::<f32>().par_chunks(group * window.outputs * window.area());
    let gradients = gradient.par_chunks_mut(group * window.pixels());
    gradients.zip(grads).for_each_init(Scratch::default, |scratch, (gradient, grad)| {
        let images = window.collect_outputs(grad, scratch);
        scratch.columns.resize(window.seen() * images * window.area(), 0.0);
        let grads = Matrix::new(&scratch.outputs, window.outputs, images * window.area());
        product(&mut scratch.columns, kernels, grads, false);
        window.fold(&scratch.columns, gradient);
    });
    back(gradient, shape.clone(), kind)
}

/// The gradient with respect to weights of shape `shape` of a [`convolution`] of `x` whose output has the gradient `grad`.
pub(crate) fn weight_gradient(
    x: FloatTensor<Flex>,
    shape: &Shape,
    grad: FloatTensor<Flex>,
    options: &ConvOptions<2>,
) -> FloatTensor<Flex> {
    let window = Window::new(&x.shape(), shape, options);
    let kind = x.dtype();
    let (x, grad) = (single(x), single(grad));
    let (pixels, places) = (window.pixels(), window.outputs * window.area());
    let part = window.batch.div_ceil(PARTS);
    let inputs = x.storage::<f32>().par_chunks(part * pixels);
    let grads = grad.storage::<f32>().par_chunks(part * places);
    let parts = inputs.zip(grads).map_init(Scratch::default, |scratch, (inputs, grads)| {
        let mut gradient = vec![0.0; shape.num_elements()];
        let group = window.group();
        for (input, grad) in inputs.chunks(group * pixels).zip(grads.chunks(group * places)) {
            let images = window.spread(input, scratch);
            window.collect_outputs(grad, scratch);
            let columns = Matrix::new(&scratch.columns, window.seen(), images * window.area());
            let grads = Matrix::new(&scratch.outputs, window.outputs, images * window.area());
            product(&mut gradient, grads, columns.transposed(), true);
        }
        gradient
    });
    let parts: Vec<Vec<f32>> = parts.collect();
    let mut parts = parts.into_iter();
    let first = parts.next().unwrap_or_else(|| vec![0.0; shape.num_elements()]);
    let gradient = parts.fold(first, |mut sum, part| {
        sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        sum
    });
    back(gradient, shape.clone(), kind)
}

/// What a thread computes in.
#[derive(Default)]
struct Scratch {
    /// What the places of some images see, `[channels · kernel, images · places]`.
    columns: Vec<f32>,
    /// Outputs of these images, `[outputs, images · places]`.
    outputs: Vec<f32>,
}

impl Window {
    /// Numbers of an image.
    fn pixels(&self) -> usize {
        self.channels * self.size.iter().product::<usize>()
    }

    /// Places of the output of an image.
    fn area(&self) -> usize {
        self.places.iter().product()
    }

    /// Numbers that a place sees.
    fn seen(&self) -> usize {
        self.channels * self.kernel.iter().product::<usize>()
    }

    /// Images that are multiplied at once.
    fn group(&self) -> usize {
        (COLUMNS / (self.seen() * self.area())).clamp(1, self.batch.max(1))
    }

    fn output_shape(&self) -> Shape {
        Shape::new([self.batch, self.outputs, self.places[0], self.places[1]])
    }

    /// Where the `at`th output of some images, image by image, stands in `[outputs, images · places]`.
    fn row_of(&self, at: usize, images: usize) -> Range<usize> {
        let start = (at % self.outputs * images + at / self.outputs) * self.area();
        start..start + self.area()
    }

    /// Notes what the places of some images see, and returns the number of images.
    fn spread(&self, input: &[f32], scratch: &mut Scratch) -> usize {
        let images = input.len() / self.pixels();
        let wanted = self.seen() * images * self.area();
        if scratch.columns.len() != wanted {
            // What lies outside of an image is zero, and stands at the same places of each group.
            scratch.columns.clear();
            scratch.columns.resize(wanted, 0.0);
        }
        let columns = &mut scratch.columns;
        self.runs(images, |seen, pixels| {
            let (to, from) = (columns[seen].iter_mut(), &input[pixels]);
            // Without steps the compiler copies many at once.
            match self.stride[1] {
                1 => to.zip(from).for_each(|(to, from)| *to = *from),
                stride => to.zip(from.iter().step_by(stride)).for_each(|(to, from)| *to = *from),
            }
        });
        images
    }

    /// Adds what each place saw to where it saw it: the transpose of [`Self::spread`].
    fn fold(&self, columns: &[f32], gradient: &mut [f32]) {
        self.runs(gradient.len() / self.pixels(), |seen, pixels| {
            let (to, from) = (gradient[pixels].iter_mut(), &columns[seen]);
            match self.stride[1] {
                1 => to.zip(from).for_each(|(to, from)| *to += *from),
                stride => to.step_by(stride).zip(from).for_each(|(to, from)| *to += *from),
            }
        });
    }

    /// Notes the outputs of some images output by output, and returns the number of images.
    fn collect_outputs(&self, outputs: &[f32], scratch: &mut Scratch) -> usize {
        let images = outputs.len() / (self.outputs * self.area());
        scratch.outputs.resize(outputs.len(), 0.0);
        for (at, output) in outputs.chunks_exact(self.area()).enumerate() {
            scratch.outputs[self.row_of(at, images)].copy_from_slice(output);
        }
        images
    }

    /// Calls for each row of places, at each offset of the kernel, in each channel of some images, with where it stands in
    /// `[channels · kernel, images · places]` and which pixels it sees; what lies outside of an image is left out.
    #[inline(always)]
    fn runs(&self, images: usize, mut with: impl FnMut(Range<usize>, Range<usize>)) {
        let [height, width] = self.size;
        let offsets = (0..self.channels).flat_map(|channel| self.offsets().map(move |offset| (channel, offset)));
        for (at, (channel, [y, x])) in offsets.enumerate() {
            let [rows, columns] = [self.seeing(0, y), self.seeing(1, x)];
            if columns.is_empty() {
                continue;
            }
            let across = columns.start * self.stride[1] + x - self.padding[1];
            for image in 0..images {
                let plane = (image * self.channels + channel) * height * width;
                let seen = (at * images + image) * self.area();
                for row in rows.clone() {
                    let start = seen + row * self.places[1];
                    let first = plane + (row * self.stride[0] + y - self.padding[0]) * width + across;
                    let last = first + (columns.len() - 1) * self.stride[1];
                    with(start + columns.start..start + columns.end, first..last + 1);
                }
            }
        }
    }

    /// The places along a side that see a pixel at an offset of the kernel.
    fn seeing(&self, side: usize, offset: usize) -> Range<usize> {
        let (stride, before) = (self.stride[side], self.padding[side]);
        let first = before.saturating_sub(offset).div_ceil(stride);
        let end = (self.size[side] + before).saturating_sub(offset).div_ceil(stride);
        first..end.clamp(first, self.places[side].max(first))
    }
}
