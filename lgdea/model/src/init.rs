//! Seeded initialisation, component by component.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use lgdea_spec::Seed;

/// Builds a module whose parameters depend on `seed` and `name` alone, not on what else the model contains: arms of an
/// ablation that share a component start from the same weights.
pub(crate) fn seeded<M: Module>(device: &Device, seed: Seed, name: &str, build: impl FnOnce(&Device) -> M) -> M {
    device.seed(seed.stream("init").stream(name).0);
    let module = build(device);
    // Parameters are lazy: draw them now, while the stream is the module's own.
    module.visit(&mut Draw);
    module
}

struct Draw;

impl ModuleVisitor for Draw {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let _ = param.val();
    }
}
