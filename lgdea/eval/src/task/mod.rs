//! One evaluation each: what a model computed for a split, turned into named scores.
//!
//! A task is a list of named statistics of the evaluated studies; [`crate::Bootstrap`] gives each its value and interval.
//! Inputs that do not belong together or are not finite are errors; what the data leave undefined is absent from the
//! scores and named among the warnings.

use lgdea_data::StudyLabels;

pub mod evidence;
pub mod grounding;
pub mod retrieval;
pub mod zero_shot;

/// A study's labels; None where nobody labelled the study.
pub type Labels<'a> = Option<&'a StudyLabels>;
