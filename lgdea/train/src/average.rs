//! Exponential moving average of a model's parameters and running statistics.

use std::collections::HashSet;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;
use burn::tensor::container::TensorContainer;
use lgdea_model::{Parameter, parameters};

/// `momentum · average + (1 − momentum) · model`, parameter by parameter, but for those whose names begin as one of `frozen` and
/// which do not change. Both are in validation mode.
pub(crate) fn blend<M: Module>(average: M, model: &M, momentum: f64, frozen: &[&str]) -> M {
    let is_frozen = |parameter: &Parameter| frozen.iter().any(|frozen| parameter.name.starts_with(frozen));
    let known = if frozen.is_empty() { Vec::new() } else { parameters(model) };
    let unchanged = known.into_iter().filter(is_frozen).map(|parameter| parameter.id).collect();
    let mut changing = Changing { unchanged, current: TensorContainer::new() };
    model.visit(&mut changing);
    average.map(&mut Blend { current: changing.current, momentum })
}

/// The parameters that change.
struct Changing {
    unchanged: HashSet<ParamId>,
    current: TensorContainer<ParamId>,
}

impl ModuleVisitor for Changing {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !self.unchanged.contains(&param.id) {
            self.current.register(param.id, param.val());
        }
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
