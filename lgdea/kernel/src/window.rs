//! What a convolution slides over images.

use burn::tensor::Shape;
use burn::tensor::ops::ConvOptions;

/// What a convolution slides over images.
pub(crate) struct Window {
    pub(crate) batch: usize,
    pub(crate) channels: usize,
    pub(crate) outputs: usize,
    /// Height and width of the images, with their padding and without.
    pub(crate) padded: [usize; 2],
    pub(crate) size: [usize; 2],
    /// Zeros above and on the left.
    pub(crate) padding: [usize; 2],
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    /// Rows and columns of the output.
    pub(crate) places: [usize; 2],
}

impl Window {
    pub(crate) fn new(x: &Shape, weights: &Shape, options: &ConvOptions<2>) -> Self {
        let [batch, channels, height, width] = x.dims();
        let [outputs, _, rows, columns] = weights.dims();
        let (size, kernel, stride) = ([height, width], [rows, columns], options.stride);
        let padded = [0, 1].map(|side| size[side] + options.padding[side].0 + options.padding[side].1);
        let places = [0, 1].map(|side| (padded[side] - kernel[side]) / stride[side] + 1);
        let padding = options.padding.map(|(before, _)| before);
        Self { batch, channels, outputs, padded, size, padding, kernel, stride, places }
    }

    /// Places of the kernel, row by row.
    pub(crate) fn offsets(&self) -> impl Iterator<Item = [usize; 2]> {
        let [rows, columns] = self.kernel;
        (0..rows).flat_map(move |row| (0..columns).map(move |column| [row, column]))
    }
}
