//! Names of findings, written one way.

use std::collections::BTreeSet;

/// The label of a study that its source calls normal.
pub const NO_FINDING: &str = "no_finding";

/// A finding's name in `snake_case`: "No Finding" becomes `no_finding`, "COVID-19" `covid_19`.
///
/// Letters outside ASCII are kept in lower case; everything that is neither letter nor digit separates words.
pub fn normalise_label(name: &str) -> String {
    name.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect::<Vec<_>>()
        .join("_")
}

/// Labels of a cell that separates them by `|`; empty where the cell is.
fn parse_labels(cell: &str) -> BTreeSet<String> {
    cell.split('|').map(normalise_label).filter(|label| !label.is_empty()).collect()
}

/// Labels of a cell in a column that is named `finding`: names separated by `|`, or a number, of which 1 says that the
/// finding is present and every other (0, or -1 for uncertain, as `CheXpert` has it) that it is absent.
pub(crate) fn labels_of(cell: &str, finding: &str) -> BTreeSet<String> {
    match cell.parse::<f64>() {
        Ok(1.0) => parse_labels(finding),
        Ok(_) => BTreeSet::new(),
        Err(_) => parse_labels(cell),
    }
}

/// A finding's name as a phrase: `pleural_effusion` becomes "pleural effusion".
pub(crate) fn phrase_of(label: &str) -> String {
    label.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_one_way() {
        assert_eq!(normalise_label("No Finding"), NO_FINDING);
        assert_eq!(normalise_label(" Pleural_Thickening "), "pleural_thickening");
        assert_eq!(normalise_label("COVID-19"), "covid_19");
        assert_eq!(normalise_label("--"), "");
    }

    #[test]
    fn cells_hold_several_labels() {
        let labels = parse_labels("Edema| Pneumonia ||edema");
        assert_eq!(labels.into_iter().collect::<Vec<_>>(), ["edema", "pneumonia"]);
        assert!(parse_labels(" | ").is_empty());
    }

    #[test]
    fn numbers_say_whether_the_finding_of_their_column_is_present() {
        assert_eq!(labels_of("1.0", "Edema"), BTreeSet::from(["edema".to_owned()]));
        for absent in ["0", "-1.0", ""] {
            assert!(labels_of(absent, "Edema").is_empty(), "{absent}");
        }
        assert_eq!(labels_of("Mass", "labels"), BTreeSet::from(["mass".to_owned()]));
    }
}
