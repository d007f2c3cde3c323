//! Runs that are compared: brought together for all commands that do.

use lgdea_comparison::Collection;

use crate::args::compare::Inputs;
use crate::failure::Failure;
use crate::progress::say;

pub(crate) fn collect(inputs: &Inputs) -> Result<Collection, Failure> {
    Ok(Collection::read(&inputs.paths, &inputs.results)?)
}

/// Says what is missing and doubtful.
pub(crate) fn warn(collection: &Collection) {
    let shortfall = collection.shortfall();
    let all = collection.warnings.iter().map(String::as_str).chain([shortfall.as_str()]);
    all.filter(|note| !note.is_empty()).for_each(|note| say(format!("note: {note}")));
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
