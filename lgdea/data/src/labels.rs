//! Names of findings, written one way.

use std::borrow::Cow;
use std::collections::BTreeSet;

use lgdea_spec::UncertainLabels;

use crate::table::is_missing;

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

/// What is known to be on an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StudyLabels {
    /// Findings that are there, in `snake_case`. A study that is known to be normal has none (phantom) or `no_finding` (real
    /// data that says so).
    pub present: BTreeSet<String>,
    /// Findings of which it is not known whether they are there; all others are absent.
    pub uncertain: BTreeSet<String>,
}

impl StudyLabels {
    /// The findings that names call present, however they are written.
    pub(crate) fn named(names: &[Cow<'_, str>]) -> StudyLabels {
        names.iter().map(|name| normalise_label(name)).filter(|name| !name.is_empty()).collect()
    }

    /// Adds what another row says of the study: a finding that one row calls present is.
    pub(crate) fn join(&mut self, mut other: StudyLabels) {
        self.present.append(&mut other.present);
        self.uncertain.append(&mut other.uncertain);
        self.uncertain.retain(|finding| !self.present.contains(finding));
    }

    /// Whether nothing is present or uncertain.
    pub fn is_empty(&self) -> bool {
        self.present.is_empty() && self.uncertain.is_empty()
    }
}

impl<Name: Into<String>> FromIterator<Name> for StudyLabels {
    /// Findings that are present.
    fn from_iter<Names: IntoIterator<Item = Name>>(present: Names) -> Self {
        Self { present: present.into_iter().map(Into::into).collect(), uncertain: BTreeSet::new() }
    }
}

/// What a cell says with a number, or a word for one, of the finding that its column is named for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Indicator {
    Present,
    Absent,
    /// -1, as `CheXpert` has it.
    Uncertain,
    /// Another number: a share, a grade, a code of its own.
    Unknown,
}

impl Indicator {
    /// `None` where the cell is no number, and no yes and no either: names of findings.
    pub(crate) fn parse(cell: &str) -> Option<Indicator> {
        // As spreadsheets write it whose decimals follow a comma.
        let whole = cell.trim_end_matches('0').strip_suffix(',').filter(|whole| whole.len() < cell.len() - 1);
        if let Ok(number) = whole.unwrap_or(cell).parse::<f64>() {
            return Some(match number {
                1.0 => Indicator::Present,
                0.0 => Indicator::Absent,
                -1.0 => Indicator::Uncertain,
                _ => Indicator::Unknown,
            });
        }
        match cell.to_lowercase().as_str() {
            "true" | "yes" | "t" | "y" | "ja" | "oui" | "sí" | "si" => Some(Indicator::Present),
            "false" | "no" | "f" | "n" | "nein" | "non" => Some(Indicator::Absent),
            _ => None,
        }
    }

    /// The labels of a study of which this is said for a finding.
    pub(crate) fn labels(self, finding: &str, uncertain: UncertainLabels) -> StudyLabels {
        let finding = Some(normalise_label(finding)).filter(|finding| !finding.is_empty());
        let mut labels = StudyLabels::default();
        let place = match (self, uncertain) {
            (Indicator::Present, _) | (Indicator::Uncertain, UncertainLabels::Positive) => &mut labels.present,
            (Indicator::Uncertain, UncertainLabels::Ignore) | (Indicator::Unknown, _) => &mut labels.uncertain,
            (Indicator::Absent, _) | (Indicator::Uncertain, UncertainLabels::Negative) => return labels,
        };
        place.extend(finding);
        labels
    }
}

/// The names of findings in a cell, as they are written: separated by one of `separators`, or a list in brackets as Python
/// and JSON write it. Missing values are left out.
pub fn label_names<'a>(cell: &'a str, separators: &str) -> Vec<Cow<'a, str>> {
    let cell = cell.trim();
    let list = [('[', ']'), ('(', ')'), ('{', '}')].iter().find_map(|&(open, close)| {
        let inner = cell.strip_prefix(open)?.strip_suffix(close)?;
        // Brackets that close in the middle are part of names: "(a) b (c)".
        (open == '[' || inner.starts_with(['\'', '"'])).then_some(inner)
    });
    let names: Vec<Cow<'a, str>> = match list {
        Some(inner) if inner.contains(['\'', '"']) => quoted(inner).into_iter().map(Cow::Owned).collect(),
        Some(inner) => inner.split([',', ';', '|']).map(Cow::Borrowed).collect(),
        None => cell.split(|c| separators.contains(c)).map(Cow::Borrowed).collect(),
    };
    names.into_iter().filter(|name| !is_missing(name)).collect()
}

/// The texts in quotation marks, of either kind; a backslash keeps the character after it.
fn quoted(list: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut characters = list.chars();
    while let Some(mark) = characters.by_ref().find(|c| matches!(c, '\'' | '"')) {
        let mut text = String::new();
        while let Some(character) = characters.next().filter(|&character| character != mark) {
            text.extend(if character == '\\' { characters.next() } else { Some(character) });
        }
        texts.push(text);
    }
    texts
}

