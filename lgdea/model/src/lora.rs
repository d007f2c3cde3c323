//! Adapters of low rank (Hu et al. 2022, arXiv 2106.09685), by burn.

use burn::module::{Module, ModuleVisitor, Param, ParamGroup};
use burn::tensor::Tensor;
use lgdea_spec::Lora;

/// What the names of an adapter's parameters have.
const ADAPTER: &str = "lora";
/// Parts of the names of matrices that no product is made with: embeddings of words, positions and distances.
const NO_PRODUCT: [&str; 4] = ["embed", "position", "bias", "token"];

/// A network that stays as it is, with adapters of its matrices. They say nothing before they are trained.
pub(crate) fn adapted<M: Module>(network: M, Lora { rank, alpha }: Lora) -> M {
    let mut matrices = Matrices::default();
    network.visit(&mut matrices);
    let adapters = burn::module::Lora::new(rank, alpha).set_param_group(ParamGroup::from_paths(matrices.found));
    network.freeze().apply_lora(adapters)
}

/// Whether a parameter is one of an adapter.
pub fn is_adapter(name: &str) -> bool {
    name.split('.').any(|part| part == ADAPTER)
}

/// Names of the matrices that products are made with.
#[derive(Default)]
struct Matrices {
    path: Vec<String>,
    found: Vec<String>,
}

impl ModuleVisitor for Matrices {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, _: &Param<Tensor<D>>) {
        let is_of_product = || !self.path.iter().any(|part| NO_PRODUCT.iter().any(|no| part.contains(no)));
        if D == 2 && is_of_product() {
            self.found.push(self.path.join("."));
        }
    }
}
