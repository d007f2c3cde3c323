//! What an ontology is made of: findings, locations, and the kinds of cues.

use serde::Deserialize;

use crate::evidence::Laterality;

#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) site: String,
    pub(crate) midline: bool,
    pub(crate) parent: Option<String>,
    pub(crate) synonyms: Vec<String>,
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

/// What a word does to the findings around it, and how far it reaches: `docs/guides/evidence.md` has the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Cue {
    NegationForward,
    NegationBackward,
    NegationVerb,
    NegationValue,
    Observation,
    ResolutionForward,
    ResolutionBackward,
    ExclusionForward,
    ExclusionBackward,
    Weakening,
    Change,
    Earlier,
    Recurrence,
    RemovalForward,
    RemovalBackward,
    BoxChecked,
    BoxEmpty,
    Relation,
    Instance,
    UncertainForward,
    UncertainBackward,
    Hypothetical,
    Pseudo,
    Terminator,
    DenialTerminator,
    Exception,
    Separator,
    Preposition,
    Conjunction,
    Filler,
    Affirmation,
}
