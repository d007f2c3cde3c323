//! Negation and uncertainty: which cue a finding stands under.

use crate::evidence::{Polarity, Severity};
use crate::lexicon::{Role, Token};
use crate::ontology::Cue;
use crate::said::{Status, recurs, said_before};
use crate::statement::{REACH, Statement};
use crate::template;
use crate::verbs::{governed, is_taken};

/// Polarity of the finding that the tokens `first..=last` of a sentence name, by the cues around it (`NegEx`, `ConText`):
/// forward cues to its left, backward cues to its right, each up to a terminator. None if it is only asked about.
///
/// `head` is where the search to the left begins: for a sign ("the heart is not enlarged") the predicate, for its cue may
/// stand between the two.
pub(crate) fn polarity(sentence: Statement<'_>, first: usize, head: usize, last: usize) -> Option<Polarity> {
    let before = forward(sentence, first, head, last);
    if before == Some(Status::Hypothetical) {
        return None;
    }
    if before == Some(Status::Absent) && is_excepted(sentence, last) {
        return Some(Polarity::Present);
    }
    let after = backward(sentence, last);
    Some(match before.max(after) {
        Some(Status::Absent) => Polarity::Absent,
        Some(Status::Uncertain) => Polarity::Uncertain,
        Some(Status::Hypothetical) => return None,
        Some(Status::Present) | None => Polarity::Present,
    })
}

/// Whether a denial has an exception that is a place: "no consolidation save for the left base".
fn is_excepted(sentence: Statement<'_>, last: usize) -> bool {
    let rest = &sentence.tokens[last + 1..];
    rest.first().is_some_and(|next| next.is(Cue::Exception))
        && rest.iter().any(Token::modifies)
        && !rest.iter().any(Token::names)
}

/// What a walk over the tokens does next.
enum Step {
    /// Goes on; the cue, if it was one, says this.
    On(Option<Status>),
    /// Goes on beyond this token.
    Jump(usize, Option<Status>),
    Stop,
}

/// The strongest forward cue to the left of `head`.
fn forward(sentence: Statement<'_>, first: usize, head: usize, last: usize) -> Option<Status> {
    let tokens = sentence.tokens;
    let mut walk =
        Forward { sentence, first, head, last, spared: false, left_bracket: false, between: Between::Nothing };
    let mut strongest = None;
    let mut at = head;
    let end = head.saturating_sub(REACH);
    while at > end {
        at -= 1;
        for role in tokens[at].roles {
            match walk.step(at, *role) {
                Step::On(status) => strongest = strongest.max(status),
                Step::Jump(to, status) => {
                    strongest = strongest.max(status);
                    at = to;
                    break;
                }
                Step::Stop => return strongest,
            }
        }
    }
    strongest
}

struct Forward<'a> {
    sentence: Statement<'a>,
    first: usize,
    head: usize,
    last: usize,
    /// Whether no denial reaches the finding: "no increase in ..." denies the increase, "despite ..." ends a denial.
    spared: bool,
    /// Whether the finding stands in a bracket that the walk has left.
    left_bracket: bool,
    between: Between,
}

/// What stands between the finding and the one to its left that the walk has not reached yet.
#[derive(PartialEq)]
enum Between {
    Nothing,
    /// What makes the two items of a list.
    Joint,
    /// What says where the other one is, or why: "no effusion adjacent to the nodule".
    Relation,
}