/// What joins several names of findings.
pub(crate) const SEVERAL: &[char] = &[',', ';', '|', '+', '&', '\n', '\t'];

/// Whether a name looks like several that are joined by something that does not separate them here.
pub(crate) fn looks_like_several(name: &str) -> bool {
    name.contains(SEVERAL)
}

/// Whether a column is called as those are that hold names of findings.
pub(crate) fn is_called_labels(column: &str) -> bool {
    const CALLED: &[&str] =
        &["label", "finding", "diagnosis", "diagnose", "class", "classe", "patholog", "disease", "target"];
    let name = normalise_label(column).replace('_', "");
    CALLED.iter().any(|called| name.contains(called)) && name != "nofinding"
}

/// A finding's name as a phrase: `pleural_effusion` becomes "pleural effusion".
pub fn phrase_of(label: &str) -> String {
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

    fn names(cell: &str) -> Vec<String> {
        label_names(cell, "|;").iter().map(|name| normalise_label(name)).collect()
    }

    #[test]
    fn cells_hold_several_labels_as_public_sets_write_them() {
        for cell in [
            "Edema|Pleural Effusion",
            "Edema| Pleural Effusion ||",
            "Edema;Pleural Effusion",
            "edema ; pleural_effusion;",
            "['Edema', 'Pleural Effusion']",
            r#"["Edema", "Pleural Effusion"]"#,
            r#"["Edema","Pleural Effusion"]"#,
            "[ 'edema' 'pleural effusion' ]",
            "[Edema, Pleural Effusion]",
            "['Edema', nan, 'Pleural Effusion', 'nan', '']",
            "('Edema', 'Pleural Effusion')",
            "{'Edema', 'Pleural Effusion'}",
            "Edema|nan|Pleural Effusion|None",
        ] {
            assert_eq!(names(cell), ["edema", "pleural_effusion"], "{cell}");
        }
        assert_eq!(names(r#"["Hampton's hump"]"#), ["hampton_s_hump"]);
        assert_eq!(names(r"['Hampton\'s hump']"), ["hampton_s_hump"]);
        for one in ["COVID-19, ARDS", "Nodule/Mass", "No Finding", "Opacity (left)", "Pneumonia/Viral/COVID-19"] {
            assert_eq!(names(one).len(), 1, "{one}");
        }
        for none in ["", "[]", "['']", " | ", "nan", "['nan']", "None", "[nan]"] {
            assert!(names(none).is_empty(), "{none}");
        }
        assert_eq!(label_names("COVID-19, ARDS", "|;,").len(), 2);
        assert_eq!(label_names("a|b", "").len(), 1);
    }

    #[test]
    fn names_that_look_like_several_are_known() {
        for name in ["COVID-19, ARDS", "edema; mass", "edema + mass", "edema & mass", "edema\nmass", "edema\tmass"] {
            assert!(looks_like_several(name), "{name}");
        }
        for name in ["COVID-19", "Nodule/Mass", "No Finding", "Pleural_Thickening", "Enlarged Cardiomediastinum"] {
            assert!(!looks_like_several(name), "{name}");
        }
    }

    #[test]
    fn numbers_and_yes_say_whether_the_finding_of_their_column_is_present() {
        let labels = |cell| Indicator::parse(cell).unwrap().labels("Lung Opacity", UncertainLabels::Ignore);
        for present in ["1", "1.0", "True", "true", "TRUE", "yes", "Y", "T", "1e0", "+1", "1,0", "1,00", "ja", "Sí"] {
            assert_eq!(labels(present), StudyLabels::from_iter(["lung_opacity"]), "{present}");
        }
        for absent in ["0", "0.0", "False", "no", "N", "f", "-0", "0,0", "Nein"] {
            assert!(labels(absent).is_empty(), "{absent}");
        }
        for unknown in ["-1", "-1.0", "-1,0", "0.7", "2", "3", "99", "inf"] {
            let labels = labels(unknown);
            assert!(labels.present.is_empty() && labels.uncertain.contains("lung_opacity"), "{unknown}");
        }
        for none in ["", "Mass", "1,2", "1,"] {
            assert_eq!(Indicator::parse(none), None, "{none}");
        }
        let named = |cell| StudyLabels::named(&label_names(cell, "|;"));
        assert!(named("").is_empty());
        assert_eq!(named("Mass"), StudyLabels::from_iter(["mass"]));
    }

    #[test]
    fn the_policy_says_what_uncertain_means() {
        let labels = |policy| Indicator::parse("-1").unwrap().labels("Edema", policy);
        assert_eq!(labels(UncertainLabels::Positive), StudyLabels::from_iter(["edema"]));
        assert!(labels(UncertainLabels::Negative).is_empty());
        let mut joined = labels(UncertainLabels::Ignore);
        assert!(joined.uncertain.contains("edema"));
        joined.join(Indicator::parse("1").unwrap().labels("Edema", UncertainLabels::Ignore));
        assert_eq!(joined, StudyLabels::from_iter(["edema"]), "one row that is certain is enough");
    }
}
