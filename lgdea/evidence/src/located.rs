//! A finding with its place in a report.

use crate::evidence::{Evidence, Laterality, Polarity, Severity};
use crate::ontology::Ontology;
use crate::sections::Section;

/// A finding with what is said of it and its place in a report: evidence before it is put into words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Located {
    /// Byte range in the report.
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) finding: usize,
    pub(crate) polarity: Polarity,
    pub(crate) laterality: Laterality,
    /// Indices of the ontology's locations.
    pub(crate) location: Vec<usize>,
    pub(crate) severity: Severity,
    /// Index of the report's section.
    pub(crate) section: usize,
}

impl Located {
    pub(crate) fn evidence(&self, ontology: &Ontology, text: &str, sections: &[Section]) -> Evidence {
        let finding = &ontology.findings[self.finding];
        let location: Vec<String> = self.location.iter().map(|&index| ontology.locations[index].name.clone()).collect();
        Evidence {
            finding: finding.name.clone(),
            polarity: self.polarity,
            laterality: self.laterality,
            severity: self.severity,
            text: canonical(&finding.label, self.severity, self.laterality, &location),
            location,
            span: characters(text, self.start, self.end),
            section: sections[self.section].name.clone(),
        }
    }
}

/// "{severity} {laterality} {location} {label}"; a place that ends in "lung" is not followed by another "lung".
fn canonical(label: &str, severity: Severity, laterality: Laterality, location: &[String]) -> String {
    let in_lung = location.last().is_some_and(|last| last.ends_with("lung"));
    let label = if in_lung { label.strip_prefix("lung ").unwrap_or(label) } else { label };
    let words =
        [severity.word(), laterality.word()].into_iter().chain(location.iter().map(String::as_str)).chain([label]);
    let mut text = String::new();
    for word in words.filter(|word| !word.is_empty()) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

/// Byte range to character range.
fn characters(text: &str, start: usize, end: usize) -> [usize; 2] {
    if text.is_ascii() {
        return [start, end];
    }
    let from = text[..start].chars().count();
    [from, from + text[start..end].chars().count()]
}
