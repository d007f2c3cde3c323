//! The ontology: findings, their names, and the words that negate or qualify them.

use std::collections::{BTreeMap, BTreeSet};

use lgdea_data::normalise_label;
use lgdea_spec::nearest;
use toml::Spanned;

use crate::error::EvidenceError;
use crate::normalise::normalise_term;
use crate::ontology_file::{Existing, File, FileFinding, Problem};
pub(crate) use crate::vocabulary::{Cue, Finding, Grade, Location, Sections, Side};

const SHIPPED: [(&str, &str); 1] = [("chest", include_str!("../ontology/chest.toml"))];

/// Findings, their synonyms and the language that they are reported in: data, versioned, the user's to extend.
///
/// A TOML file with the tables of the shipped `ontology/chest.toml`. With `extends = "chest"` it needs to hold only what
/// it adds: lists are appended to, and a finding of a known name says whether it extends or replaces that finding.
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
    /// Words whose full stop ends no sentence.
    pub(crate) abbreviations: Vec<String>,
    digest: String,
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
        let refuse = |Problem { line, problem }: Problem| {
            let path = line.map_or_else(|| path.to_owned(), |line| format!("{path}, line {line}"));
            EvidenceError::Ontology { path, problem }
        };
        let file = File::parse(text).map_err(refuse)?;
        let mut ontology = match &file.extends {
            None => Self::empty(),
            Some(base) => {
                let shipped = shipped(base.get_ref()).ok_or_else(|| {
                    let known = shipped_names();
                    refuse(Problem::at(
                        text,
                        base,
                        format!("extends {:?}, which is not shipped; known: {known}", base.get_ref()),
                    ))
                })?;
                Self::parse(base.get_ref(), shipped)?
            }
        };
        let digest = blake3::Hasher::new().update(ontology.digest.as_bytes()).update(text.as_bytes()).finalize();
        ontology.extend(text, file).map_err(refuse)?;
        ontology.digest = digest.to_hex().to_string();
        ontology.check(text).map_err(refuse)?;
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
            abbreviations: Vec::new(),
            digest: String::new(),
        }
    }

    fn extend(&mut self, text: &str, file: File) -> Result<(), Problem> {
        let base = file.extends.map(Spanned::into_inner);
        self.name = file.name;
        self.version = file.version;
        self.locations.extend(file.locations);
        let mut own = BTreeSet::new();
        for finding in file.findings {
            if !own.insert(finding.name.get_ref().clone()) {
                let problem = format!("finding {:?} is given twice; merge the two", finding.name.get_ref());
                return Err(Problem::at(text, &finding.name, problem));
            }
            self.add(text, base.as_deref(), finding)?;
        }
        append(&mut self.laterality, file.laterality);
        append(&mut self.severity, file.severity);
        append(&mut self.cues, file.cues);
        self.sections.evidence.extend(file.sections.evidence);
        self.sections.ignored.extend(file.sections.ignored);
        let abbreviations = file.abbreviations.iter();
        self.abbreviations.extend(abbreviations.map(|word| normalise_term(word.trim_end_matches('.'))));
        Ok(())
    }

    /// Takes in a finding of a file, which extends or replaces the one of its name.
    fn add(&mut self, text: &str, base: Option<&str>, finding: FileFinding) -> Result<(), Problem> {
        if let (Some(base), Some(site)) = (base, &finding.site) {
            self.check_site(base, site.get_ref()).map_err(|problem| Problem::at(text, site, problem))?;
        }
        let name = finding.name.get_ref().clone();
        let known = self.findings.iter().position(|known| known.name == name);
        match (known, finding.existing) {
            (Some(at), Some(Existing::Extend)) => finding.extend(&mut self.findings[at]),
            (Some(at), Some(Existing::Replace)) => self.findings[at] = finding.into_finding(text)?,
            (None, None) => self.findings.push(finding.into_finding(text)?),
            (Some(_), None) => {
                let base = base.unwrap_or_default();
                let problem = format!(
                    "finding {name:?} is one of {base:?}: add `existing = \"extend\"` to add your synonyms and signs to it, \
                     or `existing = \"replace\"` to put yours in its place, or choose another name"
                );
                return Err(Problem::at(text, &finding.name, problem));
            }
            (None, Some(_)) => {
                let meant = meant(&name, self.finding_names());
                let problem = format!("there is no finding {name:?} to extend or replace{meant}");
                return Err(Problem::at(text, &finding.name, problem));
            }
        }
        Ok(())
    }

    /// A site is one that a finding has or that a location names.
    fn check_site(&self, base: &str, site: &str) -> Result<(), String> {
        let of_locations = self.locations.iter().flat_map(|location| &location.sites);
        let known: BTreeSet<&str> =
            self.findings.iter().map(|finding| &finding.site).chain(of_locations).map(String::as_str).collect();
        if known.contains(site) {
            return Ok(());
        }
        let meant = meant(site, known.iter().copied());
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        Err(format!(
            "{base:?} has no site {site:?}{meant}; known: {known}; a new site needs a [[location]] that names it"
        ))
    }

    fn check(&self, text: &str) -> Result<(), Problem> {
        if self.findings.is_empty() {
            return Err(Problem::of_file("no [[finding]] is given; add one, or `extends = \"chest\"`"));
        }
        let of = |finding: &Finding, problem: String| {
            Problem::at_value(text, "name", &finding.name, format!("finding {:?}: {problem}", finding.name))
        };
        for finding in &self.findings {
            let name = &finding.name;
            let snake =
                !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if !snake {
                return Err(of(finding, "a name is snake_case: a-z, 0-9 and _".to_owned()));
            }
            if finding.synonyms.is_empty() && finding.signs.is_empty() {
                return Err(of(finding, "it has neither synonyms nor signs: nothing would name it".to_owned()));
            }
            self.check_parents(finding).map_err(|problem| of(finding, problem))?;
        }
        let empty = |term: &&String| {
            !term.contains(|c: char| c.is_ascii_alphanumeric() || c.is_ascii_punctuation() && c != '-')
        };
        match self.terms().find(empty) {
            Some(term) => {
                let problem = format!("a term has no letter, digit or sign: {term:?}; correct or remove it");
                Err(Problem::at_value(text, "", term, problem))
            }
            None => Ok(()),
        }
    }

    fn check_parents(&self, finding: &Finding) -> Result<(), String> {
        let mut seen = BTreeSet::from([finding.name.as_str()]);
        let mut current = finding;
        while let Some(parent) = &current.parent {
            let Some(next) = self.find(parent) else {
                let meant = meant(parent, self.finding_names());
                return Err(format!("its parent {parent:?} is not a finding{meant}"));
            };
            if !seen.insert(parent) {
                return Err(format!("it is its own ancestor by {parent:?}; cut the cycle"));
            }
            current = next;
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

/// What to add to "there is no such name": the known one that was probably meant, if any.
fn meant<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map(|near| format!("; did you mean {near:?}?")).unwrap_or_default()
}

fn append<K: Ord>(into: &mut BTreeMap<K, Vec<String>>, from: BTreeMap<K, Vec<String>>) {
    for (key, terms) in from {
        into.entry(key).or_default().extend(terms);
    }
}
