//! How a step moves parameters and their averages: each in one operation, which flex passes once over memory for, and libtorch
//! does in place.

#[cfg(feature = "libtorch")]
use burn::backend::LibTorch;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use rayon::prelude::*;

/// Decays of the two moments (the defaults of Kingma and Ba 2015).
const BETA: [f64; 2] = [0.9, 0.999];
/// What keeps the denominator from 0.
const EPSILON: f64 = 1e-8;
/// Elements that a thread takes at once.
const CHUNK: usize = 1 << 14;

/// How far a parameter goes. Both moments start from 0, which is corrected for here (Kingma and Ba 2015, section 2).
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// What weight decay leaves of the parameter.
    keep: f64,
    /// The learning rate, corrected.
    rate: f64,
    /// What keeps the denominator from 0, corrected.
    epsilon: f64,
}

impl Pace {
    /// Of the `time`th step, from 1.
    pub fn new(rate: f64, decay: f64, time: usize) -> Self {
        let [first, second] = BETA.map(|beta| 1.0 - beta.powi(time as i32));
        Self { keep: 1.0 - rate * decay, rate: rate * second.sqrt() / first, epsilon: EPSILON * second.sqrt() }
    }
}

/// AdamW (Loshchilov and Hutter 2019): parameter and moments, by `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²` and
/// `θ ← (1 − η λ) θ − η m̂ / (√v̂ + ε)`.
pub fn adamw<const D: usize>(
    parameter: Tensor<D>,
    gradient: Tensor<D>,
    moments: [Tensor<D>; 2],
    pace: Pace,
) -> (Tensor<D>, [Tensor<D>; 2]) {
    let [m, v] = moments.map(Tensor::into_dispatch);
    let (parameter, m, v) = Dispatch::adamw(parameter.into_dispatch(), gradient.into_dispatch(), m, v, pace);
    (Tensor::from_dispatch(parameter), [m, v].map(Tensor::from_dispatch))
}

/// `momentum · average + (1 − momentum) · current`.
pub fn blend<const D: usize>(average: Tensor<D>, current: Tensor<D>, momentum: f64) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::blend(average.into_dispatch(), current.into_dispatch(), momentum))
}

/// The operations, on f32 without gradients.
#[backend_extension(Flex, LibTorch: cfg(feature = "libtorch"), Cube: cfg(feature = "cuda"))]
trait Update: Backend {
    fn adamw(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        m: FloatTensor<Self>,
        v: FloatTensor<Self>,
        pace: Pace,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        adamw_in_pieces::<Self>(parameter, gradient, [m, v], pace)
    }

    fn blend(average: FloatTensor<Self>, current: FloatTensor<Self>, momentum: f64) -> FloatTensor<Self> {
        blend_in_pieces::<Self>(average, current, momentum)
    }
}

fn adamw_in_pieces<B: Backend>(
    parameter: FloatTensor<B>,
    gradient: FloatTensor<B>,
    [m, v]: [FloatTensor<B>; 2],
    pace: Pace,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let m = blend_in_pieces::<B>(m, gradient.clone(), BETA[0]);
    let v = blend_in_pieces::<B>(v, B::float_mul(gradient.clone(), gradient), BETA[1]);
    let along = B::float_div(m.clone(), B::float_add_scalar(B::float_sqrt(v.clone()), pace.epsilon.into()));
    let kept = B::float_mul_scalar(parameter, pace.keep.into());
    (B::float_sub(kept, B::float_mul_scalar(along, pace.rate.into())), m, v)
}

fn blend_in_pieces<B: Backend>(average: FloatTensor<B>, current: FloatTensor<B>, momentum: f64) -> FloatTensor<B> {
    let current = B::float_mul_scalar(current, (1.0 - momentum).into());
    B::float_add(B::float_mul_scalar(average, momentum.into()), current)
}

impl Update for Flex {
    fn adamw(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        m: FloatTensor<Self>,
        v: FloatTensor<Self>,
        pace: Pace,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let [mut parameter, gradient, mut m, mut v] = [parameter, gradient, m, v].map(|x| x.to_contiguous());
        let [beta_1, beta_2] = BETA.map(|beta| beta as f32);
        let [keep, rate, epsilon] = [pace.keep, pace.rate, pace.epsilon].map(|factor| factor as f32);
        let parts =
            parameter.storage_mut::<f32>().par_chunks_mut(CHUNK).zip(gradient.storage::<f32>().par_chunks(CHUNK));
        let moments = m.storage_mut::<f32>().par_chunks_mut(CHUNK).zip(v.storage_mut::<f32>().par_chunks_mut(CHUNK));
        parts.zip(moments).for_each(|((parameter, gradient), (m, v))| {
            for (((parameter, &gradient), m), v) in parameter.iter_mut().zip(gradient).zip(m).zip(v) {
                *m = beta_1 * *m + (1.0 - beta_1) * gradient;
                *v = beta_2 * *v + (1.0 - beta_2) * gradient * gradient;
                *parameter = keep * *parameter - rate * *m / (v.sqrt() + epsilon);
            }
        });
        (parameter, m, v)
    }

