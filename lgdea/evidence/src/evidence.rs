//! The evidence of a report: its types, as they are written to JSON.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The evidence of one report: one JSON line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportEvidence {
    /// Which report.
    pub report_id: String,
    /// In the order of the text.
    pub evidence: Vec<Evidence>,
    /// Who read the report: `rules`, `openai`, …
    pub provider: String,
    /// The model: for the rules, name and version of the ontology.
    pub model: String,
    /// Hash of what instructed the model: for the rules, of the ontology.
    pub prompt_hash: String,
    /// Why there is no evidence although the report was read, as in "no valid answer: cut off at 2048 tokens"; never text
    /// of the model or of the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// One finding that a report speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Name in the ontology, as in `pleural_effusion`.
    pub finding: String,
    /// Whether the report affirms it.
    pub polarity: Polarity,
    /// Side of the patient.
    pub laterality: Laterality,
    /// Places, in the ontology's words, in the order of the text.
    pub location: Vec<String>,
    /// Grade, in three steps.
    pub severity: Severity,
    /// Canonical phrase, as in "moderate left pleural effusion"; it does not repeat the polarity.
    pub text: String,
    /// Start and end of the words that name the finding, in characters (Unicode scalar values) of the report's text,
    /// so that `text[start:end]` in Python and [`Evidence::quote`] in Rust give them exactly.
    pub span: [usize; 2],
    /// Section of the report, in lower case; `report` where it has none.
    pub section: String,
}

impl Evidence {
    /// The words of `report` that `span` points at; none where the span does not lie within the text.
    pub fn quote<'a>(&self, report: &'a str) -> Option<&'a str> {
        report.get(self.byte_range(report)?)
    }

    /// The bytes of `report` that `span` points at; none where the span does not lie within the text.
    pub fn byte_range(&self, report: &str) -> Option<Range<usize>> {
        let [start, end] = self.span;
        let mut boundaries = report.char_indices().map(|(at, _)| at).chain([report.len()]);
        let from = boundaries.nth(start)?;
        let to = match end.checked_sub(start)? {
            0 => from,
            length => boundaries.nth(length - 1)?,
        };
        Some(from..to)
    }

    /// Whether `span` points at something in `report`, and cuts no word.
    pub fn quotes_whole_words(&self, report: &str) -> bool {
        self.byte_range(report)
            .is_some_and(|range| !report[range.clone()].trim().is_empty() && is_of_whole_words(report, &range))
    }
}

/// Whether a byte range of a report begins and ends with whole words.
pub(crate) fn is_of_whole_words(report: &str, range: &Range<usize>) -> bool {
    let word = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    let (before, after) = (&report[..range.start], &report[range.end..]);
    let inside = &report[range.clone()];
    let cut_before = word(before.chars().next_back()) && word(inside.chars().next());
    let cut_after = word(inside.chars().next_back()) && word(after.chars().next());
    !cut_before && !cut_after
}

/// Whether a finding is affirmed, denied or hedged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Polarity {
    /// Affirmed.
    Present,
    /// Denied.
    Absent,
    /// Hedged, as in "possible pneumonia".
    Uncertain,
}

/// Side of the patient.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Laterality {
    /// The patient's left.
    Left,
    /// The patient's right.
    Right,
    /// Both sides.
    Bilateral,
    /// Not said, or without meaning for the finding.
    #[default]
    None,
}

impl Laterality {
    /// What two statements say together: left and right are bilateral.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        match (self, other) {
            (side, Self::None) | (Self::None, side) => side,
            (one, two) if one == two => one,
            _ => Self::Bilateral,
        }
    }

    /// The side as a phrase says it; empty where there is none.
    pub fn word(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Bilateral => "bilateral",
            Self::None => "",
        }
    }
}

/// Grade of a finding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Small, minimal, slight, trace.
    Mild,
    /// Moderate.
    Moderate,
    /// Large, extensive, marked, massive.
    Severe,
    /// Not said.
    #[default]
    None,
}

impl Severity {
    /// The grade as a phrase says it; empty where there is none.
    pub fn word(self) -> &'static str {
        match self {
            Self::Mild => "mild",
            Self::Moderate => "moderate",
            Self::Severe => "severe",
            Self::None => "",
        }
    }
}

/// Hash of the evidence of a corpus, in its order: what training depends on.
///
/// # Panics
/// Never: strings, integers and unit enums have a form in JSON.
pub fn digest(reports: &[ReportEvidence]) -> String {
    let mut hasher = blake3::Hasher::new();
    for report in reports {
        let line = serde_json::to_vec(report).expect("evidence is representable as JSON");
        hasher.update(&line);
        hasher.update(b"\n");
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(span: [usize; 2]) -> ReportEvidence {
        ReportEvidence {
            report_id: "r1".into(),
            evidence: vec![Evidence {
                finding: "pleural_effusion".into(),
                polarity: Polarity::Present,
                laterality: Laterality::Left,
                location: vec![],
                severity: Severity::None,
                text: "left pleural effusion".into(),
                span,
                section: "findings".into(),
            }],
            provider: "rules".into(),
            model: "chest/1".into(),
            prompt_hash: "0".into(),
            failure: None,
        }
    }

    #[test]
    fn one_json_line_in_the_shape_of_the_format_and_back() {
        let line = serde_json::to_string(&report([3, 11])).unwrap();
        assert_eq!(
            line,
            r#"{"report_id":"r1","evidence":[{"finding":"pleural_effusion","polarity":"present","laterality":"left","location":[],"severity":"none","text":"left pleural effusion","span":[3,11],"section":"findings"}],"provider":"rules","model":"chest/1","prompt_hash":"0"}"#
        );
        assert_eq!(serde_json::from_str::<ReportEvidence>(&line).unwrap(), report([3, 11]));
    }

    #[test]
    fn quotes_count_characters() {
        let text = "é° effusion";
        assert_eq!(report([3, 11]).evidence[0].quote(text), Some("effusion"));
        assert_eq!(report([11, 11]).evidence[0].quote(text), Some(""));
        assert_eq!(report([3, 12]).evidence[0].quote(text), None);
        assert_eq!(report([5, 3]).evidence[0].quote(text), None);
    }

    #[test]
    fn digest_depends_on_content_and_order() {
        let (one, two) = (report([0, 1]), report([0, 2]));
        assert_eq!(digest(std::slice::from_ref(&one)), digest(&[report([0, 1])]));
        assert_ne!(digest(&[one.clone(), two.clone()]), digest(&[two, one]));
    }
}
