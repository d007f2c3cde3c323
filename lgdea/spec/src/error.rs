//! Why an experiment or a sweep is refused, with the text that causes it.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use lgdea_fault::{AtFault, Fault};
use miette::{Diagnostic, NamedSource, SourceSpan};
use thiserror::Error;

use crate::source::{Place, Source, SourceKind};

/// Why an experiment or a sweep is refused: every problem that was found, each with the place that caused it.
#[derive(Debug, Error, Diagnostic)]
pub enum SpecError {
    /// There is one problem.
    #[error(transparent)]
    #[diagnostic(transparent)]
    One(Box<Problem>),
    /// There are several.
    #[error("there are {} problems", problems.len())]
    Several {
        /// Those of one text in the order of their places.
        #[related]
        problems: Vec<Problem>,
    },
}

impl SpecError {
    /// All problems; those of one text in the order of their places.
    pub fn problems(&self) -> &[Problem] {
        match self {
            SpecError::One(problem) => std::slice::from_ref(problem),
            SpecError::Several { problems } => problems,
        }
    }

    /// All problems.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        match self {
            SpecError::One(problem) => vec![*problem],
            SpecError::Several { problems } => problems,
        }
    }

    /// An error if there are problems.
    ///
    /// # Errors
    /// There are problems.
    pub fn unless_empty(mut problems: Vec<Problem>) -> Result<(), SpecError> {
        if problems.len() > 1 {
            return Err(SpecError::Several { problems });
        }
        match problems.pop() {
            Some(problem) => Err(problem.into()),
            None => Ok(()),
        }
    }
}

impl AtFault for SpecError {
    fn fault(&self) -> Fault {
        Fault::Input
    }

    fn diagnostic(&self) -> Option<&dyn Diagnostic> {
        Some(self)
    }
}

impl From<Problem> for SpecError {
    fn from(problem: Problem) -> Self {
        SpecError::One(Box::new(problem))
    }
}

/// One problem of an experiment, pointing at the text that causes it.
#[derive(Debug, Error, Diagnostic)]
#[error("{whose}{kind}")]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// Which of several experiments has it, with a colon; empty where there is one.
    whose: String,
    #[source_code]
    text: Option<NamedSource<Arc<str>>>,
    #[label("{label}")]
    span: Option<SourceSpan>,
    label: &'static str,
    #[help]
    help: Option<String>,
}

impl Problem {
    /// A problem that no text caused.
    pub(crate) fn nowhere(kind: ProblemKind) -> Problem {
        Problem { help: kind.help(), label: kind.label(), kind, whose: String::new(), text: None, span: None }
    }

    /// The same problem, told as that of one of several experiments.
    #[must_use]
    pub fn of(self, whose: &str) -> Problem {
        Problem { whose: format!("{whose}: "), ..self }
    }

    /// A problem of these bytes of a source.
    pub(crate) fn at(kind: ProblemKind, source: &Source, bytes: Range<usize>) -> Problem {
        let name = match source.kind {
            SourceKind::Flag => "--set",
            SourceKind::FileName => "file name",
            SourceKind::Defaults | SourceKind::Preset | SourceKind::File => &source.name,
        };
        Problem {
            text: Some(NamedSource::new(name, Arc::clone(&source.text))),
            span: Some(bytes.into()),
            ..Problem::nowhere(kind)
        }
    }

    /// First byte that the problem points at.
    pub(crate) fn offset(&self) -> usize {
        self.span.map_or(0, |span| span.offset())
    }

    /// A problem of a key.
    pub(crate) fn at_key(kind: ProblemKind, place: &Place) -> Problem {
        Problem::at(kind, &place.source, place.key.clone())
    }

    /// A problem of a value.
    pub(crate) fn at_value(kind: ProblemKind, place: &Place) -> Problem {
        Problem::at(kind, &place.source, place.value.clone())
    }
}

