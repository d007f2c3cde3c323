//! The ontology: findings, their names, and the words that negate or qualify them.

use std::collections::{BTreeMap, BTreeSet};

use lgdea_data::normalise_label;
use serde::Deserialize;

use crate::error::EvidenceError;
use crate::evidence::Laterality;

/// The finding that says that there is none.
pub(crate) const NO_FINDING: &str = "no_finding";

const SHIPPED: [(&str, &str); 1] = [("chest", include_str!("../ontology/chest.toml"))];

/// Findings, their synonyms and the language that they are reported in: data, versioned, the user's to extend.
///
/// A TOML file with the tables of the shipped `ontology/chest.toml`. With `extends = "chest"` it needs to hold only what
/// it adds: findings of a known name replace that finding, all other lists are appended to.
#[derive(Debug, Clone)]
pub struct Ontology {
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) findings: Vec<Finding>,
    pub(crate) locations: Vec<Location>,
    pub(crate) laterality: BTreeMap<Side, Vec<String>>,
    pub(crate) severity: BTreeMap<Grade, Vec<String>>,
    pub(crate) cues: BTreeMap<Cue, Vec<String>>,
    pub(crate) sections: Sections,
    digest: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    name: String,
    version: u32,
    #[serde(default)]
    extends: Option<String>,
    #[serde(default, rename = "finding")]
    findings: Vec<Finding>,
    #[serde(default, rename = "location")]
    locations: Vec<Location>,
    #[serde(default)]
    laterality: BTreeMap<Side, Vec<String>>,
    #[serde(default)]
    severity: BTreeMap<Grade, Vec<String>>,
    #[serde(default)]
    cues: BTreeMap<Cue, Vec<String>>,
    #[serde(default)]
    sections: Sections,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Finding {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) site: String,
    #[serde(default)]
    pub(crate) midline: bool,
    #[serde(default)]
    pub(crate) parent: Option<String>,
    pub(crate) synonyms: Vec<String>,
    #[serde(default, rename = "sign")]
    pub(crate) signs: Vec<Sign>,
}

