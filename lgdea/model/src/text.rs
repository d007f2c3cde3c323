//! The text tower: one encoder for reports, evidence phrases and prompts.

use std::path::Path;

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Device, FloatDType, Int, Tensor};
use lgdea_kernel::l2_normalise;
use lgdea_spec::{Lora, TextEncoder as Settings};

use crate::architecture::{self, Pieces, Pooling, PyTorch, TextArchitecture};
use crate::lora;
use crate::memory::{self, FeatureMemory};
use crate::precision::linear;
use crate::weights::{self, Loaded, WeightsError, WeightsFile};
use crate::{PAD, precision};

/// The text encoder of an experiment: an architecture, pooling over its tokens, and the head that makes the embedding.
#[derive(Module, Debug)]
pub struct TextEncoder {
    backbone: Backbone,
    /// Scores tokens for [`Pooling::Attention`], width to 1; none where the architecture has a pooling of its own.
    pool: Option<Linear>,
    /// Width to embedding width.
    head: Linear,
    /// What the network makes of known texts, where it is frozen.
    #[module(skip)]
    memory: Option<FeatureMemory>,
}

/// What the text tower says of a batch of texts.
#[derive(Debug, Clone)]
pub struct TextFeatures {
    /// Embeddings `r` or `z`, unit length, `[texts, D]`.
    pub global: Tensor<2>,
    /// Projected tokens, unit length, `[texts, tokens, D]`.
    pub tokens: Tensor<3>,
    /// Whether a place is padding, `[texts, tokens]`.
    pub padding: Tensor<2, Bool>,
}

impl TextEncoder {
    /// An encoder with random weights for embedding width `dim`.
    pub fn new(shape: &TextShape, dim: usize, device: &Device) -> Self {
        let (backbone, width) = (Backbone::new(shape, device), shape.width());
        let pool = (backbone.pooling() == Pooling::Attention).then(|| LinearConfig::new(width, 1).init(device));
        Self { backbone, pool, head: LinearConfig::new(width, dim).init(device), memory: None }
    }

    /// Itself with a network in another precision ([`precision::cast`]) where it is a published one; pooling and head stay as
    /// they are.
    pub fn cast(self, to: FloatDType) -> Self {
        Self { backbone: self.backbone.cast(to), ..self }
    }

    /// Itself with what its network, which is frozen, makes of known texts.
    #[must_use]
    pub(crate) fn remembering(self, memory: Option<FeatureMemory>) -> Self {
        Self { memory, ..self }
    }

    /// Itself with adapters of low rank, which are trained in the place of its network.
    #[must_use]
    pub(crate) fn adapted(self, settings: Lora) -> Self {
        Self { backbone: lora::adapted(self.backbone, settings), ..self }
    }

    /// Replaces the architecture's weights by those of a file; the head stays as it is.
    ///
    /// # Errors
    /// The file cannot be read or does not fit.
    pub fn load(&mut self, place: WeightsFile<'_>) -> Result<Loaded, WeightsError> {
        self.backbone.load(place)
    }

    /// Writes the architecture's weights, without pooling and head, with the names that its files have.
    ///
    /// # Errors
    /// What the file system says.
    pub fn save(&self, path: &Path) -> Result<(), WeightsError> {
        self.backbone.save(path)
    }

    /// How the states of a text's tokens become one.
    pub(crate) fn pooling(&self) -> Pooling {
        self.backbone.pooling()
    }

    /// Unit-length embeddings `[texts, D]` of token ids `[texts, tokens]`, padded with [`PAD`].
    pub fn forward(&self, tokens: Tensor<2, Int>) -> Tensor<2> {
        self.embed(self.hidden(tokens.clone()), tokens)
    }

    /// As [`Self::forward`], with the tokens that local alignment needs.
    pub fn features(&self, tokens: Tensor<2, Int>) -> TextFeatures {
        self.embed_all(self.hidden(tokens.clone()), tokens)
    }

    /// The architecture's states of tokens `[texts, tokens, width]`, of token ids `[texts, tokens]`, padded with [`PAD`].
    pub fn hidden(&self, tokens: Tensor<2, Int>) -> Tensor<3> {
        let known = self.memory.as_ref().and_then(|memory| memory.of_texts(&tokens));
        known.unwrap_or_else(|| {
            let padding = tokens.clone().equal_scalar(PAD);
            self.backbone.forward(tokens, &padding)
        })
    }

    /// Hash of the network's parameters, in hexadecimal.
    pub fn digest(&self) -> String {
        memory::digest(&self.backbone)
    }