    fn blend(average: FloatTensor<Self>, current: FloatTensor<Self>, momentum: f64) -> FloatTensor<Self> {
        let [mut average, current] = [average, current].map(|x| x.to_contiguous());
        let momentum = momentum as f32;
        let parts = average.storage_mut::<f32>().par_chunks_mut(CHUNK).zip(current.storage::<f32>().par_chunks(CHUNK));
        parts.for_each(|(average, current)| {
            for (average, &current) in average.iter_mut().zip(current) {
                *average = momentum * *average + (1.0 - momentum) * current;
            }
        });
        average
    }
}

#[cfg(feature = "libtorch")]
impl Update for LibTorch {
    fn adamw(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        m: FloatTensor<Self>,
        v: FloatTensor<Self>,
        pace: Pace,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let [mut parameter, mut gradient, mut m, mut v] = [parameter, gradient, m, v].map(own);
        let _ = m.tensor.lerp_(&gradient.tensor, 1.0 - BETA[0]);
        let _ = v.tensor.lerp_(&gradient.tensor.square_(), 1.0 - BETA[1]);
        // New memory would cost as much as what is written to it: from here on the gradient's holds what is under way.
        let along = gradient.tensor;
        let root = v.tensor.sqrt_out(&along).g_add_scalar_(pace.epsilon);
        let along = m.tensor.div_out(&along, &root).g_mul_scalar_(pace.rate);
        let _ = parameter.tensor.g_mul_scalar_(pace.keep).g_sub_(&along);
        (parameter, m, v)
    }

    fn blend(average: FloatTensor<Self>, current: FloatTensor<Self>, momentum: f64) -> FloatTensor<Self> {
        let mut average = own(average);
        let _ = average.tensor.lerp_(&current.tensor, 1.0 - momentum);
        average
    }
}

#[cfg(feature = "cuda")]
impl Update for burn::backend::Cube {}

/// What may be changed in place, its elements in order: gradients of convolutions come with theirs permuted.
#[cfg(feature = "libtorch")]
fn own(x: FloatTensor<LibTorch>) -> FloatTensor<LibTorch> {
    match (x.tensor.is_contiguous(), x.can_mut()) {
        (true, true) => x,
        (true, false) => FloatTensor::<LibTorch>::new(x.tensor.copy()),
        (false, _) => FloatTensor::<LibTorch>::new(x.tensor.contiguous()),
    }
}

#[cfg(test)]
mod tests {
    use burn::backend::FlexDevice;
    use burn::backend::ops::FloatTensorOps;
    use burn::optim::{AdamWConfig, Optimizer};
    use burn::tensor::{Device, TensorData};
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Between 0.1 and 1; the device's own are another test's, too.
    fn numbers(seed: u64, shape: [usize; 2]) -> TensorData {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        TensorData::new((0..shape[0] * shape[1]).map(|_| rng.random_range(0.1..1.0_f32)).collect(), shape)
    }

    fn gap(one: Tensor<2>, two: Tensor<2>) -> f32 {
        (one - two).abs().max().into_scalar::<f32>()
    }

    #[test]
    fn adamw_steps_as_burns() {
        let (rate, decay) = (0.01, 0.1);
        let burns = AdamWConfig::new().with_epsilon(EPSILON as f32).with_weight_decay(decay as f32).build();
        let start = Tensor::<2>::from_data(numbers(0, [300, 70]), &Device::flex());
        let (mut theirs, mut state) = (start.clone(), None);
        let (mut ours, mut moments) = (start.clone(), [start.zeros_like(), start.zeros_like()]);
        for time in 1..=20 {
            // Transposed, as some gradients are in memory, and of both signs.
            let gradient = Tensor::<2>::from_data(numbers(time as u64, [70, 300]), &Device::flex()).transpose() - 0.5;
            (theirs, state) = burns.step(rate, theirs, gradient.clone(), state);
            (ours, moments) = adamw(ours, gradient, moments, Pace::new(rate, decay, time));
        }
        assert!(gap(ours.clone(), start) > 0.05);
        assert!(gap(ours.clone(), theirs.clone()) < 1e-5, "{}", gap(ours, theirs));
    }

    #[test]
    fn in_pieces_it_is_the_same() {
        let [parameter, gradient, m, v] =
            [0, 1, 2, 3].map(|seed| Flex::float_from_data(numbers(seed, [30, 7]), &FlexDevice));
        let pace = Pace::new(0.01, 0.1, 3);
        let ours = Flex::adamw(parameter.clone(), gradient.clone(), m.clone(), v.clone(), pace);
        let pieces = adamw_in_pieces::<Flex>(parameter.clone(), gradient, [m.clone(), v.clone()], pace);
        let values = |x: FloatTensor<Flex>| x.into_data().try_to_vec::<f32>().unwrap();
        for (before, ours, pieces) in [(parameter, ours.0, pieces.0), (m, ours.1, pieces.1), (v, ours.2, pieces.2)] {
            let [before, ours, pieces] = [before, ours, pieces].map(values);
            assert!(ours.iter().zip(&pieces).all(|(a, b)| (a - b).abs() < 1e-6));
            assert!(ours != before);
        }
    }

    #[test]
    fn what_others_hold_stays() {
        let ones = Tensor::<2>::ones([2, 3], &Device::flex());
        let blended = blend(ones.clone(), ones.clone() * 2.0, 0.75);
        assert!(gap(blended, ones.clone() * 1.25) < 1e-6);
        assert!(gap(ones.clone(), ones.ones_like()) == 0.0);
    }
}
