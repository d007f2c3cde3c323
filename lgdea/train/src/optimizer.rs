//! AdamW with no decay on vectors.

use burn::module::{Module, ModuleVisitor, Param, ParamGroup, ParamId};
use burn::optim::{AdamWConfig, ModuleOptimizer};
use burn::tensor::Tensor;
use lgdea_spec::Train;

/// AdamW (Loshchilov and Hutter 2019) with β = (0.9, 0.999), ε = 1e-8. Biases, norms and scales do not decay.
pub(crate) fn adamw<M: Module>(module: &M, settings: &Train) -> ModuleOptimizer {
    let mut vectors = Vectors(Vec::new());
    module.visit(&mut vectors);
    let config = AdamWConfig::new().with_epsilon(1e-8);
    let still = config.clone().with_weight_decay(0.0).build();
    let decayed = config.with_weight_decay(settings.weight_decay as f32).build();
    ModuleOptimizer::from(decayed).with_group(ParamGroup::from_ids(vectors.0), still, None)
}

/// Collects the parameters with a single dimension.
struct Vectors(Vec<ParamId>);

impl ModuleVisitor for Vectors {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if D < 2 {
            self.0.push(param.id);
        }
    }
}
