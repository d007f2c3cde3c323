//! Why a file of predictions or of the reference cannot be used.

use std::path::{Path, PathBuf};

use lgdea_fault::{AtFault, Fault, of_place};
use miette::Diagnostic;
use thiserror::Error;

/// Why a file cannot be used.
#[derive(Debug, Error)]
pub enum PredictionError {
    /// It cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is no table.
    #[error(transparent)]
    Table(#[from] Box<lgdea_data::DataError>),
    /// It names studies, but not as it must.
    #[error(transparent)]
    Studies(#[from] Box<lgdea_spec::SpecError>),
    /// It can be read, but not be used.
    #[error("{} cannot be used: {problem}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong, where, and what to do.
        problem: String,
    },
}

impl PredictionError {
    pub(crate) fn unusable(path: &Path, problem: impl Into<String>) -> Self {
        Self::Unusable { path: path.to_owned(), problem: problem.into() }
    }
}

impl AtFault for PredictionError {
    fn diagnostic(&self) -> Option<&dyn Diagnostic> {
        match self {
            Self::Studies(error) => error.diagnostic(),
            _ => None,
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Read { source, .. } | Self::Write { source, .. } => of_place(source),
            Self::Table(error) => error.fault(),
            Self::Studies(error) => error.fault(),
            Self::Unusable { .. } => Fault::Input,
        }
    }
}