/// A finding said in two parts: a subject and what it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Sign {
    pub(crate) subject: Vec<String>,
    pub(crate) abnormal: Vec<String>,
    #[serde(default)]
    pub(crate) normal: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Location {
    pub(crate) name: String,
    pub(crate) sites: Vec<String>,
    #[serde(default)]
    pub(crate) laterality: Option<Side>,
    pub(crate) terms: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Sections {
    #[serde(default)]
    pub(crate) evidence: Vec<String>,
    #[serde(default)]
    pub(crate) ignored: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Side {
    Left,
    Right,
    Bilateral,
}

impl From<Side> for Laterality {
    fn from(side: Side) -> Self {
        match side {
            Side::Left => Self::Left,
            Side::Right => Self::Right,
            Side::Bilateral => Self::Bilateral,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Grade {
    Mild,
    Moderate,
    Severe,
}

/// What a word does to the findings around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Cue {
    NegationForward,
    NegationBackward,
    UncertainForward,
    UncertainBackward,
    Hypothetical,
    Pseudo,
    Terminator,
    Preposition,
    Conjunction,
    Filler,
    Affirmation,
}

impl Ontology {
    /// The shipped ontology of this name (`chest`) or the TOML file at this path.
    pub fn named_or_path(name: &str) -> Result<Self, EvidenceError> {
        if let Some(text) = shipped(name) {
            return Self::parse(name, text);
        }
        let path = lgdea_spec::expand_env(name)?;
        if !path.is_file() {
            return Err(EvidenceError::UnknownOntology { name: name.into(), known: shipped_names() });
        }
        let text = std::fs::read_to_string(&path).map_err(|source| EvidenceError::Read { path, source })?;
        Self::parse(name, &text)
    }

    /// Hash of all that the ontology was made from; it changes with every edit.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Name and version, as in `chest/1`.
    pub fn model(&self) -> String {
        format!("{}/{}", self.name, self.version)
    }

    /// Names of all findings, in the ontology's order.
    pub fn finding_names(&self) -> impl Iterator<Item = &str> {
        self.findings.iter().map(|finding| finding.name.as_str())
    }

    /// Names of all locations, each once, in the ontology's order.
    pub(crate) fn location_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for location in &self.locations {
            if !names.contains(&location.name.as_str()) {
                names.push(&location.name);
            }
        }
        names
    }

    /// What canonical phrases call the finding: "pulmonary edema" for `edema`.
    pub fn label(&self, finding: &str) -> Option<&str> {
        self.find(finding).map(|finding| finding.label.as_str())
    }

    /// The finding of this name, label or synonym, however that is written: "Lung Nodule", `lung_nodule`.
    pub fn finding_called(&self, name: &str) -> Option<&str> {
        let name = normalise_label(name);
        let called = |of: &String| normalise_label(of) == name;
        let by_name = self.find(&name);
        let by_label = || self.findings.iter().find(|finding| called(&finding.label));
        let by_synonym = || self.findings.iter().find(|finding| finding.synonyms.iter().any(called));
        by_name.or_else(by_label).or_else(by_synonym).map(|finding| finding.name.as_str())
    }

    /// The first of the finding itself, its parent, its parent's parent, … that is among `wanted`.
    pub fn roll_up<'a>(&'a self, finding: &'a str, wanted: &BTreeSet<String>) -> Option<&'a str> {
        let mut current = Some(finding);
        while let Some(name) = current {
            if wanted.contains(name) {
                return Some(name);
            }
            current = self.find(name).and_then(|finding| finding.parent.as_deref());
        }
        None
    }

    fn find(&self, name: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.name == name)
    }

    fn parse(path: &str, text: &str) -> Result<Self, EvidenceError> {
        let file: File = toml::from_str(text)
            .map_err(|source| EvidenceError::Parse { path: path.into(), source: Box::new(source) })?;
        let mut ontology = match &file.extends {
            None => Self::empty(),
            Some(base) => Self::parse(
                base,
                shipped(base).ok_or_else(|| EvidenceError::Ontology {
                    path: path.into(),
                    problem: format!("extends {base:?}, which is not shipped; known: {}", shipped_names()),
                })?,
            )?,
        };
        let digest = blake3::Hasher::new().update(ontology.digest.as_bytes()).update(text.as_bytes()).finalize();
        ontology.extend(file);
        ontology.digest = digest.to_hex().to_string();
        ontology.check().map_err(|problem| EvidenceError::Ontology { path: path.into(), problem })?;
        Ok(ontology)
    }

    fn empty() -> Self {
        Self {
            name: String::new(),
            version: 0,
            findings: Vec::new(),
            locations: Vec::new(),
            laterality: BTreeMap::new(),
            severity: BTreeMap::new(),
            cues: BTreeMap::new(),
            sections: Sections::default(),
            digest: String::new(),
        }
    }

    fn extend(&mut self, file: File) {
        self.name = file.name;
        self.version = file.version;
        let own: BTreeSet<&str> = file.findings.iter().map(|finding| finding.name.as_str()).collect();
        self.findings.retain(|finding| !own.contains(finding.name.as_str()));
        self.findings.extend(file.findings);
        self.locations.extend(file.locations);
        append(&mut self.laterality, file.laterality);
        append(&mut self.severity, file.severity);
        append(&mut self.cues, file.cues);
        self.sections.evidence.extend(file.sections.evidence);
        self.sections.ignored.extend(file.sections.ignored);
    }

    fn check(&self) -> Result<(), String> {
        if self.findings.is_empty() {
            return Err("no [[finding]] is given; add one, or `extends = \"chest\"`".into());
        }
        let mut names = BTreeSet::new();
        for finding in &self.findings {
            let name = &finding.name;
            let snake =
                !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if !snake {
                return Err(format!("finding {name:?}: a name is snake_case: a-z, 0-9 and _"));
            }
            if !names.insert(name.as_str()) {
                return Err(format!("finding {name:?} is given twice; merge the two"));
            }
            if finding.synonyms.is_empty() && finding.signs.is_empty() {
                return Err(format!("finding {name:?} has neither synonyms nor signs: nothing would name it"));
            }
        }
        self.check_parents(&names)?;
        match self
            .terms()
            .find(|term| !term.contains(|c: char| c.is_ascii_alphanumeric() || c.is_ascii_punctuation() && c != '-'))
        {
            Some(term) => Err(format!("a term has no letter, digit or sign: {term:?}; correct or remove it")),
            None => Ok(()),
        }
    }

    fn check_parents(&self, names: &BTreeSet<&str>) -> Result<(), String> {
        for finding in &self.findings {
            let mut seen = BTreeSet::from([finding.name.as_str()]);
            let mut current = finding;
            while let Some(parent) = &current.parent {
                if !names.contains(parent.as_str()) {
                    return Err(format!("finding {:?}: its parent {parent:?} is not a finding", current.name));
                }
                if !seen.insert(parent) {
                    return Err(format!("finding {:?} is its own ancestor by {parent:?}; cut the cycle", finding.name));
                }
                match self.find(parent) {
                    Some(next) => current = next,
                    None => break,
                }
            }
        }
        Ok(())
    }

    fn terms(&self) -> impl Iterator<Item = &String> {
        let of_findings = self.findings.iter().flat_map(|finding| {
            let of_signs =
                finding.signs.iter().flat_map(|sign| sign.subject.iter().chain(&sign.abnormal).chain(&sign.normal));
            finding.synonyms.iter().chain(of_signs)
        });
        of_findings
            .chain(self.locations.iter().flat_map(|location| &location.terms))
            .chain(self.laterality.values().flatten())
            .chain(self.severity.values().flatten())
            .chain(self.cues.values().flatten())
            .chain(self.sections.evidence.iter().chain(&self.sections.ignored))
    }
}

fn shipped(name: &str) -> Option<&'static str> {
    let found = SHIPPED.iter().find(|(shipped, _)| *shipped == name);
    found.map(|&(_, text)| text)
}

fn shipped_names() -> String {
    SHIPPED.map(|(name, _)| name).join(", ")
}

fn append<K: Ord>(into: &mut BTreeMap<K, Vec<String>>, from: BTreeMap<K, Vec<String>>) {
    for (key, terms) in from {
        into.entry(key).or_default().extend(terms);
    }
}
