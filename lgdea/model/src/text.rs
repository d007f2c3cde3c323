//! The text tower: one encoder for reports, evidence phrases and prompts.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};

use crate::Transformer;

/// The text encoder of an experiment.
#[derive(Module, Debug)]
pub enum TextEncoder {
    /// A small transformer.
    Transformer(Transformer),
}

impl TextEncoder {
    /// An encoder with random weights for `vocabulary` token ids and embedding width `dim`.
    pub fn new(settings: &lgdea_spec::TextEncoder, vocabulary: usize, dim: usize, device: &Device) -> Self {
        match settings {
            lgdea_spec::TextEncoder::Transformer(transformer) => {
                Self::Transformer(Transformer::new(transformer, vocabulary, dim, device))
            }
        }
    }

    /// Unit-length embeddings `[texts, D]` of padded token ids `[texts, tokens]`.
    pub fn forward(&self, tokens: Tensor<2, Int>) -> Tensor<2> {
        match self {
            Self::Transformer(transformer) => transformer.forward(tokens),
        }
    }
}
