//! Scores of zero-shot classification.

use super::within;
use crate::{Declaration, Parameters, Task};

/// Mean of the classes' AUROC, by the sum of all that the method has to say of studies and classes.
pub static AUROC_MACRO: Declaration = Declaration {
    label: Some("zero-shot AUROC"),
    row: Some("AUROC, mean of classes"),
    headlines: &[Parameters::NONE],
    within: Some(&within::AUROC_MACRO),
    ..Declaration::new(Task::ZeroShot, "zero_shot/auroc_macro")
};
/// The same by `g · t_c` alone.
pub static AUROC_MACRO_SIMILARITY: Declaration = Declaration {
    row: Some("by similarity alone"),
    ..Declaration::new(Task::ZeroShot, "zero_shot/auroc_macro_similarity")
};
/// The same by evidence alone.
pub static AUROC_MACRO_EVIDENCE: Declaration = Declaration {
    row: Some("by evidence alone"),
    ..Declaration::new(Task::ZeroShot, "zero_shot/auroc_macro_evidence")
};
/// The same by the fit of phrases and regions alone.
pub static AUROC_MACRO_LOCAL: Declaration = Declaration::new(Task::ZeroShot, "zero_shot/auroc_macro_local");
/// AUROC of a class.
pub static AUROC: Declaration =
    Declaration { within: Some(&within::AUROC), ..Declaration::new(Task::ZeroShot, "zero_shot/auroc/{class}") };

/// All scores of the task.
pub(super) static ALL: &[&Declaration] =
    &[&AUROC_MACRO, &AUROC_MACRO_SIMILARITY, &AUROC_MACRO_EVIDENCE, &AUROC_MACRO_LOCAL, &AUROC];
