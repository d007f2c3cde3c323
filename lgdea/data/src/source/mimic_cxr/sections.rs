//! The sections of MIMIC-CXR's reports, told apart as `section_parser.py` of MIT-LCP's mimic-cxr repository does, so that
//! a report is the same whether its file or `mimic_cxr_sectioned.csv` has it.
//!
//! That script's list of reports whose sections were marked by hand is no part of this.

use std::borrow::Cow;
use std::sync::LazyLock;

use lgdea_spec::MimicSection;
use regex::Regex;

use crate::report::{Report, Section, WHOLE};

/// A header: a line's first words, in capitals, before a colon.
static HEADER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:^|\n)([A-Z ()/,-]+):\s").expect("the pattern is valid"));
static BLANK_LINE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\n[ \t]*\n").expect("the pattern is valid"));

/// Headers that do not contain the name of their section, or that contain another.
const OTHER_NAMES: [(&str, &str); 32] = [
    ("reason for examination", "indication"),
    ("reason for exam", "indication"),
    ("clinical indication", "indication"),
    ("idication", "indication"),
    ("clinical information", "history"),
    ("pfi", "history"),
    ("exam", "examination"),
    ("type of examination", "examination"),
    ("reference exam", "comparison"),
    ("comparision", "comparison"),
    ("comparsion", "comparison"),
    ("comparrison", "comparison"),
    ("comparisions", "comparison"),
    ("conclusion", "impression"),
    ("conclusions", "impression"),
    ("ndication", "impression"),
    ("impresson", "impression"),
    ("imprression", "impression"),
    ("imoression", "impression"),
    ("impressoin", "impression"),
    ("imprssion", "impression"),
    ("impresion", "impression"),
    ("imperssion", "impression"),
    ("mpression", "impression"),
    ("impession", "impression"),
    ("finding", "findings"),
    ("findins", "findings"),
    ("findindgs", "findings"),
    ("findgings", "findings"),
    ("findngs", "findings"),
    ("findnings", "findings"),
    ("finidngs", "findings"),
];

/// Names that a header contains, the first first.
const CONTAINED: [&str; 5] = ["impression", "findings", "history", "comparison", "addendum"];

/// Words of headers that say how the images were taken; findings follow.
const VIEWS: [&str; 18] = [
    "chest",
    "portable",
    "pa and lateral",
    "lateral and pa",
    "ap and lateral",
    "lateral and ap",
    "frontal and",
    "two views",
    "frontal view",
    "pa view",
    "ap view",
    "one view",
    "lateral view",
    "bone window",
    "frontal upright",
    "frontal semi-upright",
    "ribs",
    "pa and lat",
];

/// The report of a file's text with the sections that are wanted, in their order, or with all where none is named.
pub(super) fn report_of(text: &str, wanted: &[MimicSection]) -> Option<Report> {
    let text = with_plain_ends(text);
    if wanted.is_empty() {
        return Report::parse(&text);
    }
    let found = sections(&text);
    // Of several the last: an addendum stands before the report that it is added to.
    let last = |section: MimicSection| found.iter().rfind(|(name, _)| name == section.name());
    report_of_sections(wanted.iter().filter_map(|&section| Some((section, last(section)?.1))))
}

/// The report of sections, of which some may be empty.
pub(super) fn report_of_sections<'a>(sections: impl IntoIterator<Item = (MimicSection, &'a str)>) -> Option<Report> {
    let section = |(section, text): (MimicSection, &str)| {
        let name = if section == MimicSection::LastParagraph { WHOLE } else { section.name() };
        Section { name: name.to_owned(), text: with_plain_ends(text.trim()).into_owned() }
    };
    let mut sections: Vec<Section> = sections.into_iter().map(section).collect();
    // Text under no header would be read as part of a section before it.
    sections.sort_by_key(|section| section.name != WHOLE);
    Report::from_sections(sections)
}

fn with_plain_ends(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) }
}

/// All sections, by their usual names, in the order of the text.
fn sections(text: &str) -> Vec<(Cow<'static, str>, &str)> {
    let (mut found, mut name, mut start, mut from) = (Vec::new(), Cow::Borrowed("preamble"), 0, 0);
    while let Some(captures) = HEADER.captures_at(text, from) {
        let (Some(whole), Some(header)) = (captures.get(0), captures.get(1)) else { break };
        found.push((std::mem::replace(&mut name, usual_name(header.as_str())), &text[start..whole.start()]));
        start = whole.end();
        // What follows in the header's own line is no header.
        from = start + text[start..].find('\n').unwrap_or(0);
    }
    found.push((name, &text[start..]));
    let is_reading = |name: &str| matches!(name, "findings" | "impression");
    found.retain(|(name, body)| !(is_reading(name) && body.trim().is_empty()));
    if !found.iter().any(|(name, _)| is_reading(name))
        && let Some((_, body)) = found.last_mut()
        && let Some(blank) = BLANK_LINE.find(body)
    {
        let last = &body[blank.end()..];
        *body = &body[..blank.start()];
        found.push((Cow::Borrowed("last_paragraph"), last));
    }
    found
}

