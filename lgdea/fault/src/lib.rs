//! Whose fault an error is: the input's, or the run's.
//!
//! Every error of lgdea's crates implements [`AtFault`]; the binary takes its exit code from there. An error that holds
//! another one asks it, unless the place decides: each such place says why.

use std::error::Error;

use miette::Diagnostic;

/// Whose fault it is that something did not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The user gave something that cannot be used.
    Input,
    /// The input was fine; doing what was asked failed.
    Run,
}

/// An error that says whose fault it is.
pub trait AtFault: Error {
    /// Whose fault it is.
    fn fault(&self) -> Fault;

    /// The error as one that can point at the text that causes it, where it can.
    fn diagnostic(&self) -> Option<&dyn Diagnostic> {
        None
    }
}

/// Whose fault it is that a place that the user names cannot be written or read: the input's where the place is wrong (no folder,
/// not allowed, a file where a folder is to be), the run's where it is right and something else fails, such as a full disk.
pub fn of_place(error: &std::io::Error) -> Fault {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound
        | ErrorKind::PermissionDenied
        | ErrorKind::AlreadyExists
        | ErrorKind::NotADirectory
        | ErrorKind::IsADirectory
        | ErrorKind::ReadOnlyFilesystem
        | ErrorKind::InvalidFilename
        | ErrorKind::InvalidInput => Fault::Input,
        _ => Fault::Run,
    }
}

/// What the system calls a full disk and a spent quota, whatever its language.
const FULL: [&str; 2] = ["(os error 28)", "(os error 122)"];

/// The line of a message that says that no space is left on a disk; none where it does not say so.
pub fn full_disk(message: &str) -> Option<&str> {
    message.lines().find(|line| FULL.iter().any(|words| line.contains(words)))
}

/// What the system says where nothing else is known of it.
impl AtFault for std::io::Error {
    fn fault(&self) -> Fault {
        Fault::Run
    }
}

/// What is written as JSON are values of our own.
impl AtFault for serde_json::Error {
    fn fault(&self) -> Fault {
        Fault::Run
    }
}

/// An error with its causes that its own text does not repeat, in one line.
pub fn chain(error: &dyn Error) -> String {
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
    fn a_wrong_place_is_the_users_and_a_full_disk_is_not() {
        // ENOENT, EACCES, EEXIST, ENOTDIR, EISDIR, EROFS, ENAMETOOLONG; EIO, ENOSPC, EDQUOT.
        for (number, fault) in [2, 13, 17, 20, 21, 30, 36]
            .map(|number| (number, Fault::Input))
            .into_iter()
            .chain([5, 28, 122].map(|number| (number, Fault::Run)))
        {
            assert_eq!(of_place(&std::io::Error::from_raw_os_error(number)), fault, "{number}");
        }
    }

    #[test]
    fn causes_are_told_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("failed to read {0}")]
        struct Outer(&'static str, #[source] std::io::Error);
        let error = Outer("a.csv", std::io::Error::other("disk on fire"));
        assert_eq!(chain(&error), "failed to read a.csv: disk on fire");
    }
}
