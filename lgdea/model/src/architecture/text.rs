//! What the network of a text encoder says of itself.

use burn::module::Module;
use burn::store::ModuleSnapshot;
use burn::tensor::{Bool, Device, Int, Tensor};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::PyTorch;
use crate::weights::Naming;

/// The network of a text encoder: token ids to a state of each.
pub trait TextArchitecture: Module + ModuleSnapshot {
    /// Its settings in an experiment.
    type Settings;
    /// What its parameters depend on. The comparison with PyTorch reads small ones from JSON.
    type Shape: DeserializeOwned + Clone + std::fmt::Debug;

    /// How published files name the parameters; `None` for a network that nobody publishes, whose files have our names. Only
    /// a published one is computed in half precision.
    const NAMING: Option<Naming> = None;

    /// How files name the parameters of this network, where kin of one architecture differ.
    fn naming(&self) -> Option<Naming> {
        Self::NAMING
    }

    /// The shape that the settings ask for, with these word pieces. A published encoder's `config.json` is `config`.
    ///
    /// # Errors
    /// The `config.json` cannot be used, and why.
    fn shape(settings: &Self::Settings, pieces: Pieces, config: Option<&str>) -> Result<Self::Shape, String>;

    /// A network with random weights.
    fn new(shape: &Self::Shape, device: &Device) -> Self;

    /// Width of a token's state.
    fn width(shape: &Self::Shape) -> usize;

    /// States `[texts, tokens, width]` of token ids `[texts, tokens]`; those of tokens depend on no `padding`.
    fn forward(&self, tokens: Tensor<2, Int>, padding: &Tensor<2, Bool>) -> Tensor<3>;

    /// How the states of a text's tokens become one.
    fn pooling(&self) -> Pooling {
        Pooling::Attention
    }

    /// The same network in PyTorch, which `lgdea export` needs.
    fn pytorch(_shape: &Self::Shape) -> Option<PyTorch> {
        None
    }
}

/// What an encoder must know of a tokenizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pieces {
    /// Number of token ids.
    pub count: usize,
    /// Token id of padding in its files.
    pub padding: usize,
}

/// How the states of a text's tokens become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// Their sum, weighted by a softmax over scores that are learned.
    Attention,
    /// The first one.
    Cls,
    /// Their mean.
    Mean,
    /// Their mean, where each is a sum over the network's last four layers.
    LastFour,
}
