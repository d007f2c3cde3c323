//! Scores of zero-shot classification that protocols measure, besides those that runs log without one.
//!
//! Of several classes that exclude each other, accuracy and the like are of the decision for one of them.

use crate::{Better, Declaration, Task};

/// Average precision, of a class.
pub static AVERAGE_PRECISION: Declaration =
    Declaration::new(Task::ZeroShotOutputs, "zero_shot/average_precision/{class}");
/// The mean of the classes that have it.
pub static AVERAGE_PRECISION_MACRO: Declaration = Declaration {
    label: Some("mAP"),
    row: Some("mAP"),
    ..Declaration::new(Task::ZeroShotOutputs, "zero_shot/average_precision_macro")
};
/// Area under straight lines between the points of the precision–recall curve, of a class: what some published tables call
/// AUPRC. It is greater than average precision where many cases have one score.
pub static AUPRC_TRAPEZOID: Declaration = Declaration::new(Task::ZeroShotOutputs, "zero_shot/auprc_trapezoid/{class}");
/// The mean of the classes that have it.
pub static AUPRC_TRAPEZOID_MACRO: Declaration = Declaration {
    label: Some("AUPRC (trapezoid), mean of classes"),
    row: Some("AUPRC (trapezoid), mean of classes"),
    ..Declaration::new(Task::ZeroShotOutputs, "zero_shot/auprc_trapezoid_macro")
};
/// F1 at the threshold of the protocol, of a class.
pub static F1: Declaration = Declaration::new(Task::ZeroShotOutputs, "zero_shot/f1/{class}");
/// The mean of the classes that have it.
pub static F1_MACRO: Declaration = Declaration {
    label: Some("F1, mean of classes"),
    row: Some("F1, mean of classes"),
    ..Declaration::new(Task::ZeroShotOutputs, "zero_shot/f1_macro")
};
/// Matthews correlation coefficient at the threshold of the protocol, of a class.
pub static MCC: Declaration = Declaration::new(Task::ZeroShotOutputs, "zero_shot/mcc/{class}");
/// The mean of the classes that have it.
pub static MCC_MACRO: Declaration = Declaration {
    label: Some("MCC, mean of classes"),
    row: Some("MCC, mean of classes"),
    ..Declaration::new(Task::ZeroShotOutputs, "zero_shot/mcc_macro")
};
/// Share of right decisions at the threshold of the protocol, of a class.
pub static ACCURACY: Declaration = Declaration::new(Task::ZeroShotOutputs, "zero_shot/accuracy/{class}");
/// The mean of the classes that have it.
pub static ACCURACY_MACRO: Declaration = Declaration {
    label: Some("accuracy, mean of classes"),
    row: Some("accuracy, mean of classes"),
    ..Declaration::new(Task::ZeroShotOutputs, "zero_shot/accuracy_macro")
};
/// Mean of sensitivity and specificity at the threshold of the protocol, of a class.
pub static BALANCED_ACCURACY: Declaration =
    Declaration::new(Task::ZeroShotOutputs, "zero_shot/balanced_accuracy/{class}");
/// The mean of the classes that have it.
pub static BALANCED_ACCURACY_MACRO: Declaration = Declaration {
    label: Some("balanced accuracy, mean of classes"),
    row: Some("balanced accuracy, mean of classes"),
    ..Declaration::new(Task::ZeroShotOutputs, "zero_shot/balanced_accuracy_macro")
};
/// Share of the positives that are called positive at the threshold of the protocol, of a class.
pub static SENSITIVITY: Declaration = Declaration::new(Task::ZeroShotOutputs, "zero_shot/sensitivity/{class}");
/// The mean of the classes that have it.
pub static SENSITIVITY_MACRO: Declaration = Declaration {
    label: Some("sensitivity, mean of classes"),
    row: Some("sensitivity, mean of classes"),
    ..Declaration::new(Task::ZeroShotOutputs, "zero_shot/sensitivity_macro")
};
/// Share of the negatives that are called negative at the threshold of the protocol, of a class.
pub static SPECIFICITY: Declaration = Declaration::new(Task::ZeroShotOutputs, "zero_shot/specificity/{class}");
/// The mean of the classes that have it.
pub static SPECIFICITY_MACRO: Declaration = Declaration {
    label: Some("specificity, mean of classes"),
    row: Some("specificity, mean of classes"),
    ..Declaration::new(Task::ZeroShotOutputs, "zero_shot/specificity_macro")
};
/// Brier score, of a class.
pub static BRIER: Declaration =
    Declaration { better: Better::Lower, ..Declaration::new(Task::ZeroShotOutputs, "zero_shot/brier/{class}") };
