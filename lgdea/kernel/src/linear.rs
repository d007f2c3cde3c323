//! A linear layer with a backward pass of its own.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::autodiff::{Autodiff, NodeId};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{DType, Shape, Tensor};
use rayon::prelude::*;

use crate::flex::{back, single, widest};
use crate::gradient::ternary;
use crate::product::{Matrix, product_by_all};

/// Rows whose sum a thread computes at once.
const ROWS: usize = 256;

/// `x W + b`: `[rows, inputs]` with weights `[inputs, outputs]` and a bias `[outputs]`.
pub fn linear(x: Tensor<2>, weights: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    let [x, weights, bias] = [x.into_dispatch(), weights.into_dispatch(), bias.into_dispatch()];
    Tensor::from_dispatch(Dispatch::fused_linear(x, weights, bias))
}

/// The operation.
#[backend_extension(Flex, LibTorch: cfg(feature = "libtorch"), Cube: cfg(feature = "cuda"), Autodiff)]
trait FusedLinear: Backend {
    fn fused_linear(x: FloatTensor<Self>, weights: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        in_pieces::<Self>(x, weights, bias)
    }

    /// Gradients with respect to `x`, weights and bias where the output has the gradient `grad`.
    fn linear_gradients(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        grad: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        gradients_in_pieces::<Self>(x, weights, grad)
    }
}

// burn copies the room for a product before it is filled, and passes over it again for the bias.
impl FusedLinear for Flex {
    fn fused_linear(x: FloatTensor<Self>, weights: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        if x.dtype() != DType::F32 {
            return in_pieces::<Self>(x, weights, bias);
        }
        let [[rows, inputs], [_, outputs]] = [&x, &weights].map(|matrix| matrix.shape().dims());
        let [x, weights, bias] = [x, weights, bias].map(single);
        let bias = bias.storage::<f32>();
        let mut output = Vec::with_capacity(rows * outputs);
        for _ in 0..rows {
            output.extend_from_slice(bias);
        }
        let (x, weights) = (Matrix::new(x.storage(), rows, inputs), Matrix::new(weights.storage(), inputs, outputs));
        product_by_all(&mut output, x, weights, true);
        back(output, Shape::new([rows, outputs]), DType::F32)
    }

    fn linear_gradients(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        grad: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        if x.dtype() != DType::F32 {
            return gradients_in_pieces::<Self>(x, weights, grad);
        }
        let [[rows, inputs], [_, outputs]] = [&x, &weights].map(|matrix| matrix.shape().dims());
        let [x, weights, grad] = [x, weights, grad].map(single);
        let (x, weights) = (Matrix::new(x.storage(), rows, inputs), Matrix::new(weights.storage(), inputs, outputs));
        let grads = Matrix::new(grad.storage(), rows, outputs);
        let (mut of_x, mut of_weights) = (vec![0.0; rows * inputs], vec![0.0; inputs * outputs]);
        product_by_all(&mut of_x, grads, weights.transposed(), false);
        product_by_all(&mut of_weights, x.transposed(), grads, false);
        let tensor = |numbers, dims: &[usize]| back(numbers, Shape::from(dims.to_vec()), DType::F32);
        let of_bias = sum_of_rows(grad.storage(), outputs);
        (tensor(of_x, &[rows, inputs]), tensor(of_weights, &[inputs, outputs]), tensor(of_bias, &[outputs]))
    }
}

#[cfg(feature = "libtorch")]
impl FusedLinear for burn::backend::LibTorch {}

#[cfg(feature = "cuda")]
impl FusedLinear for burn::backend::Cube {}

impl<B: FusedLinear, C: CheckpointStrategy> FusedLinear for Autodiff<B, C> {
    fn fused_linear(x: FloatTensor<Self>, weights: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Linear;

        impl<B: FusedLinear> Backward<B, 3> for Linear {
            type State = [NodeId; 2];

            fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
                ternary::<B, _>(ops, grads, |nodes, grad| {
                    let [x, weights] = nodes.map(|node| checkpointer.retrieve_node_output(node));
                    B::linear_gradients(x, weights, grad).into()
                });
            }
        }

