//! Scores of probes on frozen features: those of zero-shot classification, at each share of the training cases.

use crate::{Better, Declaration, Task};

/// Declares of each metric its name, its words and which way is better: `of_classes` those that each class has, with their
/// mean, and `of_top` those of the decision for one of classes that exclude each other.
macro_rules! declared {
    (
        of_classes { $($metric:literal $words:literal $better:ident,)* }
        of_top { $($top:literal $top_words:literal,)* }
    ) => {
        &[
            $(
                &Declaration {
                    label: Some(concat!("probe ", $words, " at {share}")),
                    row: Some(concat!($words, " at {share}")),
                    better: Better::$better,
                    ..Declaration::new(Task::Probe, concat!("probe/{share}/", $metric, "_macro"))
                },
                &Declaration {
                    better: Better::$better,
                    ..Declaration::new(Task::Probe, concat!("probe/{share}/", $metric, "/{class}"))
                },
            )*
            $(&Declaration {
                label: Some(concat!("probe ", $top_words, " at {share}")),
                row: Some(concat!($top_words, " at {share}")),
                ..Declaration::new(Task::Probe, concat!("probe/{share}/", $top))
            },)*
        ]
    };
}

/// All scores of the task.
pub(super) static ALL: &[&Declaration] = declared! {
    of_classes {
        "auroc" "AUROC, mean of classes," Higher,
        "average_precision" "mAP" Higher,
        "auprc_trapezoid" "AUPRC (trapezoid), mean of classes," Higher,
        "f1" "F1, mean of classes," Higher,
        "mcc" "MCC, mean of classes," Higher,
        "accuracy" "accuracy, mean of classes," Higher,
        "balanced_accuracy" "balanced accuracy, mean of classes," Higher,
        "sensitivity" "sensitivity, mean of classes," Higher,
        "specificity" "specificity, mean of classes," Higher,
        "brier" "Brier score, mean of classes," Lower,
        "ece" "ECE, mean of classes," Lower,
    }
    of_top {
        "top_accuracy" "accuracy of the top class",
        "top_balanced_accuracy" "balanced accuracy of the top class",
        "top_precision_macro" "macro precision of the top class",
        "top_f1_macro" "macro F1 of the top class",
        "top_mcc" "MCC of the top class",
    }
};

/// The score of a probe that says what `zero_shot` says of zero-shot classification: `probe/{share}/f1/{class}` is that of
/// `zero_shot/f1/{class}`. None of what a probe does not have.
pub fn of(zero_shot: &Declaration) -> Option<&'static Declaration> {
    let metric = zero_shot.name.strip_prefix("zero_shot/")?;
    ALL.iter().copied().find(|probe| probe.name.strip_prefix("probe/{share}/") == Some(metric))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{zero_shot, zero_shot_outputs};

    #[test]
    fn a_probe_has_every_score_of_given_outputs_and_no_other() {
        let scored = zero_shot_outputs::ALL.iter().copied().chain([&zero_shot::AUROC, &zero_shot::AUROC_MACRO]);
        let mut found = Vec::new();
        for declaration in scored {
            let probe = of(declaration).unwrap_or_else(|| panic!("no probe has {}", declaration.name));
            assert_eq!((probe.better, probe.decimals), (declaration.better, declaration.decimals), "{}", probe.name);
            assert_eq!(probe.row.is_some(), declaration.row.is_some(), "{}", probe.name);
            found.push(probe.name);
        }
        let mut declared: Vec<&str> = ALL.iter().map(|probe| probe.name).collect();
        found.sort_unstable();
        declared.sort_unstable();
        assert_eq!(found, declared);
        assert_eq!(of(&zero_shot::AUROC_MACRO_LOCAL), None);
    }
}
