//! The parameters of a module by their names.

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;

/// A parameter, or a running statistic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Such as `image.backbone.ResNet.layer1.0.conv1.weight`.
    pub name: String,
    /// What an optimizer knows it by.
    pub id: ParamId,
    /// Number of its dimensions.
    pub dimensions: usize,
}

/// The parameters of a module, as they are met.
pub fn parameters<M: Module>(module: &M) -> Vec<Parameter> {
    let mut met = Met::default();
    module.visit(&mut met);
    met.found
}

#[derive(Default)]
struct Met {
    path: Vec<String>,
    found: Vec<Parameter>,
}

impl ModuleVisitor for Met {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.found.push(Parameter { name: self.path.join("."), id: param.id, dimensions: D });
    }
}