    /// As [`Self::embed`], with the tokens that local alignment needs.
    pub fn embed_all(&self, hidden: Tensor<3>, tokens: Tensor<2, Int>) -> TextFeatures {
        let padding = tokens.clone().equal_scalar(PAD);
        let embeddings = l2_normalise(linear(&self.head, hidden.clone()));
        TextFeatures { global: self.pooled(hidden, padding.clone()), tokens: embeddings, padding }
    }

    /// What pooling and head make of [`Self::hidden`] states of `tokens`: unit-length embeddings `[texts, D]`.
    pub fn embed(&self, hidden: Tensor<3>, tokens: Tensor<2, Int>) -> Tensor<2> {
        self.pooled(hidden, tokens.equal_scalar(PAD))
    }

    fn pooled(&self, hidden: Tensor<3>, padding: Tensor<2, Bool>) -> Tensor<2> {
        let pooled = match &self.pool {
            Some(pool) => {
                let scores = linear(pool, hidden.clone()).mask_fill(padding.unsqueeze_dim::<3>(2), -1e4);
                (softmax(scores, 1) * hidden).sum_dim(1)
            }
            None if self.pooling() == Pooling::Cls => hidden.narrow(1, 0, 1),
            None => mean_of_tokens(hidden, padding),
        };
        l2_normalise(self.head.forward(pooled.squeeze_dim::<2>(1)))
    }
}

/// Mean over a text's tokens, `[texts, 1, width]`; 0 where all is padding.
fn mean_of_tokens(hidden: Tensor<3>, padding: Tensor<2, Bool>) -> Tensor<3> {
    let present = padding.bool_not().float().unsqueeze_dim::<3>(2);
    let count = present.clone().sum_dim(1).clamp_min(1.0);
    (hidden * present).sum_dim(1) / count
}

macro_rules! declare {
    ($($_name:literal => $_module:ident: $Network:ident,)*) => {
        /// What the parameters of a text encoder's architecture depend on.
        #[derive(Debug, Clone)]
        #[expect(missing_docs, reason = "the networks say what they are")]
        pub enum TextShape {
            $($Network(<architecture::$Network as TextArchitecture>::Shape),)*
        }

        impl TextShape {
            /// The shape that settings ask for, with these word pieces. `config` is the `config.json` of the published
            /// encoder that they name, where they do.
            ///
            /// # Errors
            /// The `config.json` cannot be used, and why.
            pub fn new(settings: &Settings, pieces: Pieces, config: Option<&str>) -> Result<Self, String> {
                Ok(match settings { $(
                    Settings::$Network(settings) => {
                        Self::$Network(architecture::$Network::shape(settings, pieces, config)?)
                    }
                )* })
            }

            fn width(&self) -> usize {
                match self { $(Self::$Network(shape) => architecture::$Network::width(shape),)* }
            }

            /// The architecture in PyTorch, where it is known.
            pub(crate) fn pytorch(&self) -> Option<PyTorch> {
                match self { $(Self::$Network(shape) => architecture::$Network::pytorch(shape),)* }
            }
        }

        /// Architectures of the text encoder. A variant's name is part of the names of its parameters in checkpoints.
        #[derive(Module, Debug)]
        enum Backbone {
            $($Network(architecture::$Network),)*
        }

        /// Each asks the [`TextArchitecture`] that an encoder has.
        impl Backbone {
            fn new(shape: &TextShape, device: &Device) -> Self {
                match shape { $(
                    TextShape::$Network(shape) => Self::$Network(architecture::$Network::new(shape, device)),
                )* }
            }

            fn cast(self, to: FloatDType) -> Self {
                match self { $(
                    Self::$Network(network) => {
                        let is_published = architecture::$Network::NAMING.is_some();
                        Self::$Network(if is_published { precision::cast(network, to) } else { network })
                    }
                )* }
            }

            fn load(&mut self, place: WeightsFile<'_>) -> Result<Loaded, WeightsError> {
                match self { $(
                    Self::$Network(network) => weights::load(network, architecture::$Network::NAMING, place),
                )* }
            }

            fn save(&self, path: &Path) -> Result<(), WeightsError> {
                match self { $(
                    Self::$Network(network) => weights::save(network, network.naming(), path),
                )* }
            }

            fn forward(&self, tokens: Tensor<2, Int>, padding: &Tensor<2, Bool>) -> Tensor<3> {
                match self { $(Self::$Network(network) => network.forward(tokens, padding),)* }
            }

            fn pooling(&self) -> Pooling {
                match self { $(Self::$Network(network) => network.pooling(),)* }
            }
        }
    };
}
lgdea_spec::for_each_text_encoder!(declare);
