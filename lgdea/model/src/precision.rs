//! Matrix products in half precision, all else in single precision.
//!
//! The weights of a network's linear layers and convolutions decide: where they are [`cast`] to bf16, what goes in is too, and
//! what comes out is f32 again. The masters that the optimizer steps stay f32, and so do norms, sums of residuals, softmax and
//! losses (Kalamkar et al. 2019, arXiv 1905.12322).

use burn::module::{Module, ModuleMapper, Param};
use burn::nn::Linear;
use burn::nn::conv::Conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{FloatDType, Tensor};

use crate::convolution::{self, Padding};

/// A network whose linear layers and convolutions are of another precision, for forward passes; gradients still reach the
/// network that it was made of.
pub fn cast<M: Module>(network: M, precision: FloatDType) -> M {
    network.map(&mut Cast { precision, containers: Vec::new() })
}

struct Cast {
    precision: FloatDType,
    /// Whose fields are being visited, innermost last.
    containers: Vec<String>,
}

impl ModuleMapper for Cast {
    fn enter_module(&mut self, _: &str, container: &str) {
        self.containers.push(container.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.containers.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.containers.last().map(String::as_str) {
            Some("Struct:Linear" | "Struct:Conv2d" | "Struct:LoraAdapter") => {
                param.map(|weights| weights.cast(self.precision))
            }
            _ => param,
        }
    }
}

/// A linear layer in the precision of its weights, over the last dimension.
pub(crate) fn linear<const D: usize>(layer: &Linear, x: Tensor<D>) -> Tensor<D> {
    // As one product of two matrices: burn's own is one for each row of the first dimension, and so are its gradients.
    let mut dims = x.dims();
    let width = dims[D - 1];
    let rows = x.reshape([dims.iter().product::<usize>() / width, width]);
    let output = in_precision_of(&layer.weight, rows, |x| match &layer.bias {
        Some(bias) => lgdea_kernel::linear(x, layer.weight.val(), bias.val()),
        None => layer.forward(x),
    });
    dims[D - 1] = output.dims()[1];
    output.reshape(dims)
}

/// A convolution in the precision of its weights.
pub(crate) fn convolve(layer: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    convolve_weights(layer, layer.weight.val(), Padding::Even, x)
}

/// As [`convolve`], with other weights than the layer's and other zeros around.
pub(crate) fn convolve_weights(layer: &Conv2d, weights: Tensor<4>, padding: Padding, x: Tensor<4>) -> Tensor<4> {
    in_precision_of(&layer.weight, x, |x| convolution::apply(layer, weights, padding, x))
}

/// A product in the precision of some layer's weights.
pub(crate) fn product<const D: usize>(layer: &Linear, one: Tensor<D>, other: Tensor<D>) -> Tensor<D> {
    let precision = layer.weight.dtype();
    in_precision_of(&layer.weight, one, |one| {
        one.matmul(if other.dtype() == precision { other } else { other.cast(precision) })
    })
}

/// A convolution of blocks of `factor` × `factor` pixels that are moved into channels (space to depth: `[b, c, h, w]` to
/// `[b, c · factor², h / factor, w / factor]`). It is computed where the pixels are, with kernels of whole blocks.
pub(crate) fn convolve_blocks(layer: &Conv2d, factor: usize, x: Tensor<4>) -> Tensor<4> {
    let [outputs, channels, rows, columns] = layer.weight.dims();
    let channels = channels / (factor * factor);
    let weights = layer.weight.val().reshape([outputs, channels, factor, factor, rows, columns]);
    let weights = weights.permute([0, 1, 4, 2, 5, 3]).reshape([outputs, channels, rows * factor, columns * factor]);
    let options = ConvOptions::new([factor; 2], [rows / 2 * factor, columns / 2 * factor], [1, 1], 1);
    in_precision_of(&layer.weight, x, |x| lgdea_kernel::convolution(x, weights, options))
}

fn in_precision_of<const W: usize, const D: usize, const O: usize>(
    weights: &Param<Tensor<W>>,
    x: Tensor<D>,
    apply: impl FnOnce(Tensor<D>) -> Tensor<O>,
) -> Tensor<O> {
    let (outside, inside) = (x.dtype(), weights.dtype());
    if outside == inside { apply(x) } else { apply(x.cast(inside)).cast(outside) }
}
