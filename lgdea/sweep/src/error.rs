//! Why a sweep cannot be planned or go on.

use lgdea_fault::{AtFault, Fault};
use lgdea_inputs::InputsError;
use lgdea_spec::SpecError;
use miette::Diagnostic;
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
    /// The disk of the results, or its owner's share of it, is full.
    #[error(
        "no space is left in {} ({reason}){}. What has run is kept, and nothing counts as failed: free some space and call \
         `lgdea sweep` again", path.display(), still_to_run(*left)
    )]
    Full {
        /// The results folder.
        path: std::path::PathBuf,
        /// What the system says.
        reason: String,
        /// Runs that are left; none where it is not known.
        left: Option<usize>,
    },
    /// The system does not tell what became of a process.
    #[error("failed to look after a trial's process: {0}")]
    Process(std::io::Error),
}

/// Whether an error is that no space is left.
pub(crate) fn is_full(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
}

fn still_to_run(left: Option<usize>) -> String {
    left.map_or_else(String::new, |left| format!("; {left} {} left", if left == 1 { "run is" } else { "runs are" }))
}

impl ExecuteError {
    /// That no space is left, as the system says it, where the error is that.
    pub(crate) fn says_full(&self) -> Option<String> {
        let (ExecuteError::File { source, .. }
        | ExecuteError::Lease(source)
        | ExecuteError::Trials(TrialsError::File { source, .. })) = self
        else {
            return None;
        };
        let words = if matches!(self, ExecuteError::Lease(_)) { source.to_string() } else { self.to_string() };
        is_full(source).then_some(words)
    }

    /// The error itself, or that the results folder has no space left.
    pub(crate) fn or_full(self, results: &std::path::Path) -> ExecuteError {
        match self.says_full() {
            Some(reason) => ExecuteError::Full { path: results.to_owned(), reason, left: None },
            None => self,
        }
    }

    /// An [`ExecuteError::File`], for `map_err`.
    pub(crate) fn file(action: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> ExecuteError {
        let path = path.to_owned();
        move |source| ExecuteError::File { action, path, source }
    }
}

/// To plan is to read: the sweep, what its trials read, and what there is already.
impl AtFault for PlanError {
    fn fault(&self) -> Fault {
        match self {
            PlanError::Spec(_) | PlanError::Results { .. } => Fault::Input,
            PlanError::Inputs(error) => error.fault(),
        }
    }

    fn diagnostic(&self) -> Option<&dyn Diagnostic> {
        match self {
            PlanError::Spec(error) => error.diagnostic(),
            PlanError::Inputs(_) | PlanError::Results { .. } => None,
        }
    }
}

impl AtFault for ExecuteError {
    fn fault(&self) -> Fault {
        match self {
            ExecuteError::Plan(error) => error.fault(),
            ExecuteError::Spec(error) => error.fault(),
            ExecuteError::Trials(error) => error.fault(),
            ExecuteError::File { source, .. } => lgdea_fault::of_place(source),
            ExecuteError::Full { .. } | ExecuteError::Lease(_) | ExecuteError::Process(_) => Fault::Run,
        }
    }

    fn diagnostic(&self) -> Option<&dyn Diagnostic> {
        match self {
            ExecuteError::Plan(error) => error.diagnostic(),
            ExecuteError::Spec(error) => error.diagnostic(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use lgdea_data::DataError;
    use lgdea_spec::sweep::Sweep;

    use super::*;

    #[test]
    fn what_a_plan_reads_is_the_input_and_what_a_sweep_writes_is_not() {
        let wrong = || Sweep::from_file(std::path::Path::new("nowhere.toml")).unwrap_err();
        let full = || std::io::Error::other("the disk is full");
        let inputs = InputsError::Data(DataError::ImageSize { size: 0 });
        let plan = |error: PlanError| ExecuteError::Plan(error);
        let table = [
            (plan(PlanError::Spec(wrong())), Fault::Input, true),
            (plan(PlanError::Inputs(inputs)), Fault::Input, false),
            (plan(PlanError::Results { path: "results".into(), source: full() }), Fault::Input, false),
            (ExecuteError::Spec(wrong()), Fault::Input, true),
            (ExecuteError::Lease(full()), Fault::Run, false),
            (ExecuteError::File { action: "write", path: "trials.jsonl".into(), source: full() }, Fault::Run, false),
        ];
        for (error, fault, has_place) in table {
            assert_eq!((error.fault(), error.diagnostic().is_some()), (fault, has_place), "{error}");
        }
    }
}
