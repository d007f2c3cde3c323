//! A report with the words that its evidence points at marked: by style on a terminal, in brackets elsewhere.

use std::fmt::Write;
use std::ops::Range;

use anstyle::{AnsiColor, Effects, Style};
use lgdea_evidence::{Evidence, Polarity};

use super::printable;

/// Words that evidence points at, and what is said there.
struct Mark {
    bytes: Range<usize>,
    /// Each once, the strongest first.
    polarities: Vec<Polarity>,
}

/// The text with its marks, and a legend; none where a span does not lie within the text.
pub(super) fn highlight(text: &str, evidence: &[Evidence], coloured: bool) -> Option<String> {
    let mut marked = String::new();
    let mut at = 0;
    for Mark { bytes, polarities } in marks(text, evidence)? {
        marked.push_str(&printable(&text[at..bytes.start]));
        at = bytes.end;
        let words = printable(&text[bytes]);
        if coloured {
            marked.push_str(&styled(&words, polarities[0]));
        } else {
            let names: Vec<&str> = polarities.into_iter().map(name).collect();
            let _ = write!(marked, "[{words}:{}]", names.join("+"));
        }
    }
    marked.push_str(&printable(&text[at..]));
    let legend = if coloured { legend() } else { "[words:polarity]".to_owned() };
    Some(format!("{}\n\nmarked: {legend}\n", marked.trim_end()))
}

/// Spans in the order of the text; those that overlap are one.
fn marks(text: &str, evidence: &[Evidence]) -> Option<Vec<Mark>> {
    let mut marks: Vec<Mark> = Vec::new();
    for one in evidence {
        marks.push(Mark { bytes: one.byte_range(text)?, polarities: vec![one.polarity] });
    }
    marks.sort_by_key(|mark| mark.bytes.start);
    let mut joined: Vec<Mark> = Vec::new();
    for mark in marks.into_iter().filter(|mark| !mark.bytes.is_empty()) {
        match joined.last_mut().filter(|last| mark.bytes.start < last.bytes.end) {
            Some(last) => {
                last.bytes.end = last.bytes.end.max(mark.bytes.end);
                last.polarities.extend(mark.polarities);
            }
            None => joined.push(mark),
        }
    }
    for mark in &mut joined {
        mark.polarities.sort_by_key(|&polarity| strength(polarity));
        mark.polarities.dedup();
    }
    Some(joined)
}

/// Present findings come first, denied ones last.
fn strength(polarity: Polarity) -> u8 {
    match polarity {
        Polarity::Present => 0,
        Polarity::Uncertain => 1,
        Polarity::Absent => 2,
    }
}

pub(super) fn name(polarity: Polarity) -> &'static str {
    match polarity {
        Polarity::Present => "present",
        Polarity::Uncertain => "uncertain",
        Polarity::Absent => "absent",
    }
}

/// Told apart without colours, too: present is bold and underlined, uncertain underlined, absent faint.
fn style(polarity: Polarity) -> Style {
    let (colour, effects) = match polarity {
        Polarity::Present => (AnsiColor::Green, Effects::BOLD | Effects::UNDERLINE),
        Polarity::Uncertain => (AnsiColor::Yellow, Effects::UNDERLINE),
        Polarity::Absent => (AnsiColor::Red, Effects::DIMMED),
    };
    colour.on_default().effects(effects)
}

/// Each line of its own, so that a pager shows every one.
fn styled(words: &str, polarity: Polarity) -> String {
    let style = style(polarity);
    let lines: Vec<String> = words.split('\n').map(|line| format!("{style}{line}{style:#}")).collect();
    lines.join("\n")
}

fn legend() -> String {
    [Polarity::Present, Polarity::Uncertain, Polarity::Absent].map(|it| styled(name(it), it)).join(", ")
}

#[cfg(test)]
mod tests {
    use lgdea_evidence::{Laterality, Severity};

    use super::*;

    fn evidence(span: [usize; 2], polarity: Polarity) -> Evidence {
        Evidence {
            finding: "x".into(),
            polarity,
            laterality: Laterality::None,
            location: vec![],
            severity: Severity::None,
            text: "x".into(),
            span,
            section: "report".into(),
        }
    }

    fn plain(text: &str, evidence: &[Evidence]) -> String {
        let shown = highlight(text, evidence, false).unwrap();
        shown.strip_suffix("\n\nmarked: [words:polarity]\n").unwrap().to_owned()
    }

    #[test]
    fn overlapping_and_nested_spans_are_one_mark() {
        use Polarity::{Absent, Present, Uncertain};
        let text = "é heart is enlarged, no edema";
        let spans = [evidence([24, 29], Absent), evidence([2, 19], Uncertain), evidence([2, 7], Present)];
        assert_eq!(plain(text, &spans), "é [heart is enlarged:present+uncertain], no [edema:absent]");
        let spans = [evidence([2, 10], Present), evidence([8, 19], Present), evidence([19, 19], Absent)];
        assert_eq!(plain(text, &spans), "é [heart is enlarged:present], no edema");
        assert_eq!(plain(text, &[]), text);
    }

    #[test]
    fn spans_beyond_the_text_have_no_picture() {
        for span in [[0, 6], [7, 9], [3, 1]] {
            assert!(highlight("edema", &[evidence(span, Polarity::Present)], true).is_none(), "{span:?}");
        }
    }

    #[test]
    fn styles_end_where_words_do_and_reports_steer_no_terminal() {
        let shown = highlight("a\u{1b}[2J edema\r\nhere", &[evidence([6, 17], Polarity::Present)], true).unwrap();
        let style = style(Polarity::Present);
        let expected = format!("a\u{fffd}[2J {style}edema{style:#}\n{style}here{style:#}\n\nmarked: ");
        assert!(shown.starts_with(&expected), "{shown:?}");
        assert_eq!(anstream::adapter::strip_str(&shown).to_string().matches('\u{1b}').count(), 0);
    }
}
