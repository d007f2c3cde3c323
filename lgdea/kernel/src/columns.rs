//! The gradient with respect to the weights of a convolution as one matrix product over a whole batch: of the output's gradient with
//! what each place of the output sees, `[channels · kernel, batch · places]` (im2col; Chellapilla et al. 2006).

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Shape, Slice};

use crate::window::Window;

/// Whether no place of the output sees what another does: kernels of one place, and patches.
pub(crate) fn repeat_nothing(weights: &Shape, options: &ConvOptions<2>) -> bool {
    let [_, _, rows, columns] = weights.dims();
    rows <= options.stride[0] && columns <= options.stride[1]
}

/// The gradient with respect to the weights of a convolution of `x` `[batch, channels, h, w]` whose output has the gradient `grad`.
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

impl Window {
    /// Places of the kernel, and of all outputs of the batch.
    fn counts(&self) -> [usize; 2] {
        [self.kernel.iter().product(), self.batch * self.places.iter().product::<usize>()]
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