/// What is wrong with an experiment.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProblemKind {
    /// A file cannot be opened.
    #[error("cannot read `{}`: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A file is not text.
    #[error("`{}` is not UTF-8 text: byte {offset} starts no character", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// First bad byte.
        offset: usize,
    },
    /// A file is not TOML.
    #[error("this is not TOML: {reason}")]
    Syntax {
        /// What the parser says.
        reason: String,
        /// How to write what was probably meant.
        remedy: Option<String>,
    },
    /// A file is not TOML, and its name does not say so either.
    #[error("`{path}` is neither an experiment nor a sweep; line {line}: {reason}")]
    OtherFile {
        /// The file.
        path: String,
        /// Where the parser stops, counted from 1.
        line: usize,
        /// What the parser says.
        reason: String,
    },
    /// A key that nobody knows.
    #[error("unknown key `{key}`")]
    UnknownKey {
        /// With all its tables.
        key: String,
        /// The keys of its table.
        known: Vec<String>,
        /// What was probably meant.
        meant: Vec<String>,
    },
    /// A choice or a named value that nobody knows.
    #[error("unknown choice `{choice}` for `{key}`")]
    UnknownChoice {
        /// The key or the table.
        key: String,
        /// What was chosen.
        choice: String,
        /// What can be chosen.
        known: Vec<String>,
        /// What was probably meant.
        meant: Option<String>,
    },
    /// Two choices where one is allowed.
    #[error("`{table}` is chosen twice: `{first}` and `{second}`")]
    SecondChoice {
        /// The choice table.
        table: String,
        /// The choice named first.
        first: String,
        /// The choice named second.
        second: String,
    },
    /// A value of another type.
    #[error("`{key}` is {found}, but must be {expected}")]
    WrongType {
        /// The key.
        key: String,
        /// Type of the key, with its article.
        expected: &'static str,
        /// Type of the value, with its article.
        found: &'static str,
    },
    /// A `--set` whose value cannot be read as what its key takes.
    #[error("`{key}` is `{value}`, but must be {expected}")]
    NotRead {
        /// The key.
        key: String,
        /// The value as it was typed.
        value: String,
        /// Type of the key, with its article.
        expected: &'static str,
        /// How to write it.
        remedy: String,
    },
    /// A value outside of its range.
    #[error("`{key}` is {value}, but must be {allowed}")]
    NotAllowed {
        /// The key.
        key: String,
        /// The value.
        value: String,
        /// What is allowed.
        allowed: String,
        /// What the key means.
        meaning: String,
    },
    /// Values that contradict each other.
    #[error("{reason}")]
    Inconsistent {
        /// What contradicts what.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// A key without default is missing.
    #[error("`{key}` is missing from `[{table}]`")]
    Missing {
        /// The table.
        table: String,
        /// The key.
        key: String,
        /// What the key means.
        meaning: String,
    },
    /// Files that extend each other.
    #[error("`extends` runs in a circle: {}", chain.join(" → "))]
    Cycle {
        /// From the first file back to it.
        chain: Vec<String>,
    },
    /// A chain of `extends` without a sensible end.
    #[error("`extends` is nested more than {limit} deep")]
    TooDeep {
        /// Greatest depth.
        limit: usize,
    },
    /// An entry of `extends` that an earlier entry of the same list brings in.
    #[error("`{entry}` already comes in through an earlier entry of this `extends`")]
    Repeated {
        /// The entry.
        entry: String,
    },
    /// A preset that is not shipped.
    #[error("there is no preset `{name}`")]
    UnknownPreset {
        /// The entry.
        name: String,
        /// The shipped ones.
        known: Vec<String>,
        /// What was probably meant.
        meant: Option<String>,
    },
    /// A `--set` that is not `KEY=VALUE`.
    #[error("`--set` needs KEY=VALUE: {reason}")]
    Override {
        /// What is wrong with it.
        reason: String,
    },
    /// A value that fits the schema but not the types.
    #[error("`{key}` cannot be used: {reason}")]
    Unusable {
        /// The key.
        key: String,
        /// What the deserialiser says.
        reason: String,
    },
}

