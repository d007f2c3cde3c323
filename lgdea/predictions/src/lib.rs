//! What models of others said, and what is true: files as Python users write them.
//!
//! - [`Scores`] are a model's scores of classes, `[cases, classes]`;
//! - [`Retrieval`] has its embeddings of images and texts, or their similarities;
//! - [`HeatMaps`] are its heat maps of phrases, and [`Regions`] the table of where these are;
//! - [`Features`] are those of a frozen model, which probes are fitted on;
//! - [`Reference`] is the table of what is true: labels, patients, and which texts are equal;
//! - [`SplitReference`] is the same with the split of each case;
//! - [`Columns`] says which columns of these tables are read for what;
//! - [`Arrays`] are written, and so are references, for others to go on with.
//!
//! Arrays come as `.npy`, `.npz` or safetensors, tables as CSV or Parquet; a reference may also be a TOML file that names a source.
//! What is NaN or infinite is refused with its place. No message
//! has a text that a table holds, but for identifiers and names of classes and subgroups.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::float_cmp))]

mod array;
mod arrays;
mod column;
mod columns;
mod described;
mod embeddings;
mod error;
mod features;
mod groups;
mod heat_maps;
mod ids;
mod label;
mod named;
mod npy;
mod reference;
mod reference_file;
mod regions;
mod scores;
mod split;
mod studies;
mod table;
mod whole;

pub use arrays::Arrays;
pub use column::Column;
pub use columns::Columns;
pub use described::{Described, described};
pub use embeddings::{Outputs, Retrieval};
pub use error::PredictionError;
pub use features::Features;
pub use groups::{By, Groups};
pub use heat_maps::HeatMaps;
pub use ids::Rows;
pub use label::Label;
pub use reference::Reference;
pub use regions::Regions;
pub use scores::Scores;
pub use split::SplitReference;
pub use studies::{Cases, write_cases};
