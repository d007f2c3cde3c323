//! Why runs cannot be collected or compared.

use std::path::PathBuf;

use lgdea_fault::{AtFault, Fault};
use lgdea_spec::SpecError;
use lgdea_sweep::TrialsError;
use miette::Diagnostic;
use thiserror::Error;

/// Why runs cannot be collected or compared.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ComparisonError {
    /// What is to be compared is not there.
    #[error("there is no sweep, run or records file `{}`{suggestion}", path.display())]
    NotFound {
        /// What was asked for.
        path: PathBuf,
        /// What may have been meant; empty where nothing is alike.
        suggestion: String,
    },
    /// A path is something else than a sweep, run, results folder or records file.
    #[error("{} {reason}", path.display())]
    NotResults {
        /// The path.
        path: PathBuf,
        /// What it lacks.
        reason: String,
    },
    /// A file or folder cannot be read or written.
    #[error("failed to {action} {}: {source}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A line of a records file is not what it should be.
    #[error("{}, line {line} is no record of a run: {reason}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A records file would lose runs.
    #[error(
        "{} holds {count} runs that are not among these; name it among the inputs too, so that they are joined, or choose \
         another file", path.display()
    )]
    WouldLose {
        /// The file.
        path: PathBuf,
        /// Runs that would be lost.
        count: usize,
    },
    /// Two runs claim the same place of a table.
    #[error(
        "the runs {first} and {second} are both `{arm}`{setting} with seed {seed}: they differ in something that no axis names \
         (code, data, another experiment); compare them in tables of their own"
    )]
    Conflict {
        /// Key of the first.
        first: String,
        /// Key of the other.
        second: String,
        /// Their arm.
        arm: String,
        /// Their setting.
        setting: String,
        /// Their seed.
        seed: u64,
    },
    /// There is nothing to compare.
    #[error("no finished run to compare{missing}")]
    NoRuns {
        /// What there is instead.
        missing: String,
    },
    /// Something is not known by this name.
    #[error("there is no {what} `{name}`{suggestion}")]
    Unknown {
        /// The kind of thing: metric, arm, axis.
        what: &'static str,
        /// The name.
        name: String,
        /// The most similar one, or all.
        suggestion: String,
    },
    /// A request that makes no sense.
    #[error("{0}")]
    Request(String),
    /// The report's page cannot be made.
    #[error("the page cannot be made: {0}")]
    Page(String),
    /// The runs cannot be written as a Parquet file.
    #[error("the Parquet file cannot be made: {0}")]
    Parquet(String),
    /// A sweep file is wrong.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The trials of a sweep cannot be read.
    #[error(transparent)]
    Trials(#[from] TrialsError),
}

/// A comparison reads what it was given, and computes: what it cannot read, journals and lists of trials too, is the input.
impl AtFault for ComparisonError {
    fn fault(&self) -> Fault {
        Fault::Input
    }

    fn diagnostic(&self) -> Option<&dyn Diagnostic> {
        match self {
            ComparisonError::Spec(error) => error.diagnostic(),
            _ => None,
        }
    }
}

impl ComparisonError {
    /// A [`ComparisonError::File`], for `map_err`.
    pub(crate) fn file(action: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> ComparisonError {
        move |source| ComparisonError::File { action, path: path.to_path_buf(), source }
    }

    /// A [`ComparisonError::Unknown`] that names the most similar of the known ones, or the first of them.
    pub(crate) fn unknown<'a>(
        what: &'static str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> ComparisonError {
        ComparisonError::Unknown { what, name: name.to_owned(), suggestion: suggestion(name, known) }
    }
}

/// Names listed where none is alike.
const LISTED: usize = 8;

/// `; did you mean …?`, or what there is.
pub(crate) fn suggestion<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(nearest) = lgdea_spec::nearest(name, known.iter().copied()) {
        return format!("; did you mean `{nearest}`?");
    }
    let more = if known.len() > LISTED { ", …" } else { "" };
    let listed: Vec<String> = known.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    if listed.is_empty() { String::new() } else { format!("; there are {}{more}", listed.join(", ")) }
}
