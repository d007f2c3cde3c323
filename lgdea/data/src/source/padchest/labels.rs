//! The labels of PadChest: names of findings, some of which say that nothing is known.

use lgdea_spec::PadchestLabels;

use crate::table::shown_id;
use crate::{NO_FINDING, SkipReason, Skipped, StudyLabels, label_names, normalise_label};

/// What `MethodLabel` calls labels that physicians gave.
const PHYSICIAN: &str = "physician";

/// Labels that tell of no finding: of the report, which says no more than that nothing has changed, or of the image.
const OF_NO_FINDING: [&str; 3] = ["unchanged", "exclude", "suboptimal_study"];

/// The labels in a cell; `None` where the study has none that are read, and where they tell nothing of findings.
pub(super) fn read(
    wanted: PadchestLabels,
    method: &str,
    cell: &str,
    study: &str,
    skipped: &mut Skipped,
) -> Option<StudyLabels> {
    if wanted == PadchestLabels::Physician && method.to_lowercase() != PHYSICIAN {
        return None;
    }
    let names = label_names(cell, "");
    let names = names.iter().map(|name| usual(normalise_label(name)));
    let mut labels: StudyLabels =
        names.filter(|name| !name.is_empty() && !OF_NO_FINDING.contains(&name.as_str())).collect();
    if labels.present.len() > 1 && labels.present.remove(NO_FINDING) {
        skipped.add(SkipReason::ContradictoryLabels, shown_id(study));
    }
    (!labels.is_empty()).then_some(labels)
}

/// The name as other sets have it, where it is another word for the same.
pub(in crate::source) fn usual(name: String) -> String {
    match name.as_str() {
        "normal" => NO_FINDING.to_owned(),
        "infiltrates" => "infiltration".to_owned(),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(wanted: PadchestLabels, method: &str, cell: &str) -> Option<Vec<String>> {
        let labels = read(wanted, method, cell, "s", &mut Skipped::default());
        labels.map(|labels| labels.present.into_iter().collect())
    }

    #[test]
    fn lists_of_names_are_read() {
        for (cell, expected) in [
            ("['normal']", &["no_finding"][..]),
            ("['pleural effusion', ' cardiomegaly', 'cardiomegaly ']", &["cardiomegaly", "pleural_effusion"]),
            ("['infiltrates', 'unchanged']", &["infiltration"]),
            ("['COPD signs', 'NSG tube']", &["copd_signs", "nsg_tube"]),
            ("['normal', 'nodule']", &["nodule"]),
            ("['', 'nodule', nan]", &["nodule"]),
            ("[\"costophrenic angle blunting\"]", &["costophrenic_angle_blunting"]),
        ] {
            assert_eq!(labels(PadchestLabels::All, "RNN_model", cell).unwrap(), expected, "{cell}");
        }
        for cell in ["", "[]", "['']", "nan", "['unchanged']", "['exclude']", "['suboptimal study', 'unchanged']"] {
            assert_eq!(labels(PadchestLabels::All, "Physician", cell), None, "{cell}");
        }
    }

    #[test]
    fn labels_of_physicians_are_told_apart() {
        for method in ["Physician", "physician"] {
            assert!(labels(PadchestLabels::Physician, method, "['nodule']").is_some());
        }
        for method in ["RNN_model", "", "Physicians"] {
            assert_eq!(labels(PadchestLabels::Physician, method, "['nodule']"), None);
        }
    }
}