impl ProblemKind {
    fn label(&self) -> &'static str {
        match self {
            ProblemKind::UnknownKey { .. } => "no such key",
            ProblemKind::UnknownChoice { .. } => "no such choice",
            ProblemKind::SecondChoice { .. } => "the second choice",
            ProblemKind::WrongType { .. } | ProblemKind::NotRead { .. } => "wrong type",
            ProblemKind::NotAllowed { .. } => "not allowed",
            ProblemKind::Missing { .. } => "in this table",
            ProblemKind::Cycle { .. } => "closes the circle",
            ProblemKind::Unreadable { .. } | ProblemKind::NotUtf8 { .. } => "named here",
            _ => "here",
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            ProblemKind::Unreadable { .. } => {
                "check the path; an entry of `extends` starts from the folder of its file".into()
            }
            ProblemKind::NotUtf8 { .. } => "save the file as UTF-8".into(),
            ProblemKind::OtherFile { .. } => "both are TOML files, with the ending `.toml`".into(),
            ProblemKind::UnknownKey { known, meant, .. } => did_you_mean(meant, known, "keys here"),
            ProblemKind::UnknownChoice { known, meant, .. } => did_you_mean(meant.as_slice(), known, "choices"),
            ProblemKind::UnknownPreset { known, meant, .. } => format!(
                "{}; a file is named with its ending `.toml`",
                did_you_mean(meant.as_slice(), known, "shipped presets")
            ),
            ProblemKind::SecondChoice { table, .. } => format!("keep one of them in `{table}`"),
            ProblemKind::WrongType { expected, found, .. } => how_to_write(expected, found)?.into(),
            ProblemKind::NotAllowed { meaning, .. } if meaning.is_empty() => return None,
            ProblemKind::NotAllowed { meaning, .. } => meaning.clone(),
            ProblemKind::Inconsistent { remedy, .. } if remedy.is_empty() => return None,
            ProblemKind::Inconsistent { remedy, .. } | ProblemKind::NotRead { remedy, .. } => remedy.clone(),
            ProblemKind::Missing { table, key, meaning } => {
                format!("add `{key}` to `[{table}]` or give `--set {table}.{key}=…`: {meaning}")
            }
            ProblemKind::Cycle { .. } => "take one entry out of the circle".into(),
            ProblemKind::TooDeep { .. } => "put shared settings into fewer files".into(),
            ProblemKind::Repeated { entry } => {
                format!("a file is applied once, below those that extend it: leave `{entry}` out here or list it first")
            }
            ProblemKind::Override { .. } => {
                "for example `--set pairing.ratio=0.1` or `--set evidence.rules.ontology=chest`".into()
            }
            ProblemKind::Syntax { remedy, .. } => remedy.clone()?,
            ProblemKind::Unusable { .. } => return None,
        };
        Some(help)
    }
}

fn did_you_mean(meant: &[String], known: &[String], what: &str) -> String {
    if known.is_empty() {
        return "this is a value and no table, so it holds no keys".to_owned();
    }
    let known = format!("{what}: {}", quoted(known));
    if meant.is_empty() { known } else { format!("did you mean {}? {known}", quoted(meant).replace(", ", " or ")) }
}

fn quoted(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

fn how_to_write(expected: &str, found: &str) -> Option<&'static str> {
    match (expected, found) {
        ("true or false", "a string") => Some("write `true` or `false`, without quotes"),
        ("true or false", _) => Some("write `true` or `false`"),
        ("a number" | "a whole number", "a string") => Some("write digits, without quotes"),
        ("a string", _) => Some("write it in quotes: `\"…\"`"),
        ("a list", _) => Some("write it in brackets: `[…, …]`"),
        ("a table", _) => Some("write its keys below a header: `[…]`"),
        _ => None,
    }
}
