//! All terms of an ontology as one automaton.

use std::collections::BTreeMap;

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, PatternID};
use lgdea_data::NO_FINDING;

use crate::evidence::{Laterality, Severity};
use crate::normalise::normalise_term;
use crate::ontology::{Cue, Grade, Ontology};

/// The site of findings that are devices.
const DEVICE: &str = "device";

/// What a term can mean; indices are those of the ontology's findings and locations and of [`Lexicon::sign_findings`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Finding(usize),
    /// Beside `Finding`: names a device, or says that there is no finding.
    Device,
    NoFinding,
    Subject(usize),
    Abnormal(usize),
    Normal(usize),
    Location(usize),
    Laterality(Laterality),
    Severity(Severity),
    Cue(Cue),
    Comma,
    Dash,
    /// `+`, `&` or `/`.
    Joint,
    Open,
    Close,
}

impl Role {
    /// Whether it parts what stands on its two sides.
    pub(crate) fn parts(&self) -> bool {
        matches!(
            self,
            Self::Comma | Self::Dash | Self::Open | Self::Close | Self::Cue(Cue::Terminator | Cue::Separator)
        )
    }
}

/// Kinds of roles, a bit each, whichever finding, sign or place they are of: what is asked of a token most often is answered
/// without a look at its roles.
#[derive(Debug, Clone, Copy)]
struct Kinds(u64);

impl Kinds {
    const NAMES: Kinds = Kinds::of(&[Role::Finding(0), Role::Subject(0)]);
    const MODIFIES: Kinds =
        Kinds::of(&[Role::Location(0), Role::Laterality(Laterality::None), Role::Severity(Severity::None)]);
    const SILENT: Kinds = Kinds::of(&[
        Role::Cue(Cue::Change),
        Role::Cue(Cue::Earlier),
        Role::Cue(Cue::Observation),
        Role::Cue(Cue::ResolutionBackward),
        Role::Cue(Cue::DenialTerminator),
        Role::Cue(Cue::Weakening),
        Role::Cue(Cue::Relation),
        Role::Cue(Cue::Instance),
        Role::Cue(Cue::Recurrence),
    ]);

    const fn of(roles: &[Role]) -> Kinds {
        let (mut kinds, mut at) = (0, 0);
        while at < roles.len() {
            kinds |= 1 << Kinds::bit(roles[at]);
            at += 1;
        }
        Kinds(kinds)
    }

    const fn bit(role: Role) -> u32 {
        match role {
            Role::Finding(_) => 0,
            Role::Device => 1,
            Role::NoFinding => 2,
            Role::Subject(_) => 3,
            Role::Abnormal(_) => 4,
            Role::Normal(_) => 5,
            Role::Location(_) => 6,
            Role::Laterality(_) => 7,
            Role::Severity(_) => 8,
            Role::Comma => 9,
            Role::Dash => 10,
            Role::Joint => 11,
            Role::Open => 12,
            Role::Close => 13,
            Role::Cue(cue) => 14 + cue as u32,
        }
    }

    const fn meet(self, others: Kinds) -> bool {
        self.0 & others.0 != 0
    }

    const fn are_among(self, others: Kinds) -> bool {
        self.0 & !others.0 == 0
    }
}

/// A term of the lexicon where it stands in normalised text: its byte range and its meanings.
#[derive(Clone, Copy)]
pub(crate) struct Token<'a> {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) roles: &'a [Role],
    kinds: Kinds,
}

impl Token<'_> {
    pub(crate) fn is(&self, cue: Cue) -> bool {
        self.kinds.meet(Kinds::of(&[Role::Cue(cue)]))
    }

    pub(crate) fn is_one_of(&self, cues: &[Cue]) -> bool {
        cues.iter().any(|&cue| self.is(cue))
    }

    pub(crate) fn has(&self, role: Role) -> bool {
        self.kinds.meet(Kinds::of(&[role])) && self.roles.contains(&role)
    }

    /// Whether it names a finding or what findings are said of.
    pub(crate) fn names(&self) -> bool {
        self.kinds.meet(Kinds::NAMES)
    }

    pub(crate) fn is_finding(&self) -> bool {
        self.kinds.meet(Kinds::of(&[Role::Finding(0)]))
    }

    /// Whether it says that what a finding is said of is as it should be: "clear".
    pub(crate) fn is_normal(&self) -> bool {
        self.kinds.meet(Kinds::of(&[Role::Normal(0)]))
    }

    /// Whether it says nothing about the side, place and grade of the findings around it.
    pub(crate) fn is_silent(&self) -> bool {
        self.kinds.are_among(Kinds::SILENT)
    }

    pub(crate) fn modifies(&self) -> bool {
        self.kinds.meet(Kinds::MODIFIES)
    }
}

