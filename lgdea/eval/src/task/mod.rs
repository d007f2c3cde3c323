//! One evaluation each: what a model computed for a split, turned into named scores.
//!
//! A task is a list of named statistics of the evaluated studies; [`crate::Bootstrap`] gives each its value and interval.
//! Inputs that do not belong together or are not finite are errors; what the data leave undefined is absent from the
//! scores and named among the warnings.

use lgdea_data::StudyLabels;

use crate::metric::ranking::groups;

pub mod evidence;
pub mod grounding;
pub mod retrieval;
mod within;
pub mod zero_shot;

pub use within::Strata;
pub(crate) use within::value;

/// What is known of an evaluated study.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// Number of the patient: resamples draw patients with all of their studies.
    pub patient: usize,
    /// Its labels; None where nobody labelled the study.
    pub labels: Option<&'a StudyLabels>,
}

/// Numbers of patients, from 0 in the order in which they come; and how many there are.
pub(crate) fn renumbered(patients: impl Iterator<Item = usize>) -> (Vec<usize>, usize) {
    let numbers = groups(patients);
    let count = numbers.iter().max().map_or(0, |last| last + 1);
    (numbers, count)
}
