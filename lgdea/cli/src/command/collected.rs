//! Runs that are compared: brought together for all commands that do.

use std::path::{Path, PathBuf};

use lgdea_comparison::Collection;

use crate::args::compare::Inputs;
use crate::command::not_read;
use crate::failure::Failure;
use crate::progress::say;

pub(crate) fn collect(inputs: &Inputs) -> Result<Collection, Failure> {
    Ok(Collection::read(&inputs.paths, &inputs.results)?)
}

/// Refuses to write onto what is compared, named as a path or as something of the results folder.
pub(crate) fn not_an_input(out: &Path, inputs: &Inputs) -> Result<(), Failure> {
    let read: Vec<PathBuf> = Collection::files(&inputs.paths, &inputs.results).collect();
    not_read(out, &read.iter().map(PathBuf::as_path).collect::<Vec<_>>())
}

/// Says what is missing and doubtful.
pub(crate) fn warn(collection: &Collection) {
    let all = collection.warnings.iter().cloned().chain(collection.shortfall()).chain(collection.data_left_out());
    all.for_each(|note| say(format!("note: {note}")));
}

/// The command as it was typed, for captions; arguments with blanks in quotes.
pub(crate) fn typed() -> String {
    let arguments = std::env::args_os().skip(1).map(|argument| {
        let text = argument.to_string_lossy().into_owned();
        let plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
        if !text.is_empty() && text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
    });
    ["lgdea".to_owned()].into_iter().chain(arguments).collect::<Vec<_>>().join(" ")
}
