//! Each token beside its neighbours: what a convolution over tokens multiplies with its weights.

use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{Shape, Slice, Tensor};
use rayon::prelude::*;

use crate::flex::{back, single};

/// The vectors of `reach` tokens before, of the token and of `reach` tokens behind, with zeros beyond the ends:
/// `[texts, tokens, width]` to `[texts, tokens, (2 · reach + 1) · width]`.
pub fn neighbours(x: Tensor<3>, reach: usize) -> Tensor<3> {
    Tensor::from_dispatch(Dispatch::beside_neighbours(x.into_dispatch(), reach))
}

/// The operation.
#[backend_extension(Flex, LibTorch: cfg(feature = "libtorch"), Cube: cfg(feature = "cuda"), Autodiff)]
trait BesideNeighbours: Backend {
    fn beside_neighbours(x: FloatTensor<Self>, reach: usize) -> FloatTensor<Self> {
        in_pieces::<Self>(x, reach)
    }

    /// The gradient with respect to `x` where the output has the gradient `grad`.
    fn neighbours_gradient(grad: FloatTensor<Self>, reach: usize) -> FloatTensor<Self> {
        gradient_in_pieces::<Self>(grad, reach)
    }
}

// burn copies number by number, on one thread.
impl BesideNeighbours for Flex {
    fn beside_neighbours(x: FloatTensor<Self>, reach: usize) -> FloatTensor<Self> {
        let (kind, [texts, tokens, width]) = (x.dtype(), x.shape().dims());
        let (x, seen) = (single(x), (2 * reach + 1) * width);
        let mut output = vec![0.0; texts * tokens * seen];
        let inputs = x.storage::<f32>().par_chunks(tokens * width);
        output.par_chunks_mut(tokens * seen).zip(inputs).for_each(|(output, text)| {
            for (token, output) in output.chunks_mut(seen).enumerate() {
                let (first, end) = (token.saturating_sub(reach), (token + reach + 1).min(tokens));
                let at = (first + reach - token) * width;
                output[at..at + (end - first) * width].copy_from_slice(&text[first * width..end * width]);
            }
        });
        back(output, Shape::new([texts, tokens, seen]), kind)
    }

    fn neighbours_gradient(grad: FloatTensor<Self>, reach: usize) -> FloatTensor<Self> {
        let (kind, [texts, tokens, seen]) = (grad.dtype(), grad.shape().dims());
        let (grad, width) = (single(grad), seen / (2 * reach + 1));
        let mut gradient = vec![0.0; texts * tokens * width];
        let grads = grad.storage::<f32>().par_chunks(tokens * seen);
        gradient.par_chunks_mut(tokens * width).zip(grads).for_each(|(gradient, grad)| {
            for (token, grad) in grad.chunks(seen).enumerate() {
                let (first, end) = (token.saturating_sub(reach), (token + reach + 1).min(tokens));
                let at = (first + reach - token) * width;
                let neighbours = &mut gradient[first * width..end * width];
                neighbours.iter_mut().zip(&grad[at..]).for_each(|(sum, grad)| *sum += grad);
            }
        });
        back(gradient, Shape::new([texts, tokens, width]), kind)
    }
}

#[cfg(feature = "libtorch")]
impl BesideNeighbours for burn::backend::LibTorch {}

#[cfg(feature = "cuda")]
impl BesideNeighbours for burn::backend::Cube {}

impl<B: BesideNeighbours, C: CheckpointStrategy> BesideNeighbours for Autodiff<B, C> {
    fn beside_neighbours(x: FloatTensor<Self>, reach: usize) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Neighbours;

        impl<B: BesideNeighbours> Backward<B, 1> for Neighbours {
            type State = usize;

            fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
                let reach = ops.state;
                unary::<B, _>(ops.parents, ops.node, grads, |grad| B::neighbours_gradient(grad, reach));
            }
        }

        match Neighbours.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(reach, B::beside_neighbours(x.into_primitive(), reach)),
            OpsKind::UnTracked(prep) => prep.finish(B::beside_neighbours(x.into_primitive(), reach)),
        }
    }
}

