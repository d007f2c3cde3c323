//! What training and evaluation read: images, token ids, evidence and pools, all on the host.
//!
//! [`Prepared`] joins a corpus, its images, its evidence and its pairing; [`Tokens`] and [`Images`] are what a model is given
//! of it at a time.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod error;
mod evidence_table;
mod image_view;
mod images;
mod labelled;
mod mismatched;
mod pools;
mod prepared;
mod pretrained;
mod tokens;

pub use error::PreparedError;
pub use image_view::PublishedFeatures;
pub use images::Images;
pub use labelled::Labelled;
pub use pools::Pools;
pub use prepared::{Prepared, ReadReport, evidence_readers};
pub use tokens::Tokens;
