//! Convolution whose gradients are products of matrices where that is faster.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, binary};
use burn::backend::autodiff::{Autodiff, NodeId};
use burn::backend::ops::ModuleOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::Tensor;
use burn::tensor::ops::ConvOptions;

#[cfg(feature = "libtorch")]
use crate::libtorch;
use crate::{columns, dense, depthwise};

/// The convolution of `[batch, channels, h, w]` with weights `[outputs, channels, kh, kw]`, without dilation; in one group, or in
/// as many as there are channels and outputs, with weights `[channels, 1, kh, kw]`.
pub fn convolution(x: Tensor<4>, weights: Tensor<4>, options: ConvOptions<2>) -> Tensor<4> {
    let [x, weights] = [x, weights].map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::fused_convolution(x, weights, options))
}

/// The operation; without gradients as burn has it.
#[backend_extension(Flex, LibTorch: cfg(feature = "libtorch"), Cube: cfg(feature = "cuda"), Autodiff)]
trait FusedConvolution: Backend {
    fn fused_convolution(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        Self::conv2d(x, weights, None, options)
    }

    /// The gradient with respect to `x` of a convolution whose output has the gradient `grad`.
    fn convolution_input_gradient(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        Self::conv2d_x_backward(x, weights, grad, options)
    }

    /// The gradient with respect to the weights of a convolution whose output has the gradient `grad`.
    fn convolution_weight_gradient(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        weight_gradient::<Self>(x, weights, grad, options)
    }
}

/// The gradient with respect to weights, as a product of matrices where that is faster.
fn weight_gradient<B: Backend>(
    x: FloatTensor<B>,
    weights: FloatTensor<B>,
    grad: FloatTensor<B>,
    options: ConvOptions<2>,
) -> FloatTensor<B> {
    if options.groups > 1 {
        columns::depthwise_weight_gradient::<B>(x, &weights.shape(), grad, &options)
    } else if columns::repeat_nothing(&weights.shape(), &options) {
        columns::weight_gradient::<B>(x, &weights.shape(), grad, &options)
    } else {
        B::conv2d_weight_backward(x, weights, grad, options)
    }
}

impl FusedConvolution for Flex {
    fn fused_convolution(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        if options.groups > 1 {
            depthwise::convolution(x, weights, &options)
        } else if dense::fits(&x.shape(), &weights.shape(), &options) {
            dense::convolution(x, weights, &options)
        } else {
            Self::conv2d(x, weights, None, options)
        }
    }

    fn convolution_input_gradient(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        if options.groups > 1 {
            depthwise::input_gradient(&x.shape(), weights, grad, &options)
        } else if dense::fits(&x.shape(), &weights.shape(), &options) {
            dense::input_gradient(&x.shape(), weights, grad, &options)
        } else {
            Self::conv2d_x_backward(x, weights, grad, options)
        }
    }

    fn convolution_weight_gradient(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        if options.groups > 1 {
            depthwise::weight_gradient(x, &weights.shape(), grad, &options)
        } else if dense::fits(&x.shape(), &weights.shape(), &options) {
            dense::weight_gradient(x, &weights.shape(), grad, &options)
        } else {
            weight_gradient::<Self>(x, weights, grad, options)
        }
    }
}

#[cfg(feature = "libtorch")]
impl FusedConvolution for burn::backend::LibTorch {
    fn convolution_weight_gradient(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        if libtorch::is_on_gpu(&x) {
            // In burn it is a convolution whose kernel is the whole gradient, which has few places for a GPU to work at.
            libtorch::weight_gradient(x, weights, grad, options)
        } else {
            weight_gradient::<Self>(x, weights, grad, options)
        }
    }
}

#[cfg(feature = "cuda")]
impl FusedConvolution for burn::backend::Cube {}

impl<B: FusedConvolution, C: CheckpointStrategy> FusedConvolution for Autodiff<B, C> {
    fn fused_convolution(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Convolution;

        impl<B: FusedConvolution> Backward<B, 2> for Convolution {
            type State = (NodeId, NodeId, ConvOptions<2>);

            fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
                let (x, weights, options) = ops.state;
                let [x, weights] = [x, weights].map(|node| checkpointer.retrieve_node_output::<FloatTensor<B>>(node));
                let (also_x, also_weights, also_options) = (x.clone(), weights.clone(), options.clone());
                binary::<B, _, _>(
                    ops.parents,
                    ops.node,
                    grads,
                    |grad| B::convolution_input_gradient(also_x, also_weights, grad, also_options),
                    |grad| B::convolution_weight_gradient(x, weights, grad, options),
                );
            }
        }

