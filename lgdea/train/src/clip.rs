//! Clipping by the global norm of the gradient. (Burn's own clipping is per tensor.)

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

/// Scales all gradients by `min(1, max_norm / norm)` and returns them with the norm before, `[1]`; `None` where there is no
/// gradient at all.
pub(crate) fn clip_global_norm<M: Module>(
    module: &M,
    gradients: GradientsParams,
    max_norm: f64,
) -> (GradientsParams, Option<Tensor<1>>) {
    let mut squares = SumOfSquares { gradients: &gradients, sum: None };
    module.visit(&mut squares);
    let Some(norm) = squares.sum.map(Tensor::sqrt) else {
        return (gradients, None);
    };
    let factor = (norm.clone() + 1e-6).recip().mul_scalar(max_norm).clamp_max(1.0);
    let mut scale = Scale { gradients, scaled: GradientsParams::new(), factor };
    module.visit(&mut scale);
    (scale.scaled, Some(norm))
}

struct SumOfSquares<'a> {
    gradients: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for SumOfSquares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            let square = gradient.square().sum();
            self.sum = Some(match self.sum.take() {
                Some(sum) => sum + square,
                None => square,
            });
        }
    }
}

struct Scale {
    gradients: GradientsParams,
    scaled: GradientsParams,
    factor: Tensor<1>,
}

impl ModuleVisitor for Scale {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            let factor = self.factor.clone().reshape([1; D]);
            self.scaled.register(param.id, gradient * factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::nn::LinearConfig;
    use burn::tensor::Device;

    #[test]
    fn long_gradients_are_shortened_and_short_ones_kept() {
        let device = Device::flex().autodiff();
        let layer = LinearConfig::new(2, 1).init(&device);
        let input = Tensor::<2>::from_floats([[3.0, 4.0]], &device);
        // d/dw = (3, 4), d/db = 1: norm √26.
        let gradients = || GradientsParams::from_grads(layer.forward(input.clone()).sum().backward(), &layer);
        let weight = |gradients: &GradientsParams| -> Vec<f32> {
            gradients.get::<2>(layer.weight.id).unwrap().into_data().try_to_vec().unwrap()
        };
        let (clipped, norm) = clip_global_norm(&layer, gradients(), 1.0);
        assert!((norm.unwrap().into_scalar::<f32>() - 26.0_f32.sqrt()).abs() < 1e-4);
        assert!((weight(&clipped)[1] - 4.0 / 26.0_f32.sqrt()).abs() < 1e-4);
        let (kept, _) = clip_global_norm(&layer, gradients(), 100.0);
        assert_eq!(weight(&kept), [3.0, 4.0]);
    }
}
