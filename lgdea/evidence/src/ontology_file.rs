//! An ontology as its TOML file has it, and where in the file something is wrong.

use std::collections::BTreeMap;

use lgdea_spec::nearest;
use serde::Deserialize;
use toml::Spanned;

use crate::vocabulary::{Cue, Finding, Grade, Location, Sections, Side, Sign};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) version: u32,
    #[serde(default)]
    pub(crate) extends: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) abbreviations: Vec<String>,
    #[serde(default, rename = "finding")]
    pub(crate) findings: Vec<FileFinding>,
    #[serde(default, rename = "location")]
    pub(crate) locations: Vec<Location>,
    #[serde(default)]
    pub(crate) laterality: BTreeMap<Side, Vec<String>>,
    #[serde(default)]
    pub(crate) severity: BTreeMap<Grade, Vec<String>>,
    #[serde(default)]
    pub(crate) cues: BTreeMap<Cue, Vec<String>>,
    #[serde(default)]
    pub(crate) sections: Sections,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct FileFinding {
    pub(crate) name: Spanned<String>,
    #[serde(default)]
    pub(crate) existing: Option<Existing>,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    pub(crate) site: Option<Spanned<String>>,
    #[serde(default)]
    midline: Option<bool>,
    #[serde(default)]
    parent: Option<String>,
    #[serde(default)]
    synonyms: Vec<String>,
    #[serde(default, rename = "sign")]
    signs: Vec<Sign>,
}

/// What a finding does to the one of its name in the ontology that the file extends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Existing {
    /// Adds synonyms and signs to it; what else is given replaces.
    Extend,
    /// Takes its place.
    Replace,
}

/// What is wrong with an ontology, and in which line where that is known.
pub(crate) struct Problem {
    pub(crate) line: Option<usize>,
    pub(crate) problem: String,
}

impl Problem {
    pub(crate) fn of_file(problem: &str) -> Self {
        Self { line: None, problem: problem.to_owned() }
    }

    /// A problem with a value of the file.
    pub(crate) fn at<T>(text: &str, value: &Spanned<T>, problem: String) -> Self {
        Self { line: Some(line(text, value.span().start)), problem }
    }

    /// A problem with the first line that sets `key` (or anything, where it is empty) to this value, if there is one.
    pub(crate) fn at_value(text: &str, key: &str, value: &str, problem: String) -> Self {
        let value = format!("{value:?}");
        let sets = |line: &str| line.trim_start().starts_with(key) && line.contains(&value);
        Self { line: text.lines().position(sets).map(|at| at + 1), problem }
    }
}

impl File {
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        toml::from_str(text).map_err(|error| Problem {
            line: error.span().map(|span| line(text, span.start)),
            problem: with_suggestion(error.message()),
        })
    }
}

impl FileFinding {
    pub(crate) fn into_finding(self, text: &str) -> Result<Finding, Problem> {
        let lacks = |key: &str| {
            Problem::at(text, &self.name, format!("finding {:?} has no `{key}`; add it", self.name.get_ref()))
        };
        let label = self.label.clone().ok_or_else(|| lacks("label"))?;
        let site = self.site.clone().ok_or_else(|| lacks("site"))?.into_inner();
        let Self { name, midline, parent, synonyms, signs, .. } = self;
        let midline = midline.unwrap_or_default();
        Ok(Finding { name: name.into_inner(), label, site, midline, parent, synonyms, signs })
    }

    pub(crate) fn extend(self, known: &mut Finding) {
        known.synonyms.extend(self.synonyms);
        known.signs.extend(self.signs);
        known.parent = self.parent.or(known.parent.take());
        if let Some(label) = self.label {
            known.label = label;
        }
        if let Some(site) = self.site {
            known.site = site.into_inner();
        }
        if let Some(midline) = self.midline {
            known.midline = midline;
        }
    }
}

/// The line of the file that the byte `at` is in, from 1.
fn line(text: &str, at: usize) -> usize {
    1 + text[..text.floor_char_boundary(at)].matches('\n').count()
}

/// What serde says of an unknown key ("unknown field `a`, expected one of `b`, `c`"), with the one that was meant.
fn with_suggestion(message: &str) -> String {
    let mut names = message.split('`').skip(1).step_by(2);
    let meant = match names.next() {
        Some(unknown) if message.starts_with("unknown ") => nearest(unknown, names),
        _ => None,
    };
    match meant {
        Some(meant) => format!("{message}; did you mean `{meant}`?"),
        None => message.to_owned(),
    }
}
