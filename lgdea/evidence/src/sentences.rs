//! Splits text into sentences.

use std::ops::Range;

use crate::lexicon::Token;
use crate::ontology::Cue;

/// How far back an opening bracket is looked for.
const BRACKET: usize = 200;

/// Byte ranges of the sentences of normalised text, list markers included, in order, covering all of it.
///
/// `tokens` are the terms in the text and `abbreviations` other words: no full stop within or after one ends a sentence.
pub(crate) fn sentences<'a>(
    text: &'a str,
    tokens: &'a [Token<'_>],
    abbreviations: &'a [String],
) -> impl Iterator<Item = Range<usize>> + use<'a> {
    let mut start = 0;
    std::iter::from_fn(move || {
        if start >= text.len() {
            return None;
        }
        let sentence = Sentence { text, start, tokens, abbreviations };
        let end = (start..text.len()).find_map(|at| sentence.end(at)).unwrap_or(text.len());
        let range = start..end;
        start = end;
        Some(range)
    })
}

struct Sentence<'a> {
    text: &'a str,
    start: usize,
    tokens: &'a [Token<'a>],
    abbreviations: &'a [String],
}

impl Sentence<'_> {
    /// Where the sentence ends if the byte `at` ends it.
    fn end(&self, at: usize) -> Option<usize> {
        let ends = match self.text.as_bytes()[at] {
            b'\n' | b'!' => true,
            b'?' => self.is_closing(at),
            b'.' => {
                !self.is_leader(at)
                    && !self.is_within_a_number(at)
                    && !self.is_abbreviated(at)
                    && !self.is_in_a_term(at)
            }
            b')' => return self.marker(at).filter(|&marker| marker > self.start),
            _ => false,
        };
        ends.then_some(at + 1)
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Whether a question mark closes a question: "effusion?", unlike "?effusion".
    fn is_closing(&self, at: usize) -> bool {
        let next = self.tokens.partition_point(|token| token.start <= at);
        let answer = self.tokens.get(next).filter(|token| self.text[at + 1..token.start].trim().is_empty());
        if answer.is_some_and(|token| token.is(Cue::NegationValue)) && self.is_answer(next) {
            return false;
        }
        let after_word = self.text[self.start..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == ')');
        after_word || self.text[at + 1..].trim_start_matches(' ').is_empty()
    }

    /// Whether a full stop is one of three, which lead to a value.
    fn is_leader(&self, at: usize) -> bool {
        let stops = |from: usize| self.text.as_bytes()[from..].iter().take_while(|&&byte| byte == b'.').count();
        let before = self.text[self.start..at].bytes().rev().take_while(|&byte| byte == b'.').count();
        before + stops(at) >= 3
    }

    /// Whether the term is all that stands up to the next stop: "effusion? none."
    fn is_answer(&self, term: usize) -> bool {
        let rest = self.text[self.tokens[term].end..].trim_start_matches(' ');
        rest.is_empty() || rest.starts_with(['.', '\n', ';', ','])
    }

    fn is_within_a_number(&self, at: usize) -> bool {
        let digit = |at: usize| self.byte(at).is_some_and(|byte| byte.is_ascii_digit());
        at > 0 && digit(at - 1) && digit(at + 1)
    }

    fn is_abbreviated(&self, at: usize) -> bool {
        let before = &self.text[self.start..at];
        let ends_with = |word: &String| {
            let rest = before.strip_suffix(word.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with([' ', ',', '(']))
        };
        let letter = |at: usize| self.byte(at).is_some_and(|byte| byte.is_ascii_alphabetic());
        let initial = letter(at + 1) && self.byte(at + 2) == Some(b'.');
        // The first full stop of "e.g.".
        let between_initials = initial
            && before.ends_with(|c: char| c.is_ascii_alphabetic())
            && (before.len() == 1 || before[..before.len() - 1].ends_with([' ', '(']));
        let next_is_blank = self.byte(at + 1).is_none_or(|next| next == b' ');
        between_initials || next_is_blank && self.abbreviations.iter().any(ends_with)
    }

    fn is_in_a_term(&self, at: usize) -> bool {
        let next = self.tokens.partition_point(|token| token.start <= at);
        next > 0 && self.tokens[next - 1].end > at
    }

    /// Where the marker of a list item begins that the bracket closes: "1)", "(2)", "b)".
    fn marker(&self, at: usize) -> Option<usize> {
        let before = &self.text[self.start..at];
        let name = before.rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(before, |other| &before[other + 1..]);
        let numbered = (1..=2).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_digit());
        let lettered = name.len() == 1 && name.as_bytes()[0].is_ascii_lowercase();
        if !(numbered || lettered) || self.byte(at + 1) != Some(b' ') {
            return None;
        }
        let rest = &before[..before.len() - name.len()];
        if let Some(rest) = rest.strip_suffix('(') {
            return numbered.then_some(self.start + rest.len());
        }
        let near = &rest[rest.len().saturating_sub(BRACKET)..];
        let in_bracket = near.rfind('(') > near.rfind(')');
        (rest.ends_with(' ') && !in_bracket).then_some(self.start + rest.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        let abbreviations = ["dr", "vs", "e.g"].map(str::to_owned);
        sentences(text, &[], &abbreviations).map(|range| text[range].trim()).collect()
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
        assert_eq!(split("devices, e.g. a stent. scar"), ["devices, e.g. a stent.", "scar"]);
    }

    #[test]
    fn list_items_and_questions() {
        assert_eq!(split("1) no effusion 2) nodule"), ["1) no effusion", "2) nodule"]);
        assert_eq!(split("(1) clear (2) nodule (series 2) seen"), ["(1) clear", "(2) nodule (series 2) seen"]);
        assert_eq!(split("?effusion. nodule? mass"), ["?effusion.", "nodule?", "mass"]);
    }

    #[test]
    fn covers_the_text() {
        let text = "1. one. 2. two..\n3) three ?";
        assert_eq!(sentences(text, &[], &[]).map(|range| &text[range]).collect::<String>(), text);
    }
}
