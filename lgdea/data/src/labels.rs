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
pub(crate) fn parse_labels(cell: &str) -> BTreeSet<String> {
    cell.split('|').map(normalise_label).filter(|label| !label.is_empty()).collect()
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
}
