//! Forms: a finding and a value, as in "Pneumothorax: none".

use crate::lexicon::{Role, Token};
use crate::ontology::Cue;
use crate::said::{Status, said_before};
use crate::statement::{REACH, Statement};

/// How many findings with values in a row are looked at.
const CHAIN: usize = 8;

/// What the value behind the finding that ends at `last` says of it; none if there is no value.
pub(crate) fn value(sentence: Statement<'_>, last: usize) -> Option<Status> {
    let tokens = sentence.tokens;
    let ticked = ticked(sentence, last);
    if ticked.is_some() {
        return ticked;
    }
    let (separator, place) = place_of_value(sentence, last)?;
    // "Effusion: left - none".
    let at = (place..tokens.len()).find(|&at| !tokens[at].modifies() && !tokens[at].has(Role::Dash))?;
    let token = &tokens[at];
    if token.is(Cue::NegationValue) && stands_alone(sentence, at, 0) {
        return Some(Status::Absent);
    }
    let separator = separator?;
    for role in token.roles {
        match *role {
            Role::Cue(Cue::UncertainForward) if !tokens[at + 1..].iter().any(Token::names) => {
                return Some(Status::Uncertain);
            }
            Role::Cue(Cue::NegationVerb | Cue::Weakening) => {
                let verb = (at + 1..tokens.len().min(at + REACH)).find(|&verb| is_verb(&tokens[verb]));
                let said = verb.and_then(|verb| verb_of(sentence, last, verb));
                if said.is_some() {
                    return said;
                }
            }
            Role::Cue(cue) => {
                if let Some(said) = said_before(sentence, last, at, cue) {
                    return Some(said);
                }
            }
            _ => {}
        }
    }
    let denied = |at: usize| {
        tokens
            .get(at)
            .is_some_and(|token| token.is_normal() || token.is(Cue::NegationForward) && !changes_follow(tokens, at))
    };
    let opening = usize::from(token.is(Cue::Terminator));
    (is_label(sentence, last) && tokens[separator].is(Cue::Separator) && denied(at + opening)).then_some(Status::Absent)
}

/// What the boxes behind the finding that ends at `last` say: "[x] yes [ ] no", "yes [x] no [ ]", or a single one.
fn ticked(sentence: Statement<'_>, last: usize) -> Option<Status> {
    let tokens = sentence.tokens;
    if !tokens[last + 1..].iter().take(REACH).any(is_box) || !boxes_follow(tokens) {
        return None;
    }
    let start = last + 1 + usize::from(tokens.get(last + 1).is_some_and(|next| next.is(Cue::Separator)));
    let ends = |&at: &usize| tokens[at].names() || at > start && !sentence.adjacent(at - 1, at);
    let end = (start..tokens.len()).find(ends).unwrap_or(tokens.len());
    let row = &tokens[start.min(end)..end];
    let says = |answer: Option<&Token<'_>>| match answer {
        Some(answer) if answer.is(Cue::NegationValue) => Status::Absent,
        _ => Status::Present,
    };
    let [first, rest @ ..] = row else { return None };
    if rest.is_empty() && is_box(first) {
        return Some(if first.is(Cue::BoxChecked) { Status::Present } else { Status::Absent });
    }
    if rest.is_empty() || !row.iter().any(is_box) {
        return None;
    }
    // A box stands before its answer, or all of them behind.
    let shift = usize::from(is_box(first));
    let answered = row.iter().enumerate().filter(|(_, token)| token.is(Cue::BoxChecked));
    let answer =
        |(at, _): (usize, &Token<'_>)| says(if shift == 1 { row.get(at + 1) } else { row.get(at.wrapping_sub(1)) });
    Some(answered.map(answer).next().unwrap_or(Status::Hypothetical))
}

