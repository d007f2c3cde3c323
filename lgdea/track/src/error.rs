//! What can go wrong with a run's folder and journal.

use std::path::{Path, PathBuf};

use lgdea_fault::{AtFault, Fault};

/// What can go wrong with a run's folder and journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("could not {action} {}", path.display())]
    Io {
        /// What was tried: `open`, `write`, …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A new run was to be written where one already is.
    #[error("{} already exists; continue that run, or remove its folder to start afresh", path.display())]
    Exists {
        /// The journal.
        path: PathBuf,
    },
    /// Another process (or another part of this one) is at work on the same run.
    #[error("{} is held by another process; wait until that has ended, or stop it", path.display())]
    Busy {
        /// The lock.
        path: PathBuf,
    },
    /// A line of a journal is not an event.
    #[error(
        "{}, line {line} (byte {offset}) is not an event of this version of lgdea: {reason}; \
         correct or remove that line, the others are unharmed", path.display()
    )]
    Line {
        /// The journal.
        path: PathBuf,
        /// Number of the line, from 1.
        line: u64,
        /// Byte at which the line begins.
        offset: u64,
        /// What the parser found.
        reason: String,
    },
    /// A value has no form as parameters.
    #[error("could not write the settings as parameters: {0}")]
    Params(#[from] serde_json::Error),
}

impl Error {
    /// An [`Error::Io`], for `map_err`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
        move |source| Error::Io { action, path: path.to_path_buf(), source }
    }
}

/// A run writes its journal itself. Where an old one is asked for, who asks says that it is the input.
impl AtFault for Error {
    fn fault(&self) -> Fault {
        match self {
            // The run's folder is the first thing that is made in the results folder, which the user names.
            Error::Io { action: "create", source, .. } => lgdea_fault::of_place(source),
            _ => Fault::Run,
        }
    }
}
