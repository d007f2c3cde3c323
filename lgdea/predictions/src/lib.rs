//! What models of others said, and what is true: files as Python users write them.
//!
//! - [`Scores`] are a model's scores of classes, `[cases, classes]`;
//! - [`Retrieval`] has its embeddings of images and texts, or their similarities;
//! - [`HeatMaps`] are its heat maps of phrases, and [`Regions`] the table of where these are;
//! - [`Reference`] is the table of what is true: labels, patients, and which texts are equal.
//!
//! Arrays come as `.npy`, `.npz` or safetensors, tables as CSV. What is NaN or infinite is refused with its place. No message
//! has a text that a table holds, but for identifiers and names of classes.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::float_cmp))]

mod array;
mod embeddings;
mod error;
mod heat_maps;
mod ids;
mod named;
mod npy;
mod reference;
mod regions;
mod scores;
mod table;

pub use embeddings::{Outputs, Retrieval};
pub use error::PredictionError;
pub use heat_maps::HeatMaps;
pub use ids::Rows;
pub use reference::{Label, Reference};
pub use regions::Regions;
pub use scores::Scores;
