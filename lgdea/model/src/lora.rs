//! Adapters of low rank (Hu et al. 2022, arXiv 2106.09685), by burn.

use burn::module::{Module, ParamGroup};
use lgdea_spec::Lora;

use crate::parameters::{Parameter, parameters};

/// What the names of an adapter's parameters have.
const ADAPTER: &str = "lora";
/// Parts of the names of matrices that no product is made with: embeddings of words, positions and distances.
const NO_PRODUCT: [&str; 4] = ["embed", "position", "bias", "token"];

/// A network that stays as it is, with adapters of its matrices. They say nothing before they are trained.
pub(crate) fn adapted<M: Module>(network: M, Lora { rank, alpha }: Lora) -> M {
    let is_of_product =
        |parameter: &Parameter| parameter.dimensions == 2 && !NO_PRODUCT.iter().any(|no| parameter.name.contains(no));
    let matrices: Vec<String> =
        parameters(&network).into_iter().filter(is_of_product).map(|matrix| matrix.name).collect();
    let adapters = burn::module::Lora::new(rank, alpha).set_param_group(ParamGroup::from_paths(matrices));
    network.freeze().apply_lora(adapters)
}

/// Whether a parameter is one of an adapter.
pub fn is_adapter(name: &str) -> bool {
    name.split('.').any(|part| part == ADAPTER)
}
