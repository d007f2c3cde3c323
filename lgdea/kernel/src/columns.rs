//! Convolution and its gradients as one matrix product over a whole batch: of the weights `[outputs, channels · kernel]` with
//! what each place of the output sees, `[channels · kernel, batch · places]` (im2col; Chellapilla et al. 2006).

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Shape, Slice};

/// An image of so few places is a matrix too narrow for a product of its own.
const FEW: usize = 16;

/// Whether the outputs of an image `[batch, channels, h, w]` are few.
pub(crate) fn are_few(x: &Shape, options: &ConvOptions<2>) -> bool {
    let [_, _, height, width] = x.dims();
    height.div_ceil(options.stride[0]) * width.div_ceil(options.stride[1]) <= FEW
}

/// Whether no place of the output sees what another does: kernels of one place, and patches.
pub(crate) fn repeat_nothing(weights: &Shape, options: &ConvOptions<2>) -> bool {
    let [_, _, rows, columns] = weights.dims();
    rows <= options.stride[0] && columns <= options.stride[1]
}

/// The convolution of `x` `[batch, channels, h, w]` with `weights` `[outputs, channels, kh, kw]`.
pub(crate) fn convolution<B: Backend>(
    x: FloatTensor<B>,
    weights: FloatTensor<B>,
    options: &ConvOptions<2>,
) -> FloatTensor<B> {
    let window = Window::new(&x.shape(), &weights.shape(), options);
    let output = B::float_matmul(window.matrix::<B>(weights), window.columns::<B>(x));
    let [rows, columns] = window.places;
    B::float_swap_dims(B::float_reshape(output, Shape::new([window.outputs, window.batch, rows, columns])), 0, 1)
}

/// The gradient with respect to the weights of a [`convolution`] of `x` whose output has the gradient `grad`.
pub(crate) fn weight_gradient<B: Backend>(
    x: FloatTensor<B>,
    weights: &Shape,
    grad: FloatTensor<B>,
    options: &ConvOptions<2>,
) -> FloatTensor<B> {
    let window = Window::new(&x.shape(), weights, options);
    let columns = B::float_swap_dims(window.columns::<B>(x), 0, 1);
    B::float_reshape(B::float_matmul(window.by_output::<B>(grad), columns), weights.clone())
}

/// The gradient with respect to an `x` of shape `shape` of its [`convolution`], whose output has the gradient `grad`.
pub(crate) fn input_gradient<B: Backend>(
    shape: &Shape,
    weights: FloatTensor<B>,
    grad: FloatTensor<B>,
    options: &ConvOptions<2>,
) -> FloatTensor<B> {
    let window = Window::new(shape, &weights.shape(), options);
    let weights = B::float_swap_dims(window.matrix::<B>(weights), 0, 1);
    window.fold::<B>(B::float_matmul(weights, window.by_output::<B>(grad)))
}

/// As [`weight_gradient`] of a convolution with one channel a group, `weights` `[channels, 1, kh, kw]`.
pub(crate) fn depthwise_weight_gradient<B: Backend>(
    x: FloatTensor<B>,
    weights: &Shape,
    grad: FloatTensor<B>,
    options: &ConvOptions<2>,
) -> FloatTensor<B> {
    let window = Window::new(&x.shape(), weights, options);
    let [kernel, places] = window.counts();
    let columns = B::float_reshape(window.columns::<B>(x), Shape::new([window.channels, kernel, places]));
    let grad = B::float_reshape(window.by_output::<B>(grad), Shape::new([window.channels, places, 1]));
    B::float_reshape(B::float_matmul(columns, grad), weights.clone())
}

/// What a convolution slides over images.
struct Window {
    batch: usize,
    channels: usize,
    outputs: usize,
    /// Height and width of the images, with their padding and without.
    padded: [usize; 2],
    size: [usize; 2],
    padding: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    /// Rows and columns of the output.
    places: [usize; 2],
}

impl Window {
    fn new(x: &Shape, weights: &Shape, options: &ConvOptions<2>) -> Self {
        let [batch, channels, height, width] = x.dims();
        let [outputs, _, rows, columns] = weights.dims();
        let (size, kernel, stride) = ([height, width], [rows, columns], options.stride);
        let padded = [0, 1].map(|side| size[side] + options.padding[side].0 + options.padding[side].1);
        let places = [0, 1].map(|side| (padded[side] - kernel[side]) / stride[side] + 1);
        let padding = options.padding.map(|(before, _)| before);
        Self { batch, channels, outputs, padded, size, padding, kernel, stride, places }
    }

