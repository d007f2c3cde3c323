//! Finds a model's quotes in a report.

use std::ops::Range;

/// A report in which quotes are looked up: exactly, or else ignoring case and runs of white space.
pub(super) struct Quotable<'a> {
    report: &'a str,
    /// The report in lower case, each run of white space a single blank.
    folded: String,
    /// For each byte of `folded`, the byte range in the report of the character that it came from.
    origins: Vec<(u32, u32)>,
}

impl<'a> Quotable<'a> {
    pub(super) fn new(report: &'a str) -> Self {
        let mut quotable = Self { report, folded: String::with_capacity(report.len()), origins: Vec::new() };
        for (start, character) in report.char_indices() {
            let origin = (start as u32, (start + character.len_utf8()) as u32);
            fold(character, &mut quotable.folded);
            quotable.origins.resize(quotable.folded.len(), origin);
        }
        quotable
    }

    /// Byte ranges in the report of all places that a quote may mean, in order; none where it does not quote the report.
    pub(super) fn find(&self, quote: &str) -> Vec<Range<usize>> {
        let quote = quote.trim();
        if !quote.contains(char::is_alphanumeric) {
            return Vec::new();
        }
        let exact: Vec<_> = self.report.match_indices(quote).map(|(start, _)| start..start + quote.len()).collect();
        if !exact.is_empty() {
            return exact;
        }
        let mut folded = String::with_capacity(quote.len());
        quote.chars().for_each(|character| fold(character, &mut folded));
        let origin =
            |(start, _): (usize, _)| self.origins[start].0 as usize..self.origins[start + folded.len() - 1].1 as usize;
        self.folded.match_indices(&folded).map(origin).collect()
    }
}

fn fold(character: char, into: &mut String) {
    if !character.is_whitespace() {
        into.extend(character.to_lowercase());
    } else if !into.ends_with(' ') {
        into.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::evidence::is_of_whole_words;

    fn found<'a>(report: &'a str, quote: &str) -> Vec<&'a str> {
        Quotable::new(report).find(quote).into_iter().map(|range| &report[range]).collect()
    }

    #[test]
    fn exactly_or_else_without_case_and_blanks() {
        assert_eq!(found("Small Effusion. small effusion", "small effusion"), ["small effusion"]);
        assert_eq!(found("É Small\n  Left effusion.", "é small left EFFUSION."), ["É Small\n  Left effusion."]);
        assert_eq!(found("İ Effusion", "i̇ effusion"), ["İ Effusion"]);
        assert_eq!(found("no effusion", "pneumothorax"), Vec::<&str>::new());
    }

    #[test]
    fn what_has_no_word_quotes_nothing() {
        for quote in ["", "  ", ".", "\n"] {
            assert_eq!(found("no effusion.\n\n x.", quote), Vec::<&str>::new(), "{quote:?}");
        }
    }

    #[test]
    fn words_that_a_quote_cuts() {
        let report = "massive mass";
        let whole: Vec<bool> =
            Quotable::new(report).find("mass").iter().map(|it| is_of_whole_words(report, it)).collect();
        assert_eq!(whole, [false, true]);
    }

    proptest! {
        #[test]
        fn whatever_is_found_lies_in_the_report(report in any::<String>(), quote in any::<String>(), at in 0..40_usize) {
            let tail: String = report.chars().skip(at).take(5).collect();
            for quote in [quote, tail.to_uppercase(), tail.to_lowercase(), tail] {
                for range in Quotable::new(&report).find(&quote) {
                    prop_assert!(!report[range].trim().is_empty());
                }
            }
        }
    }
}
