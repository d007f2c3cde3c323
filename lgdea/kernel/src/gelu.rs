//! GELU with a backward pass in closed form.

use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::Tensor;
use rayon::prelude::*;

use crate::flex::{CHUNK, back, of_kind, single, widest};

/// `x Φ(x)`, with `Φ` the distribution function of the normal distribution (Hendrycks and Gimpel 2016, arXiv 1606.08415).
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::fused_gelu(x.into_dispatch()))
}

/// The operation; without gradients as burn has it.
#[backend_extension(Flex, LibTorch: cfg(feature = "libtorch"), Cube: cfg(feature = "cuda"), Autodiff)]
trait FusedGelu: Backend {
    fn fused_gelu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::gelu(x)
    }

    /// The output, and what [`Self::gelu_gradient`] needs.
    fn gelu_and_state(x: FloatTensor<Self>) -> (FloatTensor<Self>, FloatTensor<Self>) {
        (Self::gelu(x.clone()), x)
    }

    /// The gradient with respect to `x` where the output has the gradient `grad`.
    fn gelu_gradient(state: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::gelu_backward(state, grad)
    }
}

// burn computes one error function after the other, on one thread. The state is the slope at each `x`, which takes the same
// exponential as the output.
impl FusedGelu for Flex {
    fn fused_gelu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let kind = x.dtype();
        let mut x = single(x);
        x.storage_mut::<f32>().par_chunks_mut(CHUNK).for_each(|x| {
            widest(|| x.iter_mut().for_each(|x| *x = value_and_slope(*x)[0]));
        });
        of_kind(x, kind)
    }

    fn gelu_and_state(x: FloatTensor<Self>) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (kind, shape) = (x.dtype(), x.shape());
        let mut x = single(x);
        let mut slopes = vec![0.0; shape.num_elements()];
        let chunks = x.storage_mut::<f32>().par_chunks_mut(CHUNK).zip(slopes.par_chunks_mut(CHUNK));
        chunks.for_each(|(x, slopes)| {
            widest(|| x.iter_mut().zip(slopes).for_each(|(x, slope)| [*x, *slope] = value_and_slope(*x)));
        });
        let output = of_kind(x, kind);
        (output, back(slopes, shape, kind))
    }

    fn gelu_gradient(slopes: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        let kind = grad.dtype();
        let (slopes, mut grad) = (single(slopes), single(grad));
        let chunks = grad.storage_mut::<f32>().par_chunks_mut(CHUNK).zip(slopes.storage::<f32>().par_chunks(CHUNK));
        chunks.for_each(|(grad, slopes)| {
            widest(|| grad.iter_mut().zip(slopes).for_each(|(grad, slope)| *grad *= slope));
        });
        of_kind(grad, kind)
    }
}

#[cfg(feature = "libtorch")]
impl FusedGelu for burn::backend::LibTorch {}

#[cfg(feature = "cuda")]
impl FusedGelu for burn::backend::Cube {}

impl<B: FusedGelu, C: CheckpointStrategy> FusedGelu for Autodiff<B, C> {
    fn fused_gelu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Gelu;

        impl<B: FusedGelu> Backward<B, 1> for Gelu {
            type State = FloatTensor<B>;

            fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
                let state = ops.state;
                unary::<B, _>(ops.parents, ops.node, grads, |grad| B::gelu_gradient(state, grad));
            }
        }

        match Gelu.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let (output, state) = B::gelu_and_state(x.into_primitive());
                prep.finish(state, output)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::fused_gelu(x.into_primitive())),
        }
    }
}

/// `x Φ(x)` and its slope `Φ(x) + x φ(x)`. The tail of `Φ` is a polynomial times `exp(−x² / 2)`, wrong by at most 1e-7 (Abramowitz
/// and Stegun 1964, 7.1.26).
#[inline(always)]
fn value_and_slope(x: f32) -> [f32; 2] {
    let t = 1.0 / (1.0 + 0.327_591_1 * std::f32::consts::FRAC_1_SQRT_2 * x.abs());
    let series = [1.061_405_4, -1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6];
    let series = t * series[1..].iter().fold(series[0], |sum, factor| sum * t + factor);
    let density = exp(-0.5 * x * x);
    let tail = 0.5 * series * density;
    let below = if x > 0.0 { 1.0 - tail } else { tail };
    [x * below, below + x * density * 0.398_942_3]
}

/// `exp(x)` for `x ≤ 0`, as a power of two times a polynomial (Moshier, Cephes: `expf`), in steps that a processor takes for many
/// numbers at once.
#[inline(always)]
fn exp(x: f32) -> f32 {
    /// Adding 1.5 · 2²³ rounds to an integer, which then are the last bits.
    const ROUND: f32 = 12_582_912.0;
    if x < -87.0 {
        return 0.0;
    }
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let rest = x - whole * 0.693_359_4 + whole * 2.121_944_4e-4;
    let series = [1.987_569_1e-4, 1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];
    let series = series[1..].iter().fold(series[0], |sum, factor| sum * rest + factor);
    let power = f32::from_bits(shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23);
    (series * rest * rest + rest + 1.0) * power
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, activation};

    use super::*;
    use crate::testing::{gap, random};

    #[test]
    fn gelu_is_burns_and_has_its_gradient() {
        Device::flex().seed(8);
        let (x, weigh) = (random([90, 301]), random([90, 301]).detach());
        let (ours, theirs) = (gelu(x.clone()), activation::gelu(x.clone()));
        assert!(gap(ours.clone(), theirs.clone()) < 1e-6);
        // What goes in may be seen by others.
        let plain = x.clone().inner();
        assert!(gap(gelu(plain.clone()), activation::gelu(plain.clone())) < 1e-6);
        assert!(gap(plain, x.clone().inner()) == 0.0);
        let (ours, theirs) = ((ours * weigh.clone()).sum().backward(), (theirs * weigh).sum().backward());
        assert!(gap(x.grad(&ours).unwrap(), x.grad(&theirs).unwrap()) < 1e-6);
    }

    #[test]
    fn far_out_gelu_is_nothing_or_what_goes_in() {
        for (x, expected) in [(-1e30, [0.0, 0.0]), (-20.0, [0.0, 0.0]), (0.0, [0.0, 0.5]), (20.0, [20.0, 1.0])] {
            let found = value_and_slope(x);
            assert!(
                found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-6),
                "{x}: {found:?}"
            );
        }
        assert!(value_and_slope(f32::NAN).iter().all(|value| value.is_nan()));
        assert!(value_and_slope(f32::NEG_INFINITY)[0].is_nan());
    }

    #[test]
    fn the_exponential_is_the_standard_librarys() {
        for step in 0..8700 {
            let x = step as f32 * -0.01;
            assert!((exp(x) / x.exp() - 1.0).abs() < 3e-7, "{x}");
        }
    }
}
