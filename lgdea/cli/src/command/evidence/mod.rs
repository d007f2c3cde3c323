//! `lgdea evidence`: reading reports, and how well they are read.

mod diff;
mod extract;
mod highlight;
mod provider;
mod score;
mod show;

use crate::args::evidence::EvidenceCommand;
use crate::failure::{Failure, refused};
use crate::output::{print, print_json};

pub(crate) fn evidence(command: &EvidenceCommand) -> Result<(), Failure> {
    match command {
        EvidenceCommand::Extract(args) => extract::extract(args),
        EvidenceCommand::Score(args) => score::score(args),
        EvidenceCommand::Show(args) => show::show(args),
        EvidenceCommand::Diff(args) => diff::diff(args),
    }
}

/// A report's text without characters that steer a terminal.
fn printable(text: &str) -> String {
    let steers = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    text.replace("\r\n", "\n").replace(steers, "\u{fffd}")
}