fn in_pieces<B: Backend>(x: FloatTensor<B>, reach: usize) -> FloatTensor<B> {
    let shape = x.shape();
    let [texts, tokens, width] = shape.dims();
    let zeros = B::float_zeros(Shape::new([texts, tokens + 2 * reach, width]), &x.device(), x.dtype().into());
    let padded = B::float_slice_assign(zeros, &shifted(&shape, reach), x);
    let seen = (0..=2 * reach).map(|shift| B::float_slice(padded.clone(), &shifted(&shape, shift)));
    B::float_cat(seen.collect(), 2)
}

fn gradient_in_pieces<B: Backend>(grad: FloatTensor<B>, reach: usize) -> FloatTensor<B> {
    let [texts, tokens, seen] = grad.shape().dims();
    let width = seen / (2 * reach + 1);
    let shape = Shape::new([texts, tokens, width]);
    let zeros = B::float_zeros(Shape::new([texts, tokens + 2 * reach, width]), &grad.device(), grad.dtype().into());
    let padded = (0..=2 * reach).fold(zeros, |sum, shift| {
        let at = shifted(&shape, shift);
        let part = B::float_slice(grad.clone(), &[span(0, texts), span(0, tokens), span(shift * width, width)]);
        let part = B::float_add(B::float_slice(sum.clone(), &at), part);
        B::float_slice_assign(sum, &at, part)
    });
    B::float_slice(padded, &shifted(&shape, reach))
}

/// Where texts of some shape stand in longer ones, `shift` tokens behind the start.
fn shifted(shape: &Shape, shift: usize) -> [Slice; 3] {
    let [texts, tokens, width] = shape.dims();
    [span(0, texts), span(shift, tokens), span(0, width)]
}

fn span(start: usize, count: usize) -> Slice {
    Slice::new(start as isize, Some((start + count) as isize), 1)
}

#[cfg(test)]
mod tests {
    use burn::backend::FlexDevice;
    use burn::backend::ops::FloatTensorOps;
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::testing::{gap, random};

    #[test]
    fn a_token_stands_between_its_neighbours() {
        let x = Tensor::<3>::from_floats([[[1.0], [2.0], [3.0]]], &Device::flex());
        let found: Vec<f32> = neighbours(x.clone(), 1).into_data().try_to_vec().unwrap();
        assert_eq!(found, [0.0, 1.0, 2.0, 1.0, 2.0, 3.0, 2.0, 3.0, 0.0]);
        // Further than the text is long.
        let found: Vec<f32> = neighbours(x, 3).into_data().try_to_vec().unwrap();
        assert_eq!(found[..7], [0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 0.0]);
    }

    #[test]
    fn neighbours_have_the_gradient_of_a_concatenation() {
        Device::flex().seed(9);
        let (x, weigh) = (random([3, 7, 4]), random([3, 7, 20]).detach());
        let edge = Tensor::<3>::zeros([3, 2, 4], &x.device());
        let padded = Tensor::cat(vec![edge.clone(), x.clone(), edge], 1);
        let theirs = Tensor::cat((0..5).map(|shift| padded.clone().narrow(1, shift, 7)).collect(), 2);
        let ours = neighbours(x.clone(), 2);
        assert!(gap(ours.clone(), theirs.clone()) == 0.0);
        let (ours, theirs) = ((ours * weigh.clone()).sum().backward(), (theirs * weigh).sum().backward());
        assert!(gap(x.grad(&ours).unwrap(), x.grad(&theirs).unwrap()) < 1e-6);
    }

    /// What other devices do.
    #[test]
    fn in_pieces_neighbours_are_the_same() {
        let numbers = |dims: [usize; 3]| {
            let values: Vec<f32> = (0..dims.iter().product()).map(|index| (index as f32 * 0.7).sin()).collect();
            Flex::float_from_data(TensorData::new(values, dims), &FlexDevice)
        };
        let values = |x: FloatTensor<Flex>| x.into_data().try_to_vec::<f32>().unwrap();
        let (x, grad) = (|| numbers([2, 6, 4]), || numbers([2, 6, 20]));
        assert_eq!(values(Flex::beside_neighbours(x(), 2)), values(in_pieces::<Flex>(x(), 2)));
        let [ours, pieces] = [Flex::neighbours_gradient(grad(), 2), gradient_in_pieces::<Flex>(grad(), 2)].map(values);
        assert!(ours.iter().zip(&pieces).all(|(a, b)| (a - b).abs() < 1e-6), "{ours:?} {pieces:?}");
    }
}