/// The mean of the classes that have it.
pub static BRIER_MACRO: Declaration = Declaration {
    label: Some("Brier score, mean of classes"),
    row: Some("Brier score, mean of classes"),
    better: Better::Lower,
    ..Declaration::new(Task::ZeroShotOutputs, "zero_shot/brier_macro")
};
/// Expected calibration error over 15 bins of equal width, of a class.
pub static ECE: Declaration =
    Declaration { better: Better::Lower, ..Declaration::new(Task::ZeroShotOutputs, "zero_shot/ece/{class}") };
/// The mean of the classes that have it.
pub static ECE_MACRO: Declaration = Declaration {
    label: Some("ECE, mean of classes"),
    row: Some("ECE, mean of classes"),
    better: Better::Lower,
    ..Declaration::new(Task::ZeroShotOutputs, "zero_shot/ece_macro")
};
/// Share of the cases whose class has the greatest score.
pub static TOP_ACCURACY: Declaration = Declaration {
    label: Some("accuracy of the top class"),
    row: Some("accuracy of the top class"),
    ..Declaration::new(Task::ZeroShotOutputs, "zero_shot/top_accuracy")
};
/// Mean over classes of the share of its cases that are given it: macro recall.
pub static TOP_BALANCED_ACCURACY: Declaration = Declaration {
    label: Some("balanced accuracy of the top class"),
    row: Some("balanced accuracy of the top class"),
    ..Declaration::new(Task::ZeroShotOutputs, "zero_shot/top_balanced_accuracy")
};
/// Mean over classes of the share of the cases given it that are of it.
pub static TOP_PRECISION_MACRO: Declaration = Declaration {
    label: Some("macro precision of the top class"),
    row: Some("macro precision of the top class"),
    ..Declaration::new(Task::ZeroShotOutputs, "zero_shot/top_precision_macro")
};
/// Mean over classes of F1, each class against the rest.
pub static TOP_F1_MACRO: Declaration = Declaration {
    label: Some("macro F1 of the top class"),
    row: Some("macro F1 of the top class"),
    ..Declaration::new(Task::ZeroShotOutputs, "zero_shot/top_f1_macro")
};
/// Matthews correlation coefficient of several classes.
pub static TOP_MCC: Declaration = Declaration {
    label: Some("MCC of the top class"),
    row: Some("MCC of the top class"),
    ..Declaration::new(Task::ZeroShotOutputs, "zero_shot/top_mcc")
};

/// All scores of the task.
pub(super) static ALL: &[&Declaration] = &[
    &AVERAGE_PRECISION_MACRO,
    &AVERAGE_PRECISION,
    &AUPRC_TRAPEZOID_MACRO,
    &AUPRC_TRAPEZOID,
    &F1_MACRO,
    &F1,
    &MCC_MACRO,
    &MCC,
    &ACCURACY_MACRO,
    &ACCURACY,
    &BALANCED_ACCURACY_MACRO,
    &BALANCED_ACCURACY,
    &SENSITIVITY_MACRO,
    &SENSITIVITY,
    &SPECIFICITY_MACRO,
    &SPECIFICITY,
    &BRIER_MACRO,
    &BRIER,
    &ECE_MACRO,
    &ECE,
    &TOP_ACCURACY,
    &TOP_BALANCED_ACCURACY,
    &TOP_PRECISION_MACRO,
    &TOP_F1_MACRO,
    &TOP_MCC,
];
