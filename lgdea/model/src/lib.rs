//! Encoders, lesion queries and the evidence space.
//!
//! One architecture a file. Shapes are written `[batch, patches, dim]`; the symbols are those of the method:
//! `h` patch features, `g` global image embedding, `r` report and `z` phrase embeddings, `µ` prototypes.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod attention;
mod bert;
mod convolution;
mod cross_attention;
mod densenet;
mod export;
mod image;
mod init;
mod layer_norm;
mod lesion;
mod model;
mod patch_cnn;
pub mod precision;
mod prototypes;
mod resnet;
mod text;
mod token_cnn;
mod tokenizer;
mod transformer;
mod vit;
pub mod weights;

pub use bert::{Bert, BertShape, BertStates};
pub use cross_attention::CrossAttention;
pub use densenet::{DenseNet, DenseNetShape};
pub use export::{ExportError, export};
pub use image::{ImageEncoder, ImageFeatures};
pub use lesion::{LesionQueries, LesionTokens};
pub use model::{Lgdea, ModelShape, TokenAttention};
pub use patch_cnn::PatchCnn;
pub use prototypes::Prototypes;
pub use resnet::{BlockKind, ResNet, ResNetShape};
pub use text::{TextEncoder, TextFeatures};
pub use token_cnn::TokenCnn;
pub use tokenizer::{PAD, Tokenizer, TokenizerError};
pub use transformer::Transformer;
pub use vit::{Vit, VitShape};
