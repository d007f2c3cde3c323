//! Scores of evidence against what humans found.

use crate::{Declaration, Task};

/// Precision of a class.
pub static PRECISION: Declaration =
    Declaration { row: Some("precision"), ..Declaration::new(Task::Evidence, "evidence/precision/{class}") };
/// Recall of a class.
pub static RECALL: Declaration =
    Declaration { row: Some("recall"), ..Declaration::new(Task::Evidence, "evidence/recall/{class}") };
/// F1 of a class.
pub static F1: Declaration = Declaration { row: Some("F1"), ..Declaration::new(Task::Evidence, "evidence/f1/{class}") };
/// F1 of all classes pooled.
pub static F1_MICRO: Declaration =
    Declaration { row: Some("micro F1"), ..Declaration::new(Task::Evidence, "evidence/f1_micro") };
/// Mean of the classes' F1.
pub static F1_MACRO: Declaration =
    Declaration { row: Some("macro F1"), ..Declaration::new(Task::Evidence, "evidence/f1_macro") };
/// Share of findings with the same side, where both name one.
pub static LATERALITY_ACCURACY: Declaration = Declaration {
    row: Some("laterality accuracy"),
    ..Declaration::new(Task::Evidence, "evidence/laterality_accuracy")
};

/// All scores of the task.
pub(super) static ALL: &[&Declaration] = &[&PRECISION, &RECALL, &F1, &F1_MICRO, &F1_MACRO, &LATERALITY_ACCURACY];
