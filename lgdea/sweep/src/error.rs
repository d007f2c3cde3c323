//! Why a sweep cannot be planned or go on.

use lgdea_inputs::InputsError;
use lgdea_spec::SpecError;
use thiserror::Error;

use crate::TrialsError;

/// Why a sweep cannot be planned.
#[derive(Debug, Error)]
pub enum PlanError {
    /// The sweep has trials that are no valid experiments.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// What a trial reads cannot be read.
    #[error(transparent)]
    Inputs(#[from] InputsError),
    /// The folder of earlier runs cannot be read.
    #[error("failed to read {}: {source}", path.display())]
    Results {
        /// The folder.
        path: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Why a sweep cannot go on. What a single trial meets is no such error.
#[derive(Debug, Error)]
pub enum ExecuteError {
    /// A trial cannot be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A trial is no valid experiment.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The list of trials cannot be written.
    #[error(transparent)]
    Trials(#[from] TrialsError),
    /// A file or folder cannot be read or written.
    #[error("failed to {action} {}: {source}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A lease cannot be taken or given back.
    #[error("failed to lease a run: {0}; the results folder must be on a file system with hard links")]
    Lease(std::io::Error),
    /// The system does not tell what became of a process.
    #[error("failed to look after a trial's process: {0}")]
    Process(std::io::Error),
}

impl ExecuteError {
    /// An [`ExecuteError::File`], for `map_err`.
    pub(crate) fn file(action: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> ExecuteError {
        let path = path.to_owned();
        move |source| ExecuteError::File { action, path, source }
    }
}
