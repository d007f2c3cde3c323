//! Statements that share words: the items of an announced list, and the two sides of a finding.

use crate::evidence::Laterality;
use crate::lexicon::{Role, Token};
use crate::ontology::Cue;
use crate::statement::{REACH, Statement};

/// How many bytes of other words may stand between the last term of an announcement and its colon: "the following findings".
const GAP: usize = 24;

/// The terms that a sentence says of the items of the list below it: "No evidence of:", "Not seen:".
pub(crate) fn announcement(sentence: Statement<'_>) -> Option<&[Token<'_>]> {
    const SAYING: [Cue; 5] =
        [Cue::NegationForward, Cue::NegationVerb, Cue::NegationValue, Cue::UncertainForward, Cue::Hypothetical];
    let text = sentence.text.trim_end().strip_suffix(':')?;
    let tokens = sentence.tokens;
    let lead = &tokens[..tokens.len() - usize::from(tokens.last().is_some_and(|token| token.is(Cue::Separator)))];
    let last = lead.last()?;
    let says = |token: &Token<'_>| token.is_one_of(&SAYING) || token.has(Role::NoFinding) && last.is(Cue::Instance);
    let named = lead.iter().any(|token| token.names() && !token.has(Role::NoFinding));
    let near = text.len().saturating_sub(last.end) <= GAP && !last.roles.iter().any(Role::parts);
    (near && !named && lead.iter().any(says)).then_some(&lead[lead.len().saturating_sub(REACH)..])
}

/// A list that has been announced.
pub(crate) struct List<'a> {
    /// What is said of each item.
    pub(crate) lead: &'a [Token<'a>],
    /// Where the announcement begins in the text.
    pub(crate) start: usize,
    /// Whether items have bullets or numbers: as the first one has.
    marked: Option<bool>,
}

impl<'a> List<'a> {
    pub(crate) fn new(lead: &'a [Token<'a>], start: usize) -> Self {
        Self { lead, start, marked: None }
    }

    /// Whether a sentence is the next item. `gap` is the report's text between the term before it and its first term.
    pub(crate) fn takes(&mut self, sentence: Statement<'_>, gap: &str) -> bool {
        let marked = is_marked(gap);
        let first = self.marked.is_none();
        let blank_line = !first && gap.bytes().filter(|&byte| byte == b'\n').count() > 1;
        let item = marked || gap.contains('\n') && !blank_line && is_bare(sentence);
        item && *self.marked.get_or_insert(marked) == marked
    }
}

/// Whether a bullet or number stands before an item: "- ", "• ", "1. ", "b) ".
fn is_marked(gap: &str) -> bool {
    let line = match gap.rsplit_once('\n') {
        Some((_, line)) => line,
        None => gap.trim_start_matches(['.', ',', ';', ':', ' ']),
    };
    let word = line.split_whitespace().next().unwrap_or_default();
    let name = word.trim_start_matches('(').trim_end_matches(['.', ')']);
    let numbered = name.len() < word.len() && name.len() <= 2 && name.chars().all(char::is_alphanumeric);
    numbered || word == "o" || word.starts_with(|c: char| !c.is_alphanumeric() && c != '(')
}

/// Whether a sentence is nothing but names.
fn is_bare(sentence: Statement<'_>) -> bool {
    let tokens = sentence.tokens;
    let words = sentence.text[sentence.own..tokens[0].start].bytes().any(|byte| byte.is_ascii_alphabetic());
    let stated = |token: &Token<'_>| token.is_one_of(&[Cue::Affirmation, Cue::Observation, Cue::Terminator]);
    !words && (0..tokens.len()).all(|at| sentence.ends_at(at)) && !tokens.iter().any(stated)
}

/// What is said of both sides, and what of one.
type Sided<'a> = (&'a [Token<'a>], &'a [Token<'a>]);

/// The statements on each side of one finding, each with the finding's name before it: "Effusion: L small, R none" and "small
/// right effusion, none on the left". None if the sentence is not so.
pub(crate) fn sides(sentence: Statement<'_>) -> Option<Vec<Sided<'_>>> {
    let tokens = sentence.tokens;
    let named = tokens.iter().rposition(Token::names)?;
    let rest = &tokens[named + 1..];
    if !rest.iter().any(|token| side(token).is_some()) {
        return None;
    }
    let parts = |token: &Token<'_>| token.has(Role::Comma) || token.is(Cue::Terminator) || token.is(Cue::Conjunction);
    if sentence.is_before(named, Cue::Separator) {
        let values: Vec<_> = rest[1..].split(parts).filter(|value| !value.is_empty()).collect();
        if values.len() > 1 && values.iter().all(|value| is_sided(value) && value.len() > 1) {
            let first = tokens[..named].iter().rposition(parts).map_or(0, |at| at + 1);
            let before = (first > 0).then_some((&tokens[..0], &tokens[..first]));
            let name = &tokens[first.max(named.saturating_sub(REACH))..named + 2];
            let valued = values.into_iter().map(|value| (name, value));
            return Some(before.into_iter().chain(valued).collect());
        }
    }
    let comma = named + 1 + rest.iter().rposition(|token| token.has(Role::Comma))?;
    let other = &tokens[comma + 1..];
    let denied = other.iter().any(|token| token.is(Cue::NegationValue));
    let normal = other.iter().any(Token::is_normal);
    let apart = tokens[..comma].iter().any(|token| side(token).is_some());
    if !(apart && is_sided(other) && (denied || normal)) {
        return None;
    }
    let lead = if denied { &tokens[named..=named] } else { &tokens[..0] };
    Some(vec![(&tokens[..0], &tokens[..comma]), (lead, other)])
}

fn side(token: &Token<'_>) -> Option<Laterality> {
    token.roles.iter().find_map(|role| match role {
        Role::Laterality(side @ (Laterality::Left | Laterality::Right)) => Some(*side),
        _ => None,
    })
}

/// Whether one side is named and no more.
fn is_sided(tokens: &[Token<'_>]) -> bool {
    tokens.iter().filter_map(side).count() == 1
}
