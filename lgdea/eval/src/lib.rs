//! Zero-shot classification, retrieval and phrase grounding, on plain arrays.
//!
//! Published numbers of these tasks differ more by protocol than by method, so every metric here states its formula,
//! its treatment of ties and degenerate cases, and its source:
//!
//! - [`metric`] holds the formulas as pure functions;
//! - [`task`] holds one evaluation each, turning what a model computed into named [`Scores`] with 95 % bootstrap
//!   intervals over patients;
//! - [`prompts`] reads the class prompts of zero-shot classification;
//! - [`protocol`] says how outputs of anyone's model become numbers, [`scoring`] does it;
//! - [`gallery`] draws heat maps on radiographs, [`table`] prints scores for a terminal;
//! - [`prototypes`] describes an evidence space, as numbers and as a page;
//! - [`doctor`] tells which labels and prompts do not fit, and makes the page of what is doubtful about data.
// An array view is a reference already.
#![allow(clippy::needless_pass_by_value)]
// Tests compare exactly representable values.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::float_cmp))]

mod check;
mod coverage;
pub mod doctor;
mod error;
pub mod gallery;
mod html;
pub mod metric;
pub mod prompts;
pub mod protocol;
pub mod prototypes;
mod score;
pub mod scoring;
pub mod table;
pub mod task;

pub use coverage::SplitCoverage;
pub use error::EvalError;
pub use metric::bootstrap::Bootstrap;
pub use score::{Evaluation, Score, Scores};
