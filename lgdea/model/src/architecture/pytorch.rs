//! A network's twin in PyTorch, which `lgdea export` writes the weights for.

use serde_json::{Value, json};

/// The same network in PyTorch.
#[derive(Debug, Clone, PartialEq)]
pub enum PyTorch {
    /// A library's: timm's for images, transformers' for texts. The content of the `config.json` that it reads.
    Library(Value),
    /// One of our own, which no library has.
    Own {
        /// Name of its class.
        class: &'static str,
        /// Python that defines the class, a `torch.nn.Module` whose parameters have the names of ours. It stands in
        /// `templates/export/lgdea.py`, whose imports it has; its `forward` takes what ours takes, images as
        /// `[images, 1, size, size]`.
        source: &'static str,
        /// What the class is made with, by name.
        arguments: Value,
    },
}

impl PyTorch {
    /// The network that timm's `create_model` makes of a name and arguments. Its patches are the features of `stage`; 4 is the
    /// last one.
    pub(crate) fn timm(architecture: &str, arguments: Value, stage: usize) -> Self {
        Self::Library(json!({ "architecture": architecture, "stage": stage, "model_args": arguments }))
    }

    /// The content of the `config.json` of an encoder that experiments call `name`.
    pub(crate) fn config(&self, name: &str) -> Value {
        match self {
            Self::Library(config) => config.clone(),
            Self::Own { arguments, .. } => json!({ "architecture": name, "model_args": arguments }),
        }
    }

    /// Python that calls the class `alias`, which is `None` where a library has the network.
    pub(crate) fn python(&self, alias: &str) -> String {
        match self {
            Self::Library(_) => format!("{alias} = None\n"),
            Self::Own { class, source, .. } => format!("{}\n\n\n{alias} = {class}\n", source.trim()),
        }
    }
}