/// All terms of an ontology as one automaton.
#[derive(Debug)]
pub(crate) struct Lexicon {
    automaton: NFA,
    /// What each term of the automaton means.
    meanings: Vec<(Kinds, Vec<Role>)>,
    /// The finding of each sign.
    pub(crate) sign_findings: Vec<usize>,
}

impl Lexicon {
    pub(crate) fn new(ontology: &Ontology) -> Self {
        let mut terms = Terms::default();
        let sign_findings = add_findings(ontology, &mut terms);
        add_modifiers(ontology, &mut terms);
        let terms = terms.0.into_iter().filter(|(term, _)| !term.is_empty());
        let (terms, roles): (Vec<_>, Vec<_>) = terms.unzip();
        let meanings = roles.into_iter().map(|roles| (Kinds::of(&roles), roles)).collect();
        let automaton = NFA::new(&terms)
            .expect("fewer states than bytes of a TOML file that was read into memory, so within the automaton's 2^31");
        Self { automaton, meanings, sign_findings }
    }

    /// The terms in `text`, longest first, from left to right, whole words only, none overlapping.
    pub(crate) fn tokens<'a>(&'a self, text: &str, found: &mut Vec<Token<'a>>) {
        found.clear();
        let text = text.as_bytes();
        let Ok(root) = self.automaton.start_state(Anchored::Yes) else { return };
        let mut start = 0;
        while start < text.len() {
            let term = if is_within_a_word(text, start) { None } else { self.longest(root, text, start) };
            start = match term {
                Some((end, term)) => {
                    let (kinds, roles) = &self.meanings[term.as_usize()];
                    found.push(Token { start, end, roles, kinds: *kinds });
                    end
                }
                None => start + 1,
            };
        }
    }

    /// The longest term that begins at `start` and cuts no word: where it ends, and which it is.
    fn longest(&self, root: StateID, text: &[u8], start: usize) -> Option<(usize, PatternID)> {
        let (mut state, mut longest) = (root, None);
        for end in start + 1..=text.len() {
            state = self.automaton.next_state(Anchored::Yes, state, text[end - 1]);
            if self.automaton.is_dead(state) {
                break;
            }
            // A state has the terms, too, that end here and begin later.
            if self.automaton.is_match(state) {
                let term = self.automaton.match_pattern(state, 0);
                if self.automaton.pattern_len(term) == end - start && is_whole(text, start, end) {
                    longest = Some((end, term));
                }
            }
        }
        longest
    }
}

fn is_of_a_word(text: &[u8], at: usize) -> bool {
    text.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == 0x1a)
}

fn is_within_a_word(text: &[u8], at: usize) -> bool {
    at > 0 && is_of_a_word(text, at) && is_of_a_word(text, at - 1)
}

/// Whether what begins with a word does not end within one.
fn is_whole(text: &[u8], start: usize, end: usize) -> bool {
    !is_within_a_word(text, end) && !is_of_a_number(text, start, end)
}

/// Whether a sign is that of a number, as in "#2", "> 6 mm" or "0.5".
fn is_of_a_number(text: &[u8], start: usize, end: usize) -> bool {
    let digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    let fraction = digit(end - 1) && text.get(end) == Some(&b'.') && digit(end + 1);
    let decimals = start > 1 && digit(start) && text[start - 1] == b'.' && digit(start - 2);
    let compares = text[start] == b'>' && (digit(end) || text.get(end) == Some(&b' ') && digit(end + 1));
    text[end - 1] == b'#' && digit(end) || compares || fraction || decimals
}