impl Forward<'_> {
    fn step(&mut self, at: usize, role: Role) -> Step {
        let sentence = self.sentence;
        match role {
            Role::Comma if self.comma_stops(at) => Step::Stop,
            Role::Comma => {
                self.join();
                Step::On(None)
            }
            Role::Dash if sentence.is_sign(at) => Step::Jump(0, (!self.spared).then_some(Status::Absent)),
            Role::Joint if sentence.is_sign(at) || self.joins_graded(at) => Step::Stop,
            Role::Dash | Role::Cue(Cue::Separator) if self.break_stops(at) => Step::Stop,
            Role::Close => sentence.opening(at).map_or(Step::Stop, |open| Step::Jump(open, None)),
            Role::Open if sentence.is_apposition(at) => Step::On(None),
            Role::Open => {
                self.left_bracket = true;
                Step::On(None)
            }
            Role::Finding(_) if self.left_bracket && !self.is_instance(at) => Step::Stop,
            Role::Finding(_) | Role::Normal(_) | Role::Abnormal(_) if self.is_run_on(at) => Step::Stop,
            Role::Finding(_) => {
                self.spared |= self.between == Between::Relation;
                Step::On(None)
            }
            Role::NoFinding if self.is_instance(at) => Step::On(Some(Status::Absent)),
            Role::Cue(cue) => self.cue(at, cue),
            _ => Step::On(None),
        }
    }

    fn cue(&mut self, at: usize, cue: Cue) -> Step {
        let tokens = self.sentence.tokens;
        match cue {
            Cue::Terminator => Step::Stop,
            Cue::DenialTerminator => {
                self.spared = true;
                Step::On(None)
            }
            Cue::Relation | Cue::Preposition if self.relates(at, cue) => {
                self.between = Between::Relation;
                Step::On(None)
            }
            Cue::Conjunction => {
                self.join();
                Step::On(None)
            }
            Cue::Change => {
                self.spared |= changes(tokens, at, self.head);
                Step::On(None)
            }
            Cue::NegationForward | Cue::NegationVerb | Cue::ResolutionForward if self.spared => Step::On(None),
            Cue::RemovalForward if !self.spared && tokens[self.first].has(Role::Device) => {
                Step::On(Some(Status::Absent))
            }
            Cue::NegationForward if template::is_value(self.sentence, at) => Step::On(None),
            Cue::NegationForward if template::is_ticked(tokens, at) => Step::Stop,
            // "Not without effusion", "isn't free of".
            Cue::NegationForward if self.sentence.is_after(at, Cue::NegationVerb) => Step::Stop,
            Cue::NegationForward if is_of_earlier(self.sentence, at, self.last) => Step::On(Some(Status::Hypothetical)),
            Cue::NegationValue if self.announces(at) => Step::On(Some(Status::Absent)),
            Cue::NegationForward if tokens[at].is(Cue::NegationBackward) && is_taken(tokens, at) => Step::On(None),
            Cue::NegationForward | Cue::NegationVerb => Step::On(Some(Status::Absent)),
            Cue::ResolutionForward => match governed(tokens, at, 0) {
                Some((governor, _)) => Step::Jump(governor, None),
                None if is_taken(tokens, at) || recurs(tokens, self.last) => Step::On(None),
                None => Step::On(Some(Status::Absent)),
            },
            Cue::ExclusionForward => match governed(tokens, at, 0) {
                Some((governor, _)) => Step::Jump(governor, Some(Status::Uncertain)),
                None => Step::On(Some(Status::Hypothetical)),
            },
            Cue::ExclusionBackward | Cue::ResolutionBackward | Cue::Observation => match governed(tokens, at, 0) {
                Some((governor, Cue::NegationVerb | Cue::Weakening)) if is_taken(tokens, governor) => {
                    Step::Jump(governor, None)
                }
                Some((governor, _)) if cue == Cue::ExclusionBackward => Step::Jump(governor, Some(Status::Uncertain)),
                _ => Step::On(None),
            },
            Cue::UncertainForward => Step::On(Some(Status::Uncertain)),
            Cue::Hypothetical => Step::On(Some(Status::Hypothetical)),
            _ => Step::On(None),
        }
    }

    /// Whether a comma begins a statement of its own. What a sign's subject opens after a comma is one.
    fn comma_stops(&self, at: usize) -> bool {
        let sign = self.first != self.head;
        let instance = self.sentence.tokens[at + 1].is(Cue::Instance);
        at < self.first && !instance && (sign || opens_statement(self.sentence.tokens, at, self.head))
    }

    /// Whether a dash or colon ends the reach of what stands before it; "no evidence of: effusion" goes on.
    fn break_stops(&self, at: usize) -> bool {
        let tokens = self.sentence.tokens;
        let joins_grades = at > 0 && tokens[at - 1].modifies() && tokens[at + 1].modifies();
        let announced = at > 0 && self.sentence.adjacent(at - 1, at) && self.announces(at - 1);
        // An item of a list in one line: "no evidence of: - effusion - nodule".
        let opens = |colon: usize| tokens[colon + 1].has(Role::Dash) && self.announces(colon - 1);
        let item = tokens[at].has(Role::Dash)
            && (at.saturating_sub(REACH).max(1)..at).any(|it| tokens[it].is(Cue::Separator) && opens(it));
        !joins_grades && !announced && !item
    }

    /// Whether a denial or hedge stands before a colon: "no evidence of: effusion", "not seen: effusion", "neg: effusion".
    fn announces(&self, at: usize) -> bool {
        let tokens = self.sentence.tokens;
        let denied = || governed(tokens, at, 0).is_some_and(|(_, cue)| cue == Cue::NegationVerb);
        self.sentence.is_before(at, Cue::Separator)
            && !is_taken(tokens, at)
            && (denies(&tokens[at]) || tokens[at].is(Cue::NegationValue) || tokens[at].is(Cue::Observation) && denied())
    }

    /// Whether "+", "&" or "/" between blanks joins a graded finding, which is a statement of its own: "no PTX + small effusion".
    fn joins_graded(&self, at: usize) -> bool {
        let Statement { text, tokens, .. } = self.sentence;
        let apart = text[..tokens[at].start].ends_with(' ') && text[tokens[at].end..].starts_with(' ');
        let grade = |role: &Role| matches!(role, Role::Severity(Severity::Mild | Severity::Moderate));
        apart && at < self.first && tokens[at + 1..self.first].iter().any(|token| token.roles.iter().any(grade))
    }

    fn join(&mut self) {
        if self.between == Between::Nothing {
            self.between = Between::Joint;
        }
    }

    /// Whether the word at `at` relates the finding to another one before it. A preposition does so only where an article and no
    /// more stands between: "no calcification in the nodule", unlike "no opacity in the base to suggest pneumonia".
    fn relates(&self, at: usize, cue: Cue) -> bool {
        let tokens = self.sentence.tokens;
        let sparse = |it: usize| tokens[it].is(Cue::Filler) || tokens[it].is(Cue::Affirmation) || tokens[it].modifies();
        let direct = || {
            at + 1 < self.first
                && (at + 1..self.first).all(sparse)
                && (at..self.first).all(|it| self.sentence.adjacent(it, it + 1))
        };
        self.between == Between::Nothing && self.first == self.head && (cue == Cue::Relation || direct())
    }

    /// Whether a sign's subject follows a finding without a word between, as in dictation: "no effusion heart is enlarged".
    fn is_run_on(&self, at: usize) -> bool {
        self.first != self.head && at + 1 == self.first && self.sentence.adjacent(at, at + 1)
    }

    /// Whether what follows "no acute abnormality" at `at` is an instance of it: "no acute abnormality, including ...".
    fn is_instance(&self, at: usize) -> bool {
        let tokens = self.sentence.tokens;
        let next = at + 1 + usize::from(tokens[at + 1].has(Role::Comma) || tokens[at + 1].has(Role::Open));
        tokens[at].has(Role::NoFinding) && !self.spared && next < self.first && tokens[next].is(Cue::Instance)
    }
}

