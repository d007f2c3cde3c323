//! Splits text into sentences.

use std::ops::Range;

/// Abbreviations whose full stop does not end a sentence.
const ABBREVIATIONS: [&str; 6] = ["dr", "mr", "mrs", "ms", "vs", "approx"];

/// Byte ranges of the sentences of normalised text, list markers included, in order, covering all of it.
pub(crate) fn sentences(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        if start >= text.len() {
            return None;
        }
        let bytes = text.as_bytes();
        let end = (start..bytes.len()).find(|&at| ends_sentence(text, start, at)).map_or(bytes.len(), |at| at + 1);
        let sentence = start..end;
        start = end;
        Some(sentence)
    })
}

fn ends_sentence(text: &str, start: usize, at: usize) -> bool {
    let bytes = text.as_bytes();
    match bytes[at] {
        b'\n' | b'?' | b'!' => true,
        b'.' => {
            let next = bytes.get(at + 1).copied();
            let decimal = next.is_some_and(|byte| byte.is_ascii_digit()) && at > 0 && bytes[at - 1].is_ascii_digit();
            let abbreviated = next == Some(b' ') && is_abbreviation(&text[start..at]);
            !decimal && !abbreviated
        }
        _ => false,
    }
}

fn is_abbreviation(before: &str) -> bool {
    let ends_with = |word: &&'static str| {
        before.strip_suffix(*word).is_some_and(|rest| rest.is_empty() || rest.ends_with([' ', ',', '(']))
    };
    ABBREVIATIONS.iter().any(ends_with)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        sentences(text).map(|range| text[range].trim()).collect()
    }

    #[test]
    fn splits_at_stops_and_line_ends() {
        assert_eq!(split("no effusion. small nodule.normal heart"), ["no effusion.", "small nodule.", "normal heart"]);
        assert_eq!(split("no effusion\nsmall nodule"), ["no effusion", "small nodule"]);
    }

    #[test]
    fn keeps_decimals_and_abbreviations_together() {
        assert_eq!(split("a 4.8 cm mass. seen by dr. x"), ["a 4.8 cm mass.", "seen by dr. x"]);
        assert_eq!(split("atelectasis vs. scar"), ["atelectasis vs. scar"]);
    }

    #[test]
    fn covers_the_text() {
        let text = "1. one. 2. two..\n";
        assert_eq!(sentences(text).map(|range| &text[range]).collect::<String>(), text);
    }
}
