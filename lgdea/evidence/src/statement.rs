//! A sentence with the terms in it.

use crate::lexicon::{Role, Token};
use crate::ontology::Cue;

/// How many terms away a cue may stand. Sentences are shorter; this bounds the work on text that is none.
pub(crate) const REACH: usize = 40;

/// A sentence: where it begins in the text, the text up to its end, and the terms in it.
#[derive(Clone, Copy)]
pub(crate) struct Statement<'a> {
    pub(crate) start: usize,
    pub(crate) text: &'a str,
    pub(crate) tokens: &'a [Token<'a>],
}

impl Statement<'_> {
    /// Whether nothing but blanks stands between the tokens `one` and `two`.
    pub(crate) fn adjacent(&self, one: usize, two: usize) -> bool {
        self.text[self.tokens[one].end..self.tokens[two].start].trim().is_empty()
    }

    /// Whether no word stands between the token `at` and the next one, or the end.
    pub(crate) fn ends_at(&self, at: usize) -> bool {
        let next = self.tokens.get(at + 1).map_or(self.text.len(), |next| next.start);
        !self.text[self.tokens[at].end..next].contains(|c: char| c.is_ascii_alphanumeric() || c == '\u{1a}')
    }

    /// The bracket that the one at `close` closes.
    pub(crate) fn opening(&self, close: usize) -> Option<usize> {
        let floor = close.saturating_sub(REACH);
        (floor..close).rev().find(|&at| self.tokens[at].has(Role::Open))
    }

    /// The bracket that closes the one at `open`.
    pub(crate) fn closing(&self, open: usize) -> Option<usize> {
        let end = (open + REACH).min(self.tokens.len());
        (open + 1..end).find(|&at| self.tokens[at].has(Role::Close))
    }

    /// Whether the bracket at `open` holds nothing but names, as another word for what stands before it: "(PTX)".
    pub(crate) fn is_apposition(&self, open: usize) -> bool {
        let Some(close) = self.closing(open) else {
            return false;
        };
        let bare = |token: &Token<'_>| token.names() || token.has(Role::Comma) || token.is(Cue::Conjunction);
        self.tokens[open + 1..close].iter().all(bare) && (open..close).all(|at| self.adjacent(at, at + 1))
    }
}