/// Whether the denial at `at` is one of an earlier study, which says nothing now: "previously no edema", "no edema previously".
fn is_of_earlier(sentence: Statement<'_>, at: usize, last: usize) -> bool {
    let ends = |it: usize| sentence.tokens.get(it).is_none_or(|token| token.roles.iter().any(Role::parts));
    sentence.is_after(at, Cue::Earlier) || sentence.is_before(last, Cue::Earlier) && ends(last + 2)
}

fn denies(token: &Token<'_>) -> bool {
    token.is(Cue::NegationForward) || token.is(Cue::UncertainForward)
}

/// Whether what the word of change at `change` is said of is the finding at `head`: "no change in the effusion", unlike
/// "no change or effusion" and "no change in the lungs, effusion or mass".
fn changes(tokens: &[Token<'_>], change: usize, head: usize) -> bool {
    let between = &tokens[change + 1..head];
    if between.first().is_some_and(|next| next.is(Cue::Conjunction)) {
        return false;
    }
    // "No new or enlarging effusion" denies the effusion.
    let joined = change > 0 && tokens[change - 1].is(Cue::Conjunction);
    if joined && !between.iter().any(|token| token.is(Cue::Preposition)) {
        return false;
    }
    match between.iter().position(|token| token.has(Role::Comma) || token.is(Cue::Separator)) {
        Some(comma) => comma == 0 || between[..comma].iter().any(Token::is_finding),
        None => true,
    }
}

/// Whether what stands between a comma and a finding begins a statement of its own ("no pneumothorax, small effusion"),
/// as against the next item of a list ("no pneumothorax, large effusion or nodule").
fn opens_statement(tokens: &[Token<'_>], comma: usize, head: usize) -> bool {
    let opening = &tokens[comma + 1..head];
    if opening.iter().any(|token| token.is(Cue::Affirmation)) {
        return true;
    }
    if tokens.get(head + 1).is_some_and(|next| next.is(Cue::Separator)) {
        return true;
    }
    if is_affirmed(tokens, head) && !opening.iter().any(|token| token.is(Cue::Conjunction)) {
        return true;
    }
    let graded = opening.iter().any(|token| token.roles.iter().any(|role| matches!(role, Role::Severity(_))));
    let end = (head + 1 + REACH).min(tokens.len());
    let goes_on = |token: &Token<'_>| token.is(Cue::Conjunction) || token.has(Role::Comma);
    graded && !opening.iter().chain(&tokens[head + 1..end]).any(goes_on)
}

/// Whether the finding at `head` is what the next word affirms: "no pneumothorax, left effusion persists".
fn is_affirmed(tokens: &[Token<'_>], head: usize) -> bool {
    let end = (head + 1 + REACH).min(tokens.len());
    for at in head + 1..end {
        let token = &tokens[at];
        if token.names() || token.has(Role::Comma) || token.is(Cue::Terminator) || token.is(Cue::Conjunction) {
            return false;
        }
        if token.is(Cue::Affirmation) {
            return governed(tokens, at, head + 1).is_none();
        }
    }
    false
}

/// The first backward cue to the right of `last`.
fn backward(sentence: Statement<'_>, last: usize) -> Option<Status> {
    let tokens = sentence.tokens;
    let value = template::value(sentence, last);
    if value.is_some() {
        return value;
    }
    let end = (last + 1 + REACH).min(tokens.len());
    let mut affirmed = false;
    let mut at = last + 1;
    while at < end {
        let token = &tokens[at];
        // "The effusion persists and the pneumothorax has resolved": what follows is about another finding.
        if affirmed && token.names() {
            return None;
        }
        affirmed |= token.is(Cue::Affirmation) || token.is(Cue::Observation);
        for role in token.roles {
            match backward_step(sentence, last, at, *role) {
                Step::On(None) => {}
                Step::On(status) => return status,
                Step::Jump(to, _) => at = to,
                Step::Stop => return None,
            }
        }
        at += 1;
    }
    None
}

fn backward_step(sentence: Statement<'_>, last: usize, at: usize, role: Role) -> Step {
    match role {
        Role::Open => sentence.closing(at).map_or(Step::Stop, |close| Step::Jump(close, None)),
        Role::Close if sentence.opening(at).is_some_and(|open| sentence.is_apposition(open)) => Step::On(None),
        Role::Dash | Role::Close | Role::Cue(Cue::Separator | Cue::Terminator) => Step::Stop,
        Role::Cue(cue) => Step::On(said_before(sentence, last, at, cue)),
        _ => Step::On(None),
    }
}