        match Convolution.prepare::<C>([x.node(), weights.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = (prep.checkpoint(&x), prep.checkpoint(&weights), options.clone());
                prep.finish(state, B::fused_convolution(x.into_primitive(), weights.into_primitive(), options))
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(B::fused_convolution(x.into_primitive(), weights.into_primitive(), options))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::backend::FlexDevice;
    use burn::backend::ops::FloatTensorOps;
    use burn::tensor::module::conv2d;
    use burn::tensor::{Device, Shape, TensorData};

    use super::*;
    use crate::testing::{gap, random};

    /// Whether a convolution and its gradients are burn's.
    fn is_burns_with_its_gradients(x: Tensor<4>, weights: Tensor<4>, options: ConvOptions<2>) {
        let ours = convolution(x.clone(), weights.clone(), options.clone());
        let theirs = conv2d(x.clone(), weights.clone(), None, options.clone());
        assert_eq!(ours.dims(), theirs.dims());
        assert!(gap(ours.clone(), theirs.clone()) < 1e-6);
        let weigh = random(ours.dims()).detach();
        let (ours, theirs) = ((ours * weigh.clone()).sum().backward(), (theirs * weigh).sum().backward());
        assert!(gap(x.grad(&ours).unwrap(), x.grad(&theirs).unwrap()) < 1e-5, "{options:?}");
        assert!(gap(weights.grad(&ours).unwrap(), weights.grad(&theirs).unwrap()) < 1e-5, "{options:?}");
    }

    #[test]
    fn convolution_is_burns_and_has_its_gradients() {
        Device::flex().seed(5);
        // Size, kernel, stride and padding: few places, few with a stride, many; one place; patches.
        for (size, kernel, stride, pad) in
            [(4, 3, 1, 1), (5, 3, 2, 1), (9, 3, 1, 1), (7, 1, 2, 0), (7, 1, 1, 0), (3, 1, 1, 0), (9, 2, 2, 0)]
        {
            let (x, weights) = (random([3, 5, size, size - 1]), random([4, 5, kernel, kernel]));
            let options = ConvOptions::new([stride; 2], [pad; 2], [1, 1], 1);
            is_burns_with_its_gradients(x, weights, options);
        }
    }

    #[test]
    fn a_depthwise_convolution_is_burns_and_has_its_gradients() {
        Device::flex().seed(6);
        // Size, kernel, stride and zeros around: as many on each side, as TensorFlow halves, one place, what nothing sees.
        for (size, kernel, stride, pad) in [
            (9, 3, 1, [(1, 1); 2]),
            (8, 3, 2, [(0, 1); 2]),
            (8, 5, 2, [(1, 2); 2]),
            (9, 5, 2, [(2, 2), (1, 2)]),
            (20, 7, 1, [(3, 3); 2]),
            (40, 3, 1, [(1, 1); 2]),
            (7, 2, 3, [(0, 0); 2]),
            (3, 3, 1, [(0, 0); 2]),
        ] {
            let (x, weights) = (random([2, 5, size, size + 1]), random([5, 1, kernel, kernel]));
            let options = ConvOptions::new_with_padding([stride; 2], pad, [1, 1], 5);
            is_burns_with_its_gradients(x, weights, options);
        }
    }

    /// What other devices do.
    #[test]
    fn the_weights_of_a_depthwise_convolution_have_the_same_gradient_as_a_product() {
        let numbers = |dims: [usize; 4], step: f32| {
            let count = dims.iter().product::<usize>();
            let values: Vec<f32> = (0..count).map(|index| (index as f32 * step).sin()).collect();
            Flex::float_from_data(TensorData::new(values, dims), &FlexDevice)
        };
        let (x, weights, grad) = (numbers([2, 3, 8, 6], 0.7), Shape::new([3, 1, 5, 5]), numbers([2, 3, 4, 3], 0.3));
        let options = ConvOptions::new_with_padding([2, 2], [(1, 2); 2], [1, 1], 3);
        let [ours, product] = [
            depthwise::weight_gradient(x.clone(), &weights, grad.clone(), &options),
            columns::depthwise_weight_gradient::<Flex>(x, &weights, grad, &options),
        ]
        .map(|gradient| gradient.into_data().try_to_vec::<f32>().unwrap());
        assert!(ours.iter().zip(&product).all(|(a, b)| (a - b).abs() < 1e-4), "{ours:?} {product:?}");
    }
}
