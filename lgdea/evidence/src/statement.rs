//! A sentence with the terms in it.

use crate::lexicon::{Role, Token};
use crate::ontology::Cue;

/// How many terms away a cue may stand. Sentences are shorter; this bounds the work on text that is none.
pub(crate) const REACH: usize = 40;

/// A sentence: where it begins in the text, the text up to its end, and the terms in it.
///
/// The first `lead` terms may be of an earlier place that is said of this one, too ("No evidence of:" before the item of a
/// list); what is its own then begins at `own`.
#[derive(Clone, Copy)]
pub(crate) struct Statement<'a> {
    pub(crate) start: usize,
    pub(crate) text: &'a str,
    pub(crate) tokens: &'a [Token<'a>],
    pub(crate) lead: usize,
    pub(crate) own: usize,
}

impl<'a> Statement<'a> {
    /// A sentence by itself.
    pub(crate) fn whole(start: usize, text: &'a str, tokens: &'a [Token<'a>]) -> Self {
        Self { start, text, tokens, lead: 0, own: start }
    }

    /// Reads the terms `own` of this sentence as one that begins with the terms `lead`, which stand at `start` or later.
    pub(crate) fn under(
        self,
        lead: &[Token<'a>],
        own: &[Token<'a>],
        start: usize,
        read: &mut impl FnMut(Statement<'_>),
    ) {
        if let (Some(first), Some(last)) = (own.first(), own.last()) {
            let tokens: Vec<Token<'_>> = lead.iter().chain(own).copied().collect();
            // Words behind the last term of the sentence are its own, too.
            let ends = self.tokens.last().is_some_and(|end| end.start == last.start);
            let text = if ends { self.text } else { &self.text[..last.end] };
            read(Statement { start, text, tokens: &tokens, lead: lead.len(), own: first.start });
        }
    }

    /// Whether nothing but blanks stands between the tokens `one` and `two`.
    pub(crate) fn adjacent(&self, one: usize, two: usize) -> bool {
        let from = if two == self.lead { self.own } else { self.tokens[one].end };
        self.text[from..self.tokens[two].start].trim().is_empty()
    }

    /// Whether the token at `at` stands right after one of this kind.
    pub(crate) fn is_after(&self, at: usize, cue: Cue) -> bool {
        at > 0 && self.tokens[at - 1].is(cue) && self.adjacent(at - 1, at)
    }

    /// Whether the token at `at` stands right before one of this kind.
    pub(crate) fn is_before(&self, at: usize, cue: Cue) -> bool {
        self.tokens.get(at + 1).is_some_and(|next| next.is(cue)) && self.adjacent(at, at + 1)
    }

    /// Whether a plus or minus says what the word right after it is: "+effusion", "-PTX". A single minus may be a bullet or a
    /// dash.
    pub(crate) fn is_sign(&self, at: usize) -> bool {
        let near = at.saturating_sub(REACH)..(at + REACH).min(self.tokens.len());
        let signs = |of: u8| near.clone().filter(move |&it| self.is_prefix(it, of));
        match self.text.as_bytes()[self.tokens[at].start] {
            b'+' => self.is_prefix(at, b'+') || at > 0 && self.tokens[at - 1].has(Role::Comma),
            b'-' => self.is_prefix(at, b'-') && signs(b'-').chain(signs(b'+')).count() > 1,
            _ => false,
        }
    }

    /// Whether the token at `at` is this sign, right before a name and after no word.
    fn is_prefix(&self, at: usize, sign: u8) -> bool {
        let token = &self.tokens[at];
        token.end == token.start + 1
            && self.text.as_bytes()[token.start] == sign
            && !self.text[..token.start].ends_with(|c: char| !matches!(c, ' ' | '\n' | ',' | ';' | ':' | '('))
            && self.tokens.get(at + 1).is_some_and(|next| next.start == token.end && (next.names() || next.modifies()))
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
