//! The sections of a report, and which of them hold evidence.

use std::borrow::Cow;
use std::ops::Range;

use crate::normalise::is_invisible;
use crate::ontology;

/// A part of a report that may hold evidence.
#[derive(Debug, PartialEq)]
pub(crate) struct Section {
    /// Its header in lower case, or `report`.
    pub(crate) name: String,
    /// Byte range of its text.
    pub(crate) body: Range<usize>,
}

/// Name of text that stands under no known header.
const UNTITLED: &str = "report";
/// A header is a few words; what is longer is a sentence with a colon.
const LONGEST_HEADER: usize = 60;

struct Header {
    name: String,
    start: usize,
    body: usize,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Evidence,
    Ignored,
    Unknown,
}

/// The sections of `text` that may hold evidence: those under headers that the ontology lists as such, and text under
/// no header. A header is followed by a colon and stands at the start of a line in any case or, if in upper case,
/// anywhere; or it is a line of its own. A section that is ignored ends at a blank line, as in reports whose findings have
/// no header, and where no section with evidence follows, with the line that ends its first sentence.
pub(crate) fn sections(text: &str, rules: &ontology::Sections) -> Vec<Section> {
    let mut found = Vec::new();
    let mut current = Header { name: UNTITLED.into(), start: 0, body: 0, kind: Kind::Evidence };
    let headers = headers(text, rules);
    let last = headers.iter().rposition(|header| header.kind == Kind::Evidence).map_or(0, |at| headers[at].start);
    for header in headers {
        // One header may be read twice, if the ontology has its name with a colon, too.
        let overlaps = header.start < current.body;
        if overlaps || header.kind == Kind::Unknown && current.kind != Kind::Ignored {
            continue;
        }
        close(text, &current, header.start, last, &mut found);
        current = header;
    }
    close(text, &current, text.len(), last, &mut found);
    found
}

/// Ends a section; `last` is where the last header of evidence stands.
fn close(text: &str, header: &Header, end: usize, last: usize, found: &mut Vec<Section>) {
    let mut push = |name: &str, body: Range<usize>| {
        if !text[body.clone()].trim().is_empty() {
            found.push(Section { name: name.into(), body });
        }
    };
    match header.kind {
        Kind::Evidence => push(&header.name, header.body..end),
        // What is no known header may be the label of a finding: "PNEUMOTHORAX: none".
        Kind::Unknown => push(UNTITLED, header.start..end),
        Kind::Ignored => {
            // The blank line right after the header does not end its section.
            let body = &text[header.body..end];
            let content = body.len() - body.trim_start().len();
            let sentence = || if header.start < last { None } else { sentence_line(&body[content..]) };
            if let Some(rest) = blank_line(&body[content..]).or_else(sentence) {
                push(UNTITLED, header.body + content + rest..end);
            }
        }
    }
}

fn blank_line(body: &str) -> Option<usize> {
    let mut lines = body.split_inclusive('\n').scan(0, |at, line| {
        *at += line.len();
        Some((*at, line))
    });
    lines.find(|(_, line)| line.trim().is_empty()).map(|(after, _)| after)
}

/// Where the line after the first one that ends a statement begins: with a full stop, or before a capital.
fn sentence_line(body: &str) -> Option<usize> {
    let ends = |&at: &usize| {
        let next = body[at + 1..].trim_start();
        body[..at].trim_end().ends_with(['.', '?', '!']) || next.starts_with(|c: char| c.is_ascii_uppercase())
    };
    body.match_indices('\n').map(|(at, _)| at).find(ends).map(|at| at + 1)
}

/// The headers of a text in their order: before a colon, or on a line of their own.
fn headers(text: &str, rules: &ontology::Sections) -> Vec<Header> {
    let mut headers: Vec<Header> =
        text.match_indices(':').filter_map(|(colon, _)| header_before(text, colon, rules)).collect();
    if text.contains('\n') {
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            headers.extend(header_line(line, start, rules));
            start += line.len();
        }
        headers.sort_by_key(|header| header.start);
    }
    headers
}

/// The header that is all of a line, in capitals or with one: "Findings".
fn header_line(line: &str, start: usize, rules: &ontology::Sections) -> Option<Header> {
    let capital = || line.bytes().find(u8::is_ascii_alphanumeric).is_some_and(|first| first.is_ascii_uppercase());
    if line.len() > LONGEST_HEADER || !capital() {
        return None;
    }
    let name = visible(line);
    let header = Header { name: name.to_ascii_lowercase(), start, body: start + line.len(), kind: kind(&name, rules) };
    (header.kind != Kind::Unknown).then_some(header)
}