        let nodes = [x.node(), weights.node(), bias.node()];
        match Linear.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = [prep.checkpoint(&x), prep.checkpoint(&weights)];
                let output = B::fused_linear(x.into_primitive(), weights.into_primitive(), bias.into_primitive());
                prep.finish(state, output)
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(B::fused_linear(x.into_primitive(), weights.into_primitive(), bias.into_primitive()))
            }
        }
    }
}

fn in_pieces<B: Backend>(x: FloatTensor<B>, weights: FloatTensor<B>, bias: FloatTensor<B>) -> FloatTensor<B> {
    let [outputs] = bias.shape().dims();
    B::float_add(B::float_matmul(x, weights), B::float_reshape(bias, Shape::new([1, outputs])))
}

fn gradients_in_pieces<B: Backend>(
    x: FloatTensor<B>,
    weights: FloatTensor<B>,
    grad: FloatTensor<B>,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let [_, outputs] = grad.shape().dims();
    let of_bias = B::float_reshape(B::float_sum_dim(grad.clone(), 0), Shape::new([outputs]));
    let of_weights = B::float_matmul(B::float_swap_dims(x, 0, 1), grad.clone());
    (B::float_matmul(grad, B::float_swap_dims(weights, 0, 1)), of_weights, of_bias)
}

/// The sum of rows of some width, the same with any number of threads.
fn sum_of_rows(numbers: &[f32], width: usize) -> Vec<f32> {
    let add = |mut sum: Vec<f32>, row: &[f32]| {
        sum.iter_mut().zip(row).for_each(|(sum, number)| *sum += number);
        sum
    };
    let part = |rows: &[f32]| widest(|| rows.chunks_exact(width).fold(vec![0.0; width], add));
    let parts: Vec<Vec<f32>> = numbers.par_chunks(ROWS * width).map(part).collect();
    parts.iter().fold(vec![0.0; width], |sum, part| add(sum, part))
}

#[cfg(test)]
mod tests {
    use burn::backend::FlexDevice;
    use burn::backend::ops::FloatTensorOps;
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::testing::{gap, random};

    #[test]
    fn linear_is_burns_and_has_its_gradients() {
        Device::flex().seed(10);
        let (x, weights, bias) = (random([300, 12]), random([12, 7]), random([7]));
        let weigh = random([300, 7]).detach();
        let ours = linear(x.clone(), weights.clone(), bias.clone());
        let theirs = x.clone().matmul(weights.clone()) + bias.clone().unsqueeze();
        assert!(gap(ours.clone(), theirs.clone()) < 1e-6);
        let (ours, theirs) = ((ours * weigh.clone()).sum().backward(), (theirs * weigh).sum().backward());
        assert!(gap(x.grad(&ours).unwrap(), x.grad(&theirs).unwrap()) < 1e-5);
        assert!(gap(weights.grad(&ours).unwrap(), weights.grad(&theirs).unwrap()) < 1e-5);
        assert!(gap(bias.grad(&ours).unwrap(), bias.grad(&theirs).unwrap()) < 1e-5);
    }

    /// What other devices do.
    #[test]
    fn in_pieces_linear_is_the_same() {
        let numbers = |dims: &[usize]| {
            let values: Vec<f32> = (0..dims.iter().product()).map(|index| (index as f32 * 0.7).sin()).collect();
            Flex::float_from_data(TensorData::new(values, dims), &FlexDevice)
        };
        let (x, weights, bias, grad) =
            (|| numbers(&[5, 4]), || numbers(&[4, 3]), || numbers(&[3]), || numbers(&[5, 3]));
        let ours = <[_; 3]>::from(Flex::linear_gradients(x(), weights(), grad()));
        let pieces = <[_; 3]>::from(gradients_in_pieces::<Flex>(x(), weights(), grad()));
        let output = (Flex::fused_linear(x(), weights(), bias()), in_pieces::<Flex>(x(), weights(), bias()));
        for (ours, pieces) in ours.into_iter().zip(pieces).chain([output]) {
            assert_eq!(ours.shape(), pieces.shape());
            let [ours, pieces] = [ours, pieces].map(|x| x.into_data().try_to_vec::<f32>().unwrap());
            assert!(ours.iter().zip(&pieces).all(|(a, b)| (a - b).abs() < 1e-5), "{ours:?} {pieces:?}");
        }
    }
}
