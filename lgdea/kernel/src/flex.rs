//! What the operations for burn's CPU backend share.

use burn::backend::Flex;
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::tensor::{DType, FloatDType, Shape, TensorData};

/// Numbers that a thread takes at once.
pub(crate) const CHUNK: usize = 1 << 13;
/// Numbers that are summed side by side.
const LANES: usize = 16;

/// In one piece, in single precision.
pub(crate) fn single(x: FloatTensor<Flex>) -> FloatTensor<Flex> {
    let x = if x.dtype() == DType::F32 { x } else { Flex::float_cast(x, FloatDType::F32) };
    x.to_contiguous()
}

/// Numbers as a tensor of some kind.
pub(crate) fn back(numbers: Vec<f32>, shape: Shape, kind: DType) -> FloatTensor<Flex> {
    of_kind(FloatTensor::<Flex>::from_data(TensorData::new(numbers, shape)), kind)
}

/// A tensor in single precision as one of some kind.
pub(crate) fn of_kind(x: FloatTensor<Flex>, kind: DType) -> FloatTensor<Flex> {
    if kind == DType::F32 { x } else { Flex::float_cast(x, kind.into()) }
}

/// Runs loops with the widest vectors that the processor has. The numbers are the same with all of them.
pub(crate) fn widest<R>(run: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(run)
}

/// `Σ aᵢ`.
#[inline(always)]
pub(crate) fn sum(numbers: &[f32]) -> f32 {
    sum_of(numbers, numbers, |a, _| a)
}

/// `Σ aᵢ bᵢ`.
#[inline(always)]
pub(crate) fn dot(one: &[f32], other: &[f32]) -> f32 {
    sum_of(one, other, |a, b| a * b)
}

/// `Σ f(aᵢ, bᵢ)`.
#[inline(always)]
pub(crate) fn sum_of(one: &[f32], other: &[f32], of: impl Fn(f32, f32) -> f32) -> f32 {
    let mut sums = [0.0; LANES];
    let (one, other) = (one.chunks_exact(LANES), other.chunks_exact(LANES));
    let rest: f32 = one.remainder().iter().zip(other.remainder()).map(|(a, b)| of(*a, *b)).sum();
    for (one, other) in one.zip(other) {
        for ((sum, a), b) in sums.iter_mut().zip(one).zip(other) {
            *sum += of(*a, *b);
        }
    }
    rest + sums.iter().sum::<f32>()
}
