//! Findings said in two parts: the subject that a predicate belongs to.

use crate::lexicon::{Role, Token};
use crate::ontology::Cue;
use crate::statement::REACH;

/// Index of the subject that the predicate `tokens[at]` of a sign is said of ("the heart is mildly enlarged",
/// "enlargement of the heart", "heart and mediastinum are normal").
pub(crate) fn subject(text: &str, tokens: &[Token<'_>], at: usize, sign: usize) -> Option<usize> {
    after(text, tokens, at, sign).or_else(|| before(text, tokens, at, sign))
}

fn is_subject(token: &Token<'_>) -> bool {
    token.roles.iter().any(|role| matches!(role, Role::Subject(_)))
}

fn coordinates(token: &Token<'_>) -> bool {
    is_subject(token) || token.is(Cue::Conjunction) || token.has(Role::Comma)
}

/// Whether nothing but numbers stands between two neighbouring tokens.
fn adjacent(text: &str, one: &Token<'_>, two: &Token<'_>) -> bool {
    text[one.end..two.start].bytes().all(|byte| matches!(byte, b' ' | b'.' | b'0'..=b'9'))
}

/// Right of the predicate, the subject follows at once, or after others that it is coordinated with.
fn after(text: &str, tokens: &[Token<'_>], at: usize, sign: usize) -> Option<usize> {
    let end = (at + REACH).min(tokens.len());
    for next in at + 1..end {
        let token = &tokens[next];
        if !adjacent(text, &tokens[next - 1], token) {
            return None;
        }
        if token.has(Role::Subject(sign)) {
            return Some(next);
        }
        let comma = token.has(Role::Comma) && !tokens[at + 1..next].iter().any(is_subject);
        let goes_on = token.is(Cue::Preposition) || token.is(Cue::Filler) || token.modifies() || coordinates(token);
        if comma || !goes_on {
            return None;
        }
    }
    None
}

/// Left of the predicate, words may stand between, but no other statement.
fn before(text: &str, tokens: &[Token<'_>], at: usize, sign: usize) -> Option<usize> {
    let names_another = tokens.get(at + 1).is_some_and(|next| adjacent(text, &tokens[at], next) && next.is_finding());
    if names_another {
        return None;
    }
    let mut coordinated = false;
    for previous in (at.saturating_sub(REACH)..at).rev() {
        let token = &tokens[previous];
        if coordinated
            && !((coordinates(token) || token.is(Cue::Filler)) && adjacent(text, token, &tokens[previous + 1]))
        {
            return None;
        }
        for role in token.roles {
            match role {
                Role::Subject(it) if *it == sign => return Some(previous),
                Role::Comma if !coordinated => return None,
                Role::Cue(Cue::Terminator) | Role::Finding(_) => return None,
                Role::Abnormal(it) | Role::Normal(it) if *it == sign => return None,
                _ => {}
            }
        }
        coordinated |= is_subject(token);
    }
    None
}