/// The usual name of a section with a header.
fn usual_name(header: &str) -> Cow<'static, str> {
    let header = header.trim().to_lowercase();
    if let Some((_, usual)) = OTHER_NAMES.iter().find(|(name, _)| *name == header) {
        Cow::Borrowed(usual)
    } else if let Some(name) = CONTAINED.iter().find(|name| header.contains(**name)) {
        Cow::Borrowed(name)
    } else if VIEWS.iter().any(|words| header.contains(words)) {
        Cow::Borrowed("findings")
    } else {
        Cow::Owned(header)
    }
}

#[cfg(test)]
mod tests {
    use MimicSection::{Comparison, Findings, History, Impression, Indication, LastParagraph};

    use super::*;

    const ALL: [MimicSection; 6] = [Findings, Impression, LastParagraph, Comparison, Indication, History];

    fn read(text: &str) -> Vec<(String, String)> {
        let report = report_of(text, &ALL).unwrap();
        report.sections.into_iter().map(|section| (section.name, section.text)).collect()
    }

    #[test]
    fn headers_are_known_as_they_are_written() {
        for (header, name) in [
            ("FINDINGS", "findings"),
            ("FINDING", "findings"),
            ("FINDNGS", "findings"),
            ("REFERENCE FINDINGS", "findings"),
            ("CHEST, TWO VIEWS", "findings"),
            ("PORTABLE AP VIEW OF THE CHEST", "findings"),
            ("IMPRESSION", "impression"),
            ("IMPRESSON", "impression"),
            ("CONCLUSION", "impression"),
            ("FINDINGS AND IMPRESSION", "impression"),
            ("FINDINGS/IMPRESSION", "impression"),
            ("COMPARISONS", "comparison"),
            ("REFERENCE EXAM", "comparison"),
            ("REASON FOR EXAMINATION", "indication"),
            ("CLINICAL INFORMATION", "history"),
            ("PATIENT HISTORY", "history"),
        ] {
            let text = format!("            FINAL REPORT\n {header}:  The words.\n NOTE:  Others.\n");
            assert_eq!(read(&text), [(name.to_owned(), "The words.".to_owned())], "{header}");
        }
    }

    #[test]
    fn a_header_is_a_line_s_first_words_in_capitals() {
        for text in [
            " FINDINGS: PICC: in place. See IMPRESSION: none.",
            "FINDINGS: PICC: in place. See IMPRESSION: none.",
            " FINDINGS:\n PICC: in place. See IMPRESSION: none.",
            " FINDINGS: \r\n \r\n The PICC: in place. See IMPRESSION: none.\r\n",
            " FINDINGS: PICC: in place. See IMPRESSION: none.\n IMPRESSION: ___\n",
        ] {
            let (name, body) = read(text).swap_remove(0);
            assert_eq!(
                (name.as_str(), body.trim_start_matches("The ")),
                ("findings", "PICC: in place. See IMPRESSION: none.")
            );
        }
        assert_eq!(read(" FINDINGS: \n Impression: clear. \n")[0].1, "Impression: clear.");
    }

    #[test]
    fn of_several_sections_the_last_counts_and_empty_ones_do_not() {
        let text =
            " IMPRESSION:  Added.\n ______\n FINDINGS:\n \n IMPRESSION:  First.\n FINDINGS:  Seen.\n IMPRESSION:\n";
        let expected = [("findings", "Seen."), ("impression", "First.")];
        assert_eq!(read(text), expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
    }

    #[test]
    fn what_stands_at_the_end_under_no_header_is_the_last_paragraph() {
        for (text, last) in [
            (
                " HISTORY:  Fever.\n \n The lungs are clear.\n \n The heart is normal.\n",
                "The lungs are clear.\n \n The heart is normal.",
            ),
            (" COMPARISON:  None.\n\n The lungs are clear.\n", "The lungs are clear."),
            ("             FINAL REPORT\n PORTABLE AT 8\n \n The lungs are clear.\n", "The lungs are clear."),
            (" HISTORY:  Fever.\n \n The lungs are clear.\n IMPRESSION:\n", "The lungs are clear."),
        ] {
            let found = report_of(text, &[LastParagraph]).map_or(String::new(), |report| report.text());
            assert_eq!(found, last, "{text}");
        }
        assert_eq!(report_of(" HISTORY:  Fever.\n \n Clear.\n IMPRESSION:  Clear.\n", &[LastParagraph]), None);
        let both = report_of(" COMPARISON:  None.\n \n Clear lungs.\n", &[Comparison, LastParagraph]).unwrap();
        assert_eq!(both.text(), "Clear lungs.\nCOMPARISON: None.");
    }

    #[test]
    fn a_report_without_the_sections_is_none() {
        for text in ["", " \n", " HISTORY:  Fever.\n", "FINDINGS: \n IMPRESSION: \n", "Clear lungs."] {
            assert_eq!(report_of(text, &[Findings, Impression]), None, "{text}");
        }
        assert_eq!(report_of("Clear lungs.", &[]).unwrap().text(), "Clear lungs.");
        assert_eq!(report_of(" ", &[]), None);
    }
}
