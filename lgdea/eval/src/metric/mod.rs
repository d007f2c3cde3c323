//! Metrics as pure functions of plain arrays: formula, source, ties and degenerate cases are stated at each.
//!
//! - Classification by a score: [`mod@auroc`] (the ranked cases), [`stratified`], [`average_precision`], [`curve`], [`calibration`]; by a
//!   decision: [`threshold`], [`confusion`], [`multiclass`], [`multilabel`], [`average`].
//! - Retrieval: [`retrieval`] from a matrix, [`ranking`] from embeddings, [`similarity`].
//! - Grounding: [`heat_map`], [`grounding`], [`overlap`].
//! - [`scale`]: standardising. [`probe`]: classifiers on frozen features. [`cluster`]: agreement with classes.
//! - How well the data determine a value: [`bootstrap`], [`bca`], [`delong`]; differences between models ([`paired`]) and
//!   between subgroups ([`subgroup`]).

pub mod auroc;
pub mod average;
pub mod average_precision;
pub mod bca;
pub mod bootstrap;
pub mod calibration;
pub mod cluster;
pub mod confusion;
pub mod curve;
pub mod delong;
pub mod grounding;
pub mod heat_map;
pub mod multiclass;
pub mod multilabel;
pub mod overlap;
pub mod paired;
pub mod probe;
pub mod ranking;
pub mod retrieval;
pub mod scale;
pub mod similarity;
pub mod stratified;
pub mod subgroup;
pub mod threshold;

pub use auroc::auroc;
