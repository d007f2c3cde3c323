//! What a cue says of the finding before it.

use crate::lexicon::{Role, Token};
use crate::ontology::Cue;
use crate::statement::Statement;
use crate::verbs::governed;

/// What a cue says of a finding, the stronger the later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// It is there, as in "has not resolved".
    Present,
    Uncertain,
    Absent,
    Hypothetical,
}

/// What a cue at `at` says of the finding that ends at `last` before it; none if it says nothing.
pub(crate) fn said_before(sentence: Statement<'_>, last: usize, at: usize, cue: Cue) -> Option<Status> {
    let tokens = sentence.tokens;
    let denied = || governed(tokens, at, last + 1).is_some();
    match cue {
        Cue::NegationBackward if tokens[at].is(Cue::NegationForward) && opens_item(tokens, at) => None,
        Cue::NegationBackward => Some(if is_reversed(sentence, at) { Status::Present } else { Status::Absent }),
        // "Atelectasis, possible pneumonia" hedges what follows.
        Cue::UncertainBackward
            if tokens[at].is(Cue::UncertainForward) && (names_follow(tokens, at) || is_list(&tokens[last + 1..at])) =>
        {
            None
        }
        Cue::UncertainBackward => Some(Status::Uncertain),
        Cue::RemovalBackward if !tokens[last].has(Role::Device) => None,
        Cue::ResolutionBackward | Cue::RemovalBackward => {
            Some(if denied() || recurs(tokens, at) { Status::Present } else { Status::Absent })
        }
        // "Has not recurred".
        Cue::Recurrence => denied().then_some(Status::Absent),
        Cue::ExclusionBackward => Some(if denied() { Status::Uncertain } else { Status::Absent }),
        // "Is difficult to exclude", unless what is excluded follows.
        Cue::ExclusionForward if !names_follow(tokens, at) => denied().then_some(Status::Uncertain),
        Cue::Observation => match governed(tokens, at, last + 1) {
            Some((governor, Cue::NegationVerb)) => {
                let earlier = tokens[governor + 1..].iter().take(at + 1 - governor).any(|token| token.is(Cue::Earlier));
                Some(if earlier { Status::Present } else { Status::Absent })
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether what is gone at `at` is back: "had resolved and has now returned".
pub(crate) fn recurs(tokens: &[Token<'_>], at: usize) -> bool {
    let own = tokens[at + 1..].iter().take_while(|token| !token.names());
    let back = own.enumerate().find(|(_, token)| token.is(Cue::Recurrence));
    back.is_some_and(|(after, _)| governed(tokens, at + 1 + after, at + 1).is_none())
}

/// Whether "absent" at `at` is itself denied, or is said of an earlier study.
fn is_reversed(sentence: Statement<'_>, at: usize) -> bool {
    sentence.is_after(at, Cue::NegationVerb)
        || sentence.is_after(at, Cue::Earlier)
        || sentence.is_before(at, Cue::Earlier)
}

/// Whether a comma stands before `at` and a finding after it: "edema, unlikely pneumonia".
fn opens_item(tokens: &[Token<'_>], at: usize) -> bool {
    tokens[at - 1].has(Role::Comma) && names_follow(tokens, at)
}

/// Whether a finding is named after `at` in the same clause.
fn names_follow(tokens: &[Token<'_>], at: usize) -> bool {
    let ends = |token: &Token<'_>| token.has(Role::Comma) || token.has(Role::Dash) || token.is(Cue::Terminator);
    tokens[at + 1..].iter().take_while(|token| !ends(token)).any(Token::names)
}

/// Whether a comma and another finding stand here: what follows is said of that one.
fn is_list(between: &[Token<'_>]) -> bool {
    between.iter().any(|token| token.has(Role::Comma)) && between.iter().any(Token::names)
}
