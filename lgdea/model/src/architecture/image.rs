//! What the network of an image encoder says of itself.

use burn::module::Module;
use burn::store::ModuleSnapshot;
use burn::tensor::{Device, Tensor};
use serde::de::DeserializeOwned;

use super::PyTorch;
use crate::weights::Naming;

/// The network of an image encoder: pixels to patch features.
pub trait ImageArchitecture: Module + ModuleSnapshot {
    /// Its settings in an experiment.
    type Settings;
    /// What its parameters depend on. The comparison with PyTorch reads small ones from JSON.
    type Shape: DeserializeOwned;

    /// How published files name the parameters; `None` for a network that nobody publishes, whose files have our names. Only
    /// a published one is computed in half precision.
    const NAMING: Option<Naming> = None;

    /// The shape that the settings ask for.
    fn shape(settings: &Self::Settings) -> Self::Shape;

    /// A network with random weights.
    fn new(shape: &Self::Shape, device: &Device) -> Self;

    /// d, width of a patch feature.
    fn width(shape: &Self::Shape) -> usize;

    /// Patch features `h`, `[images, patches, d]`, row by row, of standardised grey images `[images, size, size]`.
    fn forward(&self, images: Tensor<3>) -> Tensor<3>;

    /// The same network in PyTorch, which `lgdea export` needs.
    fn pytorch(_settings: &Self::Settings) -> Option<PyTorch> {
        None
    }
}
