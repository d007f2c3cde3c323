//! Radiology reports and their sections.

use std::sync::LazyLock;

use regex::Regex;

use crate::table::is_missing_text;

/// Name of the only section of a report without headers.
pub(crate) const WHOLE: &str = "report";

/// A named part of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Name in lower case: "findings", "impression", …; "report" for text under no header.
    pub name: String,
    /// Its text, without the header.
    pub text: String,
}

/// A radiology report; it has at least one section, and no section is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Sections in the order of the report.
    pub sections: Vec<Section>,
}

/// Headers that radiology reports use, in upper case before a colon. A closed list, because upper-case words before a
/// colon also occur inside sentences ("PICC: in place").
static HEADER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"\b(FINDINGS(?: AND IMPRESSION)?|IMPRESSIONS?|CONCLUSIONS?|INDICATIONS?|(?:CLINICAL )?HISTORY|CLINICAL (?:INFORMATION|INDICATION)|REASON FOR (?:EXAM|EXAMINATION|STUDY)|TECHNIQUE|COMPARISONS?|EXAM(?:INATION)?|PROCEDURE|RECOMMENDATIONS?(?:\(S\))?|NOTIFICATIONS?|WET READ|ADDENDUM|FINAL REPORT)\s*:",
    )
    .expect("the pattern is valid")
});

impl Report {
    /// Splits the text of a report at its headers; `None` where it has no text.
    ///
    /// Text before the first header becomes a section "report".
    pub fn parse(text: &str) -> Option<Report> {
        let section = |(name, text): (&str, &str)| Section { name: name.to_lowercase(), text: text.trim().to_owned() };
        Report::from_sections(parts(text).map(section))
    }

    /// As [`Report::parse`]; `None`, too, where the text says that there is none: `nan`, `FINDINGS: None`, …
    pub fn of_cell(text: &str) -> Option<Report> {
        if Report::is_in(text) { Report::parse(text) } else { None }
    }

    /// Whether [`Report::of_cell`] finds a report in a text.
    pub fn is_in(text: &str) -> bool {
        parts(text).any(|(_, text)| text.chars().any(char::is_alphanumeric) && !is_missing_text(text))
    }

    /// A report of the sections that have text; `None` where none has.
    pub fn from_sections(sections: impl IntoIterator<Item = Section>) -> Option<Report> {
        let sections: Vec<_> =
            sections.into_iter().filter(|section| section.text.chars().any(char::is_alphanumeric)).collect();
        (!sections.is_empty()).then_some(Report { sections })
    }

    /// The report as text: a line "FINDINGS: …" a section; text under no header stands alone.
    pub fn text(&self) -> String {
        let lines: Vec<String> = self
            .sections
            .iter()
            .map(|Section { name, text }| match name.as_str() {
                WHOLE => text.clone(),
                _ => format!("{}: {text}", name.to_uppercase()),
            })
            .collect();
        lines.join("\n")
    }
}

/// The parts of a text, each with its header; the first part has none.
fn parts(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut headers = HEADER.find_iter(text);
    let mut next = Some((WHOLE, 0));
    std::iter::from_fn(move || {
        let (name, start) = next?;
        let header = headers.next();
        next = header.map(|header| (header.as_str().trim_end_matches(':').trim_end(), header.end()));
        Some((name, &text[start..header.map_or(text.len(), |header| header.start())]))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(report: &Report) -> Vec<&str> {
        report.sections.iter().map(|s| s.name.as_str()).collect()
    }

    #[test]
    fn headers_divide_a_report() {
        let report =
            Report::parse("FINAL REPORT:\nINDICATION: cough. FINDINGS: PICC: in place.\n\nIMPRESSION:\n No change.")
                .unwrap();
        assert_eq!(names(&report), ["indication", "findings", "impression"]);
        assert_eq!(report.sections[1].text, "PICC: in place.");
        assert_eq!(report.text(), "INDICATION: cough.\nFINDINGS: PICC: in place.\nIMPRESSION: No change.");
    }

    #[test]
    fn a_report_without_headers_is_its_text() {
        let report = Report::parse("  Severe ARDS, see findings: tubes. ").unwrap();
        assert_eq!(names(&report), [WHOLE]);
        assert_eq!(report.text(), "Severe ARDS, see findings: tubes.");
    }

    #[test]
    fn text_before_the_first_header_is_kept() {
        let report = Report::parse("Chest, two views. IMPRESSION: Normal.").unwrap();
        assert_eq!(names(&report), [WHOLE, "impression"]);
    }

    #[test]
    fn a_report_without_text_is_none() {
        for text in ["", " \n", "FINDINGS: IMPRESSION:", "...", "___"] {
            assert_eq!(Report::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_cell_that_says_that_there_is_no_report_is_none() {
        for text in ["nan", "None", "nan nan", "FINDINGS: nan\nIMPRESSION: nan", "FINDINGS: NaN", "n/a", "<NA>", ""] {
            assert_eq!(Report::of_cell(text), None, "{text:?}");
        }
        for text in
            ["COMPARISON: None\nFINDINGS: Clear.", "None seen.", "No nodule", "FINDINGS: nan\nIMPRESSION: Clear."]
        {
            assert_eq!(Report::of_cell(text), Report::parse(text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn reading_what_was_written_changes_nothing(text in "([A-Za-z.:\n ]|FINDINGS: |IMPRESSION: |é){0,60}") {
            if let Some(report) = Report::parse(&text) {
                prop_assert_eq!(Report::parse(&report.text()), Some(report));
            }
        }
    }
}
