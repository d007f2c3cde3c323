//! Negation and uncertainty: which cue a finding stands under.

use crate::evidence::Polarity;
use crate::lexicon::{Role, Token};
use crate::ontology::Cue;

/// How many terms away a cue may stand. Sentences are shorter; this bounds the work on text that is none.
pub(crate) const REACH: usize = 40;

/// Polarity of the finding that `tokens[first..=last]` name, by the cues around it in its sentence (`NegEx`, `ConText`):
/// forward cues to its left, backward cues to its right, each up to a terminator. None if it is only asked about.
///
/// `head` is where the search to the left begins: for a sign ("the heart is not enlarged") the predicate, for its cue may
/// stand between the two.
pub(crate) fn polarity(tokens: &[Token<'_>], first: usize, head: usize, last: usize) -> Option<Polarity> {
    let before = forward(tokens, first, head);
    if before == Some(Status::Hypothetical) {
        return None;
    }
    let end = (last + 1 + REACH).min(tokens.len());
    let after = backward(&tokens[last + 1..end]);
    Some(match before.max(after) {
        Some(Status::Absent) => Polarity::Absent,
        Some(Status::Uncertain) => Polarity::Uncertain,
        Some(Status::Hypothetical) | None => Polarity::Present,
    })
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    Uncertain,
    Absent,
    Hypothetical,
}

/// The strongest forward cue to the left of `head`. What a sign's subject opens after a comma is a statement of its own.
fn forward(tokens: &[Token<'_>], first: usize, head: usize) -> Option<Status> {
    let sign = first != head;
    let mut strongest = None;
    for at in (head.saturating_sub(REACH)..head).rev() {
        for role in tokens[at].roles {
            let status = match role {
                Role::Cue(Cue::Terminator) => return strongest,
                Role::Comma if at < first && (sign || opens_statement(tokens, at, head)) => {
                    return strongest;
                }
                Role::Cue(Cue::NegationForward) => Status::Absent,
                Role::Cue(Cue::UncertainForward) => Status::Uncertain,
                Role::Cue(Cue::Hypothetical) => Status::Hypothetical,
                _ => continue,
            };
            strongest = strongest.max(Some(status));
        }
    }
    strongest
}

/// Whether what stands between a comma and a finding begins a statement of its own ("no pneumothorax, small effusion"),
/// as against the next item of a list ("no pneumothorax, large effusion or nodule").
fn opens_statement(tokens: &[Token<'_>], comma: usize, head: usize) -> bool {
    let opening = &tokens[comma + 1..head];
    if opening.iter().any(|token| token.is(Cue::Affirmation)) {
        return true;
    }
    let graded = opening.iter().any(|token| token.roles.iter().any(|role| matches!(role, Role::Severity(_))));
    let end = (head + 1 + REACH).min(tokens.len());
    let goes_on = |token: &Token<'_>| token.is(Cue::Conjunction) || token.roles.contains(&Role::Comma);
    graded && !opening.iter().chain(&tokens[head + 1..end]).any(goes_on)
}

/// The first backward cue among the terms to the right.
fn backward(right: &[Token<'_>]) -> Option<Status> {
    for token in right {
        for role in token.roles {
            match role {
                Role::Cue(Cue::Terminator) => return None,
                Role::Cue(Cue::NegationBackward) => return Some(Status::Absent),
                Role::Cue(Cue::UncertainBackward) => return Some(Status::Uncertain),
                _ => {}
            }
        }
    }
    None
}
