//! Encoders, lesion queries and the evidence space.
//!
//! One architecture a file, in [`architecture`]. Shapes are written `[batch, patches, dim]`; the symbols are those of the method:
//! `h` patch features, `g` global image embedding, `r` report and `z` phrase embeddings, `µ` prototypes.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod architecture;
mod attention;
mod conv_norm;
mod convolution;
mod cross_attention;
mod export;
mod image;
mod init;
mod layer_norm;
mod lesion;
pub mod lora;
pub mod memory;
mod model;
mod parameters;
pub mod precision;
mod prototypes;
mod text;
mod tokenizer;
pub mod weights;

pub use cross_attention::CrossAttention;
pub use export::{ExportError, export};
pub use image::{ImageEncoder, ImageFeatures};
pub use lesion::{LesionQueries, LesionTokens};
pub use model::{Lgdea, Memories, ModelShape, TokenAttention};
pub use parameters::{Parameter, parameters};
pub use prototypes::Prototypes;
pub use text::{TextEncoder, TextFeatures, TextShape};
pub use tokenizer::{PAD, Tokenizer, TokenizerError};
