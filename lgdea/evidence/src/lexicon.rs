//! All terms of an ontology as one automaton.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
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

/// A term of the lexicon where it stands in normalised text: its byte range and its meanings.
#[derive(Clone, Copy)]
pub(crate) struct Token<'a> {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) roles: &'a [Role],
}

impl Token<'_> {
    pub(crate) fn is(&self, cue: Cue) -> bool {
        self.roles.contains(&Role::Cue(cue))
    }

    pub(crate) fn is_one_of(&self, cues: &[Cue]) -> bool {
        cues.iter().any(|&cue| self.is(cue))
    }

    pub(crate) fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether it names a finding or what findings are said of.
    pub(crate) fn names(&self) -> bool {
        self.roles.iter().any(|role| matches!(role, Role::Finding(_) | Role::Subject(_)))
    }

    pub(crate) fn is_finding(&self) -> bool {
        self.roles.iter().any(|role| matches!(role, Role::Finding(_)))
    }

    /// Whether it says that what a finding is said of is as it should be: "clear".
    pub(crate) fn is_normal(&self) -> bool {
        self.roles.iter().any(|role| matches!(role, Role::Normal(_)))
    }

    /// Whether it says nothing about the side, place and grade of the findings around it.
    pub(crate) fn is_silent(&self) -> bool {
        const SILENT: [Cue; 9] = [
            Cue::Change,
            Cue::Earlier,
            Cue::Observation,
            Cue::ResolutionBackward,
            Cue::DenialTerminator,
            Cue::Weakening,
            Cue::Relation,
            Cue::Instance,
            Cue::Recurrence,
        ];
        self.roles.iter().all(|role| matches!(role, Role::Cue(cue) if SILENT.contains(cue)))
    }

    pub(crate) fn modifies(&self) -> bool {
        self.roles.iter().any(|role| matches!(role, Role::Location(_) | Role::Laterality(_) | Role::Severity(_)))
    }
}

/// All terms of an ontology as one automaton.
#[derive(Debug)]
pub(crate) struct Lexicon {
    automaton: AhoCorasick,
    roles: Vec<Vec<Role>>,
    /// Terms of one character, which would be found within every other word: where their roles are.
    signs: [Option<usize>; 128],
    /// The finding of each sign.
    pub(crate) sign_findings: Vec<usize>,
}

impl Lexicon {
    pub(crate) fn new(ontology: &Ontology) -> Self {
        let mut terms = Terms::default();
        let sign_findings = add_findings(ontology, &mut terms);
        add_modifiers(ontology, &mut terms);
        let (long, short): (Vec<_>, Vec<_>) = terms.0.into_iter().partition(|(term, _)| term.len() > 1);
        let (patterns, mut roles): (Vec<_>, Vec<_>) = long.into_iter().unzip();
        let mut signs = [None; 128];
        for (term, of_term) in short {
            for byte in term.bytes().filter(u8::is_ascii) {
                signs[usize::from(byte)] = Some(roles.len());
            }
            roles.push(of_term);
        }
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .build(&patterns)
            .or_else(|_| AhoCorasick::new(&patterns))
            .expect("fewer states than bytes of a TOML file that was read into memory, so within the automaton's 2^31");
        Self { automaton, roles, signs, sign_findings }
    }

    /// The terms in `text`, longest first, from left to right, whole words only, none overlapping.
    pub(crate) fn tokens<'a>(&'a self, text: &str, found: &mut Vec<Token<'a>>) {
        found.clear();
        for hit in self.automaton.find_overlapping_iter(text) {
            let (start, end) = (hit.start(), hit.end());
            if !is_whole(text.as_bytes(), start, end) {
                continue;
            }
            // Hits come by their end: this one holds those kept that start no earlier, unless an earlier one cuts it.
            let keep = found.partition_point(|token| token.start < start);
            if keep == 0 || found[keep - 1].end <= start {
                found.truncate(keep);
                found.push(Token { start, end, roles: &self.roles[hit.pattern().as_usize()] });
            }
        }
        self.add_signs(text.as_bytes(), found);
    }

    /// Adds the terms of one character that stand outside of the others.
    fn add_signs<'a>(&'a self, text: &[u8], found: &mut Vec<Token<'a>>) {
        let (known, mut next) = (found.len(), 0);
        for (at, &byte) in text.iter().enumerate() {
            let Some(roles) = self.signs.get(usize::from(byte)).copied().flatten() else {
                continue;
            };
            while next < known && found[next].end <= at {
                next += 1;
            }
            let free = next == known || found[next].start > at;
            if free && is_whole(text, at, at + 1) {
                found.push(Token { start: at, end: at + 1, roles: &self.roles[roles] });
            }
        }
        if found.len() > known {
            found.sort_by_key(|token| token.start);
        }
    }
}

/// Whether the match does not cut a word.
fn is_whole(text: &[u8], start: usize, end: usize) -> bool {
    let word = |at: usize| text.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == 0x1a);
    let cut_before = start > 0 && word(start) && word(start - 1);
    let cut_after = word(end - 1) && word(end);
    !cut_before && !cut_after && !is_of_a_number(text, start, end)
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
