//! Exponential moving average of a model's parameters and running statistics.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;
use burn::tensor::container::TensorContainer;

/// `momentum · average + (1 − momentum) · model`, parameter by parameter. Both are in validation mode.
pub(crate) fn blend<M: Module>(average: M, model: &M, momentum: f64) -> M {
    let mut current = Collect(TensorContainer::new());
    model.visit(&mut current);
    average.map(&mut Blend { current: current.0, momentum })
}

struct Collect(TensorContainer<ParamId>);

impl ModuleVisitor for Collect {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.register(param.id, param.val());
    }
}

struct Blend {
    current: TensorContainer<ParamId>,
    momentum: f64,
}

impl ModuleMapper for Blend {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.current.get::<Tensor<D>>(&param.id) {
            Some(current) => param.map(|average| lgdea_kernel::blend(average, current, self.momentum)),
            None => param,
        }
    }
}