/// Whether the box or answer at `at` belongs to what stands before it.
pub(crate) fn is_ticked(tokens: &[Token<'_>], at: usize) -> bool {
    (is_box(&tokens[at]) || at > 0 && is_box(&tokens[at - 1])) && boxes_follow(tokens)
}

fn is_box(token: &Token<'_>) -> bool {
    token.is(Cue::BoxChecked) || token.is(Cue::BoxEmpty)
}

/// Whether the boxes of a form stand behind what they are about.
fn boxes_follow(tokens: &[Token<'_>]) -> bool {
    let first = tokens.iter().find(|token| token.names() || is_box(token));
    first.is_some_and(Token::names)
}

/// Whether the finding at `at` is the label of a form: it opens the sentence, and a colon follows.
pub(crate) fn is_label(sentence: Statement<'_>, at: usize) -> bool {
    let tokens = sentence.tokens;
    let opens = at == 0 && !sentence.text[sentence.start..tokens[0].start].contains(|c: char| c.is_ascii_alphabetic());
    opens && sentence.is_before(at, Cue::Separator)
}

/// Whether the denial at `at` is the value of the finding before it and not the opening of a statement.
pub(crate) fn is_value(sentence: Statement<'_>, at: usize) -> bool {
    let tokens = sentence.tokens;
    if !tokens[at].is(Cue::NegationValue) || !stands_alone(sentence, at, 0) {
        return false;
    }
    let start = at.saturating_sub(REACH);
    let named = (start..at).rev().find(|&before| tokens[before].names());
    named.is_some_and(|named| place_of_value(sentence, named).is_some_and(|(_, place)| place == at))
}

/// The separator, if there is one, and the place of the value behind the finding that ends at `last`. Before it stand
/// sides and grades, and findings that share the value.
fn place_of_value(sentence: Statement<'_>, last: usize) -> Option<(Option<usize>, usize)> {
    let tokens = sentence.tokens;
    let end = (last + 1 + REACH).min(tokens.len());
    let mut described_after_comma = false;
    for at in last + 1..end {
        if !sentence.adjacent(at - 1, at) {
            return None;
        }
        let token = &tokens[at];
        let separates = |role: &Role| matches!(role, Role::Dash | Role::Open | Role::Cue(Cue::Separator));
        if token.is(Cue::NegationValue) && !is_prefixed(sentence) {
            return (!tokens[at - 1].is(Cue::Conjunction)).then_some((None, at));
        }
        if token.roles.iter().any(separates) {
            let inside = sentence.closing(at).filter(|_| token.has(Role::Open));
            let described = inside.filter(|&close| tokens[at + 1..close].iter().all(Token::modifies));
            if described.is_some() {
                continue;
            }
            return (at + 1 < tokens.len() && sentence.adjacent(at, at + 1)).then_some((Some(at), at + 1));
        }
        let described = token.modifies() || token.has(Role::Close);
        let shared = !described_after_comma && (token.names() || token.is(Cue::Conjunction));
        // "Effusion, left: none".
        let opens_description = token.has(Role::Comma) && tokens.get(at + 1).is_some_and(Token::modifies);
        described_after_comma |= opens_description;
        if !(described || shared || opens_description) {
            return None;
        }
    }
    None
}

/// Whether signs stand before what they are said of: "(-) effusion (+) mass".
fn is_prefixed(sentence: Statement<'_>) -> bool {
    let first = &sentence.tokens[0];
    let sign = !sentence.text[first.start..first.end].contains(|c: char| c.is_ascii_alphanumeric());
    sign && (first.is(Cue::NegationValue) || first.is(Cue::Terminator))
}

/// Whether the token at `at` is a whole value: nothing that it could deny or hedge follows it, but perhaps a verb ("none
/// seen") or the next label.
fn stands_alone(sentence: Statement<'_>, at: usize, depth: usize) -> bool {
    let tokens = sentence.tokens;
    if !tokens[at].is(Cue::NegationForward) {
        return true;
    }
    if !sentence.ends_at(at) {
        return false;
    }
    match tokens.get(at + 1) {
        None => true,
        Some(next) if next.roles.iter().any(Role::parts) || next.is(Cue::Conjunction) => true,
        Some(next) if next.is(Cue::Observation) => {
            sentence.ends_at(at + 1) && tokens.get(at + 2).is_none_or(|it| !it.names())
        }
        Some(_) => depth < CHAIN && next_label(sentence, at + 1, depth + 1),
    }
}

/// Whether the tokens from `at` on are a finding with a value of its own.
fn next_label(sentence: Statement<'_>, at: usize, depth: usize) -> bool {
    let tokens = sentence.tokens;
    let end = (at + REACH).min(tokens.len());
    let Some(named) = (at..end).find(|&it| !tokens[it].modifies()) else {
        return false;
    };
    // "Effusion nil pneumothorax nil" as against "effusion, no edema no pneumothorax".
    tokens[named].names()
        && place_of_value(sentence, named)
            .is_some_and(|(separator, value)| separator.is_some() || stands_alone(sentence, value, depth))
}

fn is_verb(token: &Token<'_>) -> bool {
    token.is_one_of(&[Cue::Observation, Cue::ResolutionBackward, Cue::ExclusionBackward, Cue::ExclusionForward])
}

fn verb_of(sentence: Statement<'_>, last: usize, verb: usize) -> Option<Status> {
    let mut roles = sentence.tokens[verb].roles.iter();
    roles.find_map(|role| if let Role::Cue(cue) = role { said_before(sentence, last, verb, *cue) } else { None })
}

/// Whether a denial is one of change: "no interval increase".
fn changes_follow(tokens: &[Token<'_>], at: usize) -> bool {
    tokens[at + 1..]
        .iter()
        .take_while(|token| !token.names() && !token.has(Role::Comma))
        .any(|token| token.is(Cue::Change))
}
