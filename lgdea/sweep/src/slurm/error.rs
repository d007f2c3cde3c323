//! Why a sweep cannot be submitted.

use std::path::PathBuf;

use lgdea_fault::{AtFault, Fault};
use miette::Diagnostic;
use thiserror::Error;

use crate::{ExecuteError, TemplateError};

/// Why a sweep cannot be submitted to Slurm.
#[derive(Debug, Error)]
pub enum SlurmError {
    /// This is no machine of a Slurm cluster.
    #[error(
        "there is no `{program}` in PATH, by which Slurm takes jobs: call this on a login node of the cluster, or \
         use `--launcher local`"
    )]
    Missing {
        /// The program that is missing.
        program: &'static str,
    },
    /// One of Slurm's programs cannot be run.
    #[error("failed to run `{program}`: {source}")]
    Program {
        /// The program.
        program: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// Slurm does not do what it is asked to.
    #[error("`{command}` failed: {words}")]
    Refused {
        /// What was called.
        command: String,
        /// What it said.
        words: String,
    },
    /// The user's own template cannot be read.
    #[error("failed to read {}: {source} (execute.slurm.template)", path.display())]
    OwnTemplate {
        /// The template.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A template cannot be filled in.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// What is left to run cannot be found out, or a file cannot be written.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
}

impl AtFault for SlurmError {
    fn fault(&self) -> Fault {
        match self {
            SlurmError::Missing { .. } | SlurmError::OwnTemplate { .. } => Fault::Input,
            SlurmError::Program { .. } | SlurmError::Refused { .. } => Fault::Run,
            SlurmError::Template(error) => error.fault(),
            SlurmError::Execute(error) => error.fault(),
        }
    }

    fn diagnostic(&self) -> Option<&dyn Diagnostic> {
        match self {
            SlurmError::Execute(error) => error.diagnostic(),
            _ => None,
        }
    }
}