    /// Places of the kernel, and of all outputs of the batch.
    fn counts(&self) -> [usize; 2] {
        [self.kernel.iter().product(), self.batch * self.places.iter().product::<usize>()]
    }

    /// Weights as `[outputs, channels · kernel]`.
    fn matrix<B: Backend>(&self, weights: FloatTensor<B>) -> FloatTensor<B> {
        let [kernel, _] = self.counts();
        B::float_reshape(weights, Shape::new([self.outputs, self.channels * kernel]))
    }

    /// `[batch, outputs, rows, columns]` as `[outputs, batch · places]`.
    fn by_output<B: Backend>(&self, output: FloatTensor<B>) -> FloatTensor<B> {
        let [_, places] = self.counts();
        B::float_reshape(B::float_swap_dims(output, 0, 1), Shape::new([self.outputs, places]))
    }

    /// What each place sees of `[batch, channels, h, w]`: `[channels · kernel, batch · places]`.
    fn columns<B: Backend>(&self, x: FloatTensor<B>) -> FloatTensor<B> {
        let [kernel, places] = self.counts();
        let x = self.pad::<B>(B::float_swap_dims(x, 0, 1));
        let seen = self.offsets().map(|offset| {
            let seen = B::float_slice(x.clone(), &self.seen_at(offset));
            B::float_reshape(seen, Shape::new([self.channels, 1, places]))
        });
        B::float_reshape(B::float_cat(seen.collect(), 1), Shape::new([self.channels * kernel, places]))
    }

    /// The sum over all places of what each sees, where it sees it: the transpose of [`Self::columns`].
    fn fold<B: Backend>(&self, columns: FloatTensor<B>) -> FloatTensor<B> {
        let [kernel, places] = self.counts();
        let [rows, width] = self.places;
        let columns = B::float_reshape(columns, Shape::new([self.channels, kernel, places]));
        let sum = self.offsets().enumerate().fold(self.blank::<B>(&columns), |sum, (index, offset)| {
            let part = B::float_slice(columns.clone(), &[all(self.channels), from(index, 1, 1), all(places)]);
            let part = B::float_reshape(part, Shape::new([self.channels, self.batch, rows, width]));
            let at = self.seen_at(offset);
            let before = B::float_slice(sum.clone(), &at);
            B::float_slice_assign(sum, &at, B::float_add(before, part))
        });
        B::float_swap_dims(B::float_slice(sum, &self.inside()), 0, 1)
    }

    /// `[channels, batch, h, w]` with zeros around.
    fn pad<B: Backend>(&self, x: FloatTensor<B>) -> FloatTensor<B> {
        if self.padded == self.size { x } else { B::float_slice_assign(self.blank::<B>(&x), &self.inside(), x) }
    }

    /// Padded images of zeros, on the device and of the kind of another tensor.
    fn blank<B: Backend>(&self, like: &FloatTensor<B>) -> FloatTensor<B> {
        let [height, width] = self.padded;
        let shape = Shape::new([self.channels, self.batch, height, width]);
        B::float_zeros(shape, &like.device(), like.dtype().into())
    }

    /// Places of the kernel, row by row.
    fn offsets(&self) -> impl Iterator<Item = [usize; 2]> {
        let [rows, columns] = self.kernel;
        (0..rows).flat_map(move |row| (0..columns).map(move |column| [row, column]))
    }

    /// What all places see at an offset of the kernel, of padded images.
    fn seen_at(&self, offset: [usize; 2]) -> [Slice; 4] {
        let [rows, columns] = [0, 1].map(|side| from(offset[side], self.places[side], self.stride[side]));
        [all(self.channels), all(self.batch), rows, columns]
    }

    /// The images in padded images.
    fn inside(&self) -> [Slice; 4] {
        let [rows, columns] = [0, 1].map(|side| from(self.padding[side], self.size[side], 1));
        [all(self.channels), all(self.batch), rows, columns]
    }
}

fn all(count: usize) -> Slice {
    from(0, count, 1)
}

/// `count` elements, every `step`th, from `start` on.
fn from(start: usize, count: usize, step: usize) -> Slice {
    Slice::new(start as isize, Some((start + (count - 1) * step + 1) as isize), step as isize)
}
