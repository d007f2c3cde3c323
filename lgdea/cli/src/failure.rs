//! How commands end badly: exit code 2 where the input is wrong, 1 where the run failed.

use std::process::ExitCode;

use lgdea_prepared::PreparedError;
use lgdea_train::TrainError;
use miette::{Diagnostic, MietteDiagnostic, Report};

use crate::progress::say;

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The user gave something that cannot be used.
    Input(Report),
    /// The input was fine; doing it failed.
    Run(Report),
    /// Everything is told already.
    Quiet(ExitCode),
}

impl Failure {
    /// Wrong input that can point at its place.
    pub(crate) fn input(diagnostic: impl Diagnostic + Send + Sync + 'static) -> Self {
        Self::Input(Report::new(diagnostic))
    }

    /// Wrong input.
    pub(crate) fn bad(error: &dyn std::error::Error) -> Self {
        Self::Input(Report::new(MietteDiagnostic::new(chain(error))))
    }

    /// A failed run.
    pub(crate) fn failed(error: &dyn std::error::Error) -> Self {
        Self::Run(Report::new(MietteDiagnostic::new(chain(error))))
    }

    /// Training that ended early: wrong input where a published encoder or a pattern over parameters is at fault.
    pub(crate) fn of_training(error: &TrainError) -> Self {
        if error.is_of_input() { Self::bad(error) } else { Self::failed(error) }
    }

    /// Data that no model can read: wrong input where what the experiment names is at fault.
    pub(crate) fn of_preparing(error: &PreparedError) -> Self {
        if error.is_of_input() { Self::bad(error) } else { Self::failed(error) }
    }

    /// A failed run, in words.
    pub(crate) fn because(reason: String) -> Self {
        Self::Run(Report::new(MietteDiagnostic::new(reason)))
    }

    /// The message, for the journal.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Input(report) | Self::Run(report) => report.to_string(),
            Self::Quiet(_) => String::new(),
        }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Input(_) => ExitCode::from(2),
            Self::Run(_) => ExitCode::from(1),
            Self::Quiet(code) => *code,
        }
    }

    pub(crate) fn print(&self) {
        match self {
            Self::Input(report) | Self::Run(report) => say(format!("{report:?}")),
            Self::Quiet(_) => {}
        }
    }
}

/// Wrong input, in words.
pub(crate) fn refused(problem: String) -> Failure {
    Failure::input(MietteDiagnostic::new(problem))
}

/// An error with its causes that its own text does not repeat, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("failed to read {0}")]
        struct Outer(&'static str, #[source] std::io::Error);
        let error = Outer("a.csv", std::io::Error::other("disk on fire"));
        assert_eq!(chain(&error), "failed to read a.csv: disk on fire");
    }
}
