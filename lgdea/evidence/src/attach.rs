//! Which side, place and severity belong to which finding of a sentence.

use crate::evidence::{Laterality, Severity};
use crate::lexicon::{Role, Token};
use crate::mention::Mention;
use crate::ontology::{Cue, Ontology};
use crate::statement::REACH;
use crate::verbs::governed;

/// Gives each laterality, location and severity of a sentence to the finding that it belongs to.
///
/// An adjective belongs to the finding that follows it, what stands after a preposition to the finding before; a finding
/// joined to another one ("left basilar atelectasis or infiltrate") without a place of its own shares the other's.
pub(crate) fn attach(ontology: &Ontology, tokens: &[Token<'_>], mentions: &mut [Mention]) {
    for (at, token) in tokens.iter().enumerate() {
        if token.modifies() && !is_of_a_change(tokens, at) {
            for &role in token.roles {
                if let Some(owner) = owner(ontology, tokens, mentions, at, role) {
                    give(ontology, &mut mentions[owner], role);
                }
            }
        }
    }
    for right in 1..mentions.len() {
        share(ontology, tokens, mentions, right);
    }
}

/// Whether the word grades a change that is denied: "no significant change".
fn is_of_a_change(tokens: &[Token<'_>], at: usize) -> bool {
    tokens.get(at + 1).is_some_and(|next| next.is(Cue::Change)) && governed(tokens, at, 0).is_some()
}

fn give(ontology: &Ontology, mention: &mut Mention, role: Role) {
    match role {
        Role::Laterality(side) => mention.laterality = mention.laterality.join(side),
        Role::Location(index) => {
            let name = &ontology.locations[index].name;
            if mention.location.iter().all(|&known| &ontology.locations[known].name != name) {
                mention.location.push(index);
            }
        }
        Role::Severity(severity) if mention.severity == Severity::None => {
            mention.severity = severity;
        }
        _ => {}
    }
}

/// Index of the mention that the modifier `tokens[at]` belongs to.
fn owner(ontology: &Ontology, tokens: &[Token<'_>], mentions: &[Mention], at: usize, role: Role) -> Option<usize> {
    let next = mentions.partition_point(|mention| mention.first <= at);
    let reachable = (0..next).rev().take_while(|&it| mentions[it].first + REACH >= at);
    if let Some(inside) = reachable.clone().find(|&it| mentions[it].last >= at) {
        return fits(ontology, &mentions[inside], role).then_some(inside);
    }
    let before = reachable
        .clone()
        .next()
        .filter(|&it| near(tokens, mentions[it].last, at) && fits(ontology, &mentions[it], role));
    let after = (next < mentions.len()).then_some(next);
    let after = after.filter(|&it| near(tokens, at, mentions[it].first) && fits(ontology, &mentions[it], role));
    match (before, after) {
        // "Left effusion, right PICC": no side of the effusion.
        (Some(before), None) if belongs_to_next(tokens, mentions, before, at) => None,
        (Some(before), Some(after)) => {
            let adjective = is_adjective(tokens, at, mentions[after].first);
            let between = &tokens[mentions[before].last + 1..at];
            let place = follows_preposition(between) || !adjective && continues_place(between);
            Some(if place || !adjective && closer(tokens, &mentions[before], at, &mentions[after]) {
                before
            } else {
                after
            })
        }
        (before, after) => before.or(after),
    }
}

/// Whether a modifier that does not fit the next finding is said of it all the same, and not of the one before a comma.
fn belongs_to_next(tokens: &[Token<'_>], mentions: &[Mention], before: usize, at: usize) -> bool {
    let comma = tokens[mentions[before].last + 1..at].iter().any(|token| token.has(Role::Comma));
    comma && mentions.get(before + 1).is_some_and(|next| next.first > at && is_adjective(tokens, at, next.first))
}

/// Whether nothing but other such words stands between a modifier and the finding after it.
fn is_adjective(tokens: &[Token<'_>], at: usize, finding: usize) -> bool {
    tokens[at + 1..finding].iter().all(|token| token.modifies() || token.is_silent())
}

fn closer(tokens: &[Token<'_>], before: &Mention, at: usize, after: &Mention) -> bool {
    tokens[at].start - tokens[before.last].end <= tokens[after.first].start - tokens[at].end
}

/// Whether a role can be said of the finding at all: no side of the heart, no lobe of a rib.
fn fits(ontology: &Ontology, mention: &Mention, role: Role) -> bool {
    let finding = &ontology.findings[mention.finding];
    match role {
        Role::Laterality(_) => !finding.midline,
        Role::Location(index) => ontology.locations[index].sites.contains(&finding.site),
        _ => true,
    }
}

/// Whether no terminator stands between two tokens, and not too many others.
fn near(tokens: &[Token<'_>], from: usize, to: usize) -> bool {
    let ends = |token: &Token<'_>| token.is(Cue::Terminator) && !token.is(Cue::Exception);
    to - from <= REACH && !tokens[from + 1..to].iter().any(ends)
}

/// Whether the nearest word that structures the phrase, going left, is a preposition.
fn follows_preposition(between: &[Token<'_>]) -> bool {
    let structure = between
        .iter()
        .rev()
        .find(|token| token.is(Cue::Preposition) || token.is(Cue::Conjunction) || token.has(Role::Comma));
    structure.is_some_and(|token| token.is(Cue::Preposition))
}

/// Whether a preposition is followed by nothing but places: "in the right upper lobe and".
fn continues_place(between: &[Token<'_>]) -> bool {
    let place = between
        .iter()
        .rev()
        .find(|token| !token.modifies() && !token.is_silent() && !token.is(Cue::Conjunction) && !token.is(Cue::Filler));
    place.is_some_and(|token| token.is(Cue::Preposition))
}

fn share(ontology: &Ontology, tokens: &[Token<'_>], mentions: &mut [Mention], right: usize) {
    let left = right - 1;
    let (from, to) = (mentions[left].last, mentions[right].first);
    let joined = from < to
        && tokens[from + 1..to].iter().filter(|token| !token.is_silent()).all(|token| {
            token.roles.iter().any(|role| {
                matches!(
                    role,
                    Role::Comma
                        | Role::Cue(
                            Cue::Conjunction | Cue::UncertainForward | Cue::ExclusionForward | Cue::NegationVerb
                        )
                        | Role::Severity(_)
                )
            })
        });
    if joined {
        copy_place(ontology, mentions, left, right);
        copy_place(ontology, mentions, right, left);
    }
}

fn copy_place(ontology: &Ontology, mentions: &mut [Mention], from: usize, to: usize) {
    if mentions[to].laterality != Laterality::None || !mentions[to].location.is_empty() {
        return;
    }
    let (side, location) = (mentions[from].laterality, mentions[from].location.clone());
    if fits(ontology, &mentions[to], Role::Laterality(side)) {
        mentions[to].laterality = side;
    }
    let fitting = location.into_iter().filter(|&index| fits(ontology, &mentions[to], Role::Location(index)));
    mentions[to].location = fitting.collect();
}
