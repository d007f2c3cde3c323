//! Denials of verbs: "has not resolved" and "cannot be excluded" say the opposite of "resolved" and "excluded".

use crate::lexicon::{Role, Token};
use crate::ontology::Cue;

/// How many bytes may stand between a denial and its verb: some adverbs.
const GAP: usize = 40;

/// The denial or weakening that the verb (or noun of action) `tokens[at]` stands under, with its kind, looked for down to
/// `floor`.
pub(crate) fn governed(tokens: &[Token<'_>], at: usize, floor: usize) -> Option<(usize, Cue)> {
    for before in (floor..at).rev() {
        let token = &tokens[before];
        if tokens[at].start - token.end > GAP {
            return None;
        }
        for role in token.roles {
            if let Role::Cue(cue @ (Cue::NegationVerb | Cue::NegationForward | Cue::Weakening)) = role {
                return Some((before, *cue));
            }
            if role.parts() || matches!(role, Role::Finding(_) | Role::Subject(_)) {
                return None;
            }
        }
    }
    None
}

/// Whether `tokens[at]`, which may speak of what precedes or of what follows, has a finding before it to speak of:
/// "effusion resolved" as against "resolved effusion".
pub(crate) fn is_taken(tokens: &[Token<'_>], at: usize) -> bool {
    for (before, token) in tokens[..at].iter().enumerate().rev() {
        if token.names() {
            return true;
        }
        if token.roles.iter().any(Role::parts) || before + 1 == at && token.is(Cue::Conjunction) {
            return false;
        }
    }
    false
}