fn header_before(text: &str, colon: usize, rules: &ontology::Sections) -> Option<Header> {
    let window_start = text.floor_char_boundary(colon.saturating_sub(LONGEST_HEADER));
    let window = &text[window_start..colon];
    let line_start = match window.rfind('\n') {
        Some(at) => Some(window_start + at + 1),
        None => (window_start == 0).then_some(0),
    };
    let line = &text[line_start.unwrap_or(window_start)..colon];
    let statement = line.rfind(['.', ';', '?']).map_or(line, |stop| &line[stop + 1..]);
    let known = |name| Some((name, kind(name, rules))).filter(|(_, kind)| *kind != Kind::Unknown);
    let whole = line_start.and_then(|_| known(line));
    let (name, kind) = whole.or_else(|| known(statement)).unwrap_or_else(|| {
        let upper = upper_case_tail(line);
        (upper, kind(upper, rules))
    });
    let start = colon - name.len();
    let at_line_start = line_start.is_some_and(|line_start| visible(&text[line_start..start]).is_empty());
    let long_enough = name.bytes().filter(u8::is_ascii_uppercase).count() >= 2;
    if kind == Kind::Unknown && !(at_line_start && long_enough) {
        return None;
    }
    let name = visible(name).to_ascii_lowercase();
    Some(Header { name, start, body: colon + 1, kind })
}

fn kind(name: &str, rules: &ontology::Sections) -> Kind {
    let name = visible(name);
    let listed = |list: &[String]| list.iter().any(|known| known.eq_ignore_ascii_case(&name));
    if listed(&rules.evidence) {
        Kind::Evidence
    } else if listed(&rules.ignored) {
        Kind::Ignored
    } else {
        match name.split_once(['/', '&']) {
            // "History / Indication"
            Some((one, two)) if kind(one, rules) == kind(two, rules) => kind(one, rules),
            _ => Kind::Unknown,
        }
    }
}

/// A name as it is read: without byte order marks and the like, and without the marks of Markdown: "**Findings**".
fn visible(name: &str) -> Cow<'_, str> {
    let mark = |c: char| c.is_whitespace() || matches!(c, '*' | '#' | '_');
    if name.contains(is_invisible) {
        Cow::Owned(name.replace(is_invisible, "").trim_matches(mark).to_owned())
    } else {
        Cow::Borrowed(name.trim_matches(mark))
    }
}

/// The upper-case words that `line` ends with.
fn upper_case_tail(line: &str) -> &str {
    let upper =
        |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, ' ' | '/' | '&' | '(' | ')' | ',' | '-');
    let start =
        line.rfind(|c: char| !upper(c)).map_or(0, |at| at + line[at..].chars().next().map_or(1, char::len_utf8));
    line[start..].trim_start()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let rules = ontology::Sections {
            evidence: vec!["findings".into(), "impression".into()],
            ignored: vec!["history".into(), "comparison".into(), "technique".into()],
        };
        let part = |section: Section| (section.name, text[section.body].trim().to_owned());
        sections(text, &rules).into_iter().map(part).collect()
    }

    fn pair(name: &str, body: &str) -> (String, String) {
        (name.into(), body.into())
    }

    #[test]
    fn plain_text_is_one_section() {
        assert_eq!(read("small effusion."), [pair("report", "small effusion.")]);
        assert_eq!(read(""), []);
    }

    #[test]
    fn headers_at_line_starts_and_inline() {
        let text = "TECHNIQUE: frontal\nFINDINGS: small effusion. IMPRESSION: effusion.";
        assert_eq!(read(text), [pair("findings", "small effusion."), pair("impression", "effusion.")]);
        assert_eq!(read("Findings: nodule\nHistory: cough"), [pair("findings", "nodule")]);
    }

    #[test]
    fn structured_findings_stay_together() {
        let text = "FINDINGS:\nLUNGS: clear\nHEART: large";
        assert_eq!(read(text), [pair("findings", "LUNGS: clear\nHEART: large")]);
    }

    #[test]
    fn text_after_an_ignored_section() {
        let text = "HISTORY: cough\n\nPA AND LATERAL CHEST: nodule";
        assert_eq!(read(text), [pair("report", "PA AND LATERAL CHEST: nodule")]);
        assert_eq!(read("COMPARISON:\n\nnone.\n\nThe heart is large."), [pair("report", "The heart is large.")]);
    }

    #[test]
    fn labels_after_an_ignored_section_stay_with_their_values() {
        let text = "TECHNIQUE: frontal\nEDEMA: none\nMASS: none";
        assert_eq!(read(text), [pair("report", "EDEMA: none\nMASS: none")]);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_header() {
        assert_eq!(read("\u{feff}History: cough\nFindings: nodule"), [pair("findings", "nodule")]);
    }

    #[test]
    fn colons_in_sentences_are_no_headers() {
        assert_eq!(read("nodule: 4 mm é: x"), [pair("report", "nodule: 4 mm é: x")]);
    }
}
