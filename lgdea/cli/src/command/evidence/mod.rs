//! `lgdea evidence`: reading reports, and how well they are read.

mod diff;
mod extract;
mod highlight;
mod provider;
mod score;
mod show;

use std::io::{ErrorKind, Write};

use lgdea_evidence::EvidenceError;
use miette::MietteDiagnostic;

use crate::args::evidence::EvidenceCommand;
use crate::failure::Failure;

pub(crate) fn evidence(command: &EvidenceCommand) -> Result<(), Failure> {
    match command {
        EvidenceCommand::Extract(args) => extract::extract(args),
        EvidenceCommand::Score(args) => score::score(args),
        EvidenceCommand::Show(args) => show::show(args),
        EvidenceCommand::Diff(args) => diff::diff(args),
    }
}

/// What cannot be used is wrong input; a server or a cache that stopped working is a failed run.
fn failure(error: &EvidenceError) -> Failure {
    match error {
        EvidenceError::Server { .. } | EvidenceError::Cache { .. } => Failure::failed(error),
        _ => Failure::bad(error),
    }
}

/// Wrong input, in words.
fn refused(problem: String) -> Failure {
    Failure::input(MietteDiagnostic::new(problem))
}

/// Writes to standard output. A reader that has seen enough ends the output, not the command.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::failed(&error)),
        _ => Ok(()),
    }
}

/// Writes a JSON object to standard output.
fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::failed(&error))?;
    print(&format!("{text}\n"))
}

/// A report's text without characters that steer a terminal.
fn printable(text: &str) -> String {
    let steers = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    text.replace("\r\n", "\n").replace(steers, "\u{fffd}")
}