#[derive(Default)]
struct Terms(BTreeMap<String, Vec<Role>>);

impl Terms {
    /// Adds a term, and also without its apostrophe: "isnt" for "isn't".
    fn add(&mut self, term: &str, role: Role) {
        let term = normalise_term(term);
        if term.len() > 1 && term.starts_with(',') {
            self.insert(term.clone(), Role::Comma);
        }
        if term.contains('\'') {
            self.insert(term.replace('\'', ""), role);
        }
        self.insert(term, role);
    }

    fn add_with_plural(&mut self, term: &str, role: Role) {
        let term = normalise_term(term);
        self.insert(plural(&term), role);
        self.insert(term, role);
    }

    fn insert(&mut self, term: String, role: Role) {
        let roles = self.0.entry(term).or_default();
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
}

fn plural(term: &str) -> String {
    match term.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if term.ends_with(['s', 'x']) => format!("{term}es"),
        _ => format!("{term}s"),
    }
}

fn add_findings(ontology: &Ontology, terms: &mut Terms) -> Vec<usize> {
    let mut sign_findings = Vec::new();
    for (index, finding) in ontology.findings.iter().enumerate() {
        for synonym in &finding.synonyms {
            terms.add_with_plural(synonym, Role::Finding(index));
            if finding.site == DEVICE {
                terms.add_with_plural(synonym, Role::Device);
            }
            if finding.name == NO_FINDING {
                terms.add_with_plural(synonym, Role::NoFinding);
            }
        }
        for sign in &finding.signs {
            let id = sign_findings.len();
            sign_findings.push(index);
            for term in &sign.subject {
                terms.add_with_plural(term, Role::Subject(id));
            }
            for term in &sign.abnormal {
                terms.add(term, Role::Abnormal(id));
            }
            for term in &sign.normal {
                terms.add(term, Role::Normal(id));
            }
        }
    }
    sign_findings
}

fn add_modifiers(ontology: &Ontology, terms: &mut Terms) {
    for (index, location) in ontology.locations.iter().enumerate() {
        for term in &location.terms {
            terms.add(term, Role::Location(index));
            if let Some(side) = location.laterality {
                terms.add(term, Role::Laterality(side.into()));
            }
        }
    }
    for (&side, words) in &ontology.laterality {
        for term in words {
            terms.add(term, Role::Laterality(side.into()));
        }
    }
    for (grade, words) in &ontology.severity {
        let severity = match grade {
            Grade::Mild => Severity::Mild,
            Grade::Moderate => Severity::Moderate,
            Grade::Severe => Severity::Severe,
        };
        for term in words {
            terms.add(term, Role::Severity(severity));
        }
    }
    for (&cue, words) in &ontology.cues {
        for term in words {
            terms.add(term, Role::Cue(cue));
        }
    }
    let punctuation = [
        (",", Role::Comma),
        ("-", Role::Dash),
        (">", Role::Dash),
        ("+", Role::Joint),
        ("&", Role::Joint),
        ("/", Role::Joint),
        ("(", Role::Open),
        ("[", Role::Open),
        (")", Role::Close),
        ("]", Role::Close),
    ];
    for (sign, role) in punctuation {
        terms.add(sign, role);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let lexicon = Lexicon::new(&Ontology::named_or_path("chest").unwrap());
        let mut found = Vec::new();
        lexicon.tokens(text, &mut found);
        found.iter().map(|token| &text[token.start..token.end]).collect()
    }

    #[test]
    fn longest_whole_words_from_left_to_right() {
        assert_eq!(words("no evidence of calcified granulomas"), ["no evidence of", "calcified granulomas"]);
        assert_eq!(words("no evidence often, effusionx noted"), ["no evidence", ",", "noted"]);
        assert_eq!(words("opacities/masses"), ["opacities", "/", "masses"]);
        assert_eq!(words("notable massively"), Vec::<&str>::new());
    }

    #[test]
    fn plurals() {
        let pairs = [("opacity", "opacities"), ("mass", "masses"), ("nodule", "nodules"), ("x ray", "x rays")];
        for (one, many) in pairs {
            assert_eq!(plural(one), many);
        }
    }
}
