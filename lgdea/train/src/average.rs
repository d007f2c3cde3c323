//! Exponential moving average of a model's parameters and running statistics.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;
use burn::tensor::container::TensorContainer;

/// `momentum · average + (1 − momentum) · model`, parameter by parameter, but for those whose names begin as one of `frozen` and
/// which do not change. Both are in validation mode.
pub(crate) fn blend<M: Module>(average: M, model: &M, momentum: f64, frozen: &[&str]) -> M {
    let mut changing = Changing { frozen, path: Vec::new(), current: TensorContainer::new() };
    model.visit(&mut changing);
    average.map(&mut Blend { current: changing.current, momentum })
}

/// The parameters that are not frozen.
struct Changing<'a> {
    frozen: &'a [&'a str],
    path: Vec<String>,
    current: TensorContainer<ParamId>,
}

impl ModuleVisitor for Changing<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.path.join(".");
        if !self.frozen.iter().any(|frozen| name.starts_with(frozen)) {
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
