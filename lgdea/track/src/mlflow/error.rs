//! What can go wrong between a journal and an MLflow server.

use std::path::PathBuf;
use std::time::Duration;

use lgdea_fault::{AtFault, Fault};

/// What can go wrong between a journal and an MLflow server. No message ever holds a password or token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The tracking URI is none that can be spoken to.
    #[error("the tracking URI `{uri}` {reason}")]
    Uri {
        /// The URI, without credentials.
        uri: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A setting of the tracker is wrong.
    #[error("{0}")]
    Setting(String),
    /// A certificate could not be used.
    #[error("MLFLOW_TRACKING_SERVER_CERT_PATH names {}, which is no readable PEM certificate: {reason}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why it cannot be used.
        reason: String,
    },
    /// The server could not be reached, or the connection broke.
    #[error("no answer from the MLflow server {server}: {reason}")]
    Connection {
        /// The server, without credentials.
        server: String,
        /// What happened.
        reason: String,
    },
    /// The server answered with an error.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// Something answered that is not an MLflow server.
    #[error("{server} answered {call} with something else than MLflow's JSON; is the tracking URI right?")]
    NotMlflow {
        /// The server, without credentials.
        server: String,
        /// The endpoint that was called.
        call: String,
    },
    /// The experiment or the run is in the server's bin.
    #[error("{what} was deleted on the MLflow server; restore it there, or {instead}")]
    Deleted {
        /// What was deleted.
        what: String,
        /// What else can be done.
        instead: String,
    },
    /// The journal does not begin with the start of a run.
    #[error("{} does not begin with a `started` event, so there is no run to show", path.display())]
    NotStarted {
        /// The journal.
        path: PathBuf,
    },
    /// The journal could not be read, or the run is being sent by someone else.
    #[error(transparent)]
    Journal(#[from] crate::Error),
}

/// An error that a server, or a proxy before it, answered with.
#[derive(Debug, thiserror::Error)]
#[error("the MLflow server {server} answered {status} to {call}: {message}{hint}")]
pub struct Refusal {
    /// The server, without credentials.
    pub server: String,
    /// HTTP status.
    pub status: u16,
    /// The endpoint that was called.
    pub call: String,
    /// MLflow's `error_code`, where it gave one.
    pub code: String,
    /// MLflow's message, or the beginning of the answer.
    pub message: String,
    /// What to do about it, in brackets; empty where we do not know.
    pub hint: String,
    /// How long the server asked us to wait.
    pub retry_after: Option<Duration>,
}

impl Error {
    /// Whether the same call may succeed later without anyone's doing.
    pub fn is_transient(&self) -> bool {
        match self {
            // A lock that is held is let go of.
            Error::Connection { .. } | Error::Journal(crate::Error::Busy { .. }) => true,
            Error::Refused(refusal) => {
                // A run that has vanished is found or made anew.
                matches!(refusal.status, 408 | 429 | 500 | 502 | 503 | 504) || self.is_missing()
            }
            _ => false,
        }
    }

    /// How long the server asked us to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Error::Refused(refusal) => refusal.retry_after,
            _ => None,
        }
    }

    /// Whether the server does not know the experiment or run.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Error::Refused(refusal) if refusal.code == "RESOURCE_DOES_NOT_EXIST")
    }

    /// Whether the server has no such endpoint: one of an earlier version, or one on a store that lacks the feature.
    pub(super) fn is_unknown_call(&self) -> bool {
        matches!(self, Error::Refused(refusal) if matches!(refusal.status, 404 | 405 | 501)) && !self.is_missing()
    }

    /// Whether the server exists and takes us in, but does not accept what was sent.
    pub(super) fn is_refusal(&self) -> bool {
        let refused = |status| matches!(status, 400..=499) && !matches!(status, 401 | 403);
        matches!(self, Error::Refused(refusal) if refused(refusal.status)) && !self.is_transient()
    }
}

impl AtFault for Error {
    fn fault(&self) -> Fault {
        match self {
            Error::Uri { .. } | Error::Setting(_) | Error::Certificate { .. } => Fault::Input,
            Error::Connection { .. }
            | Error::Refused(_)
            | Error::NotMlflow { .. }
            | Error::Deleted { .. }
            | Error::NotStarted { .. } => Fault::Run,
            Error::Journal(error) => error.fault(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_the_input_and_what_servers_do_is_not() {
        let text = || "text".to_owned();
        let table = [
            (Error::Uri { uri: text(), reason: text() }, Fault::Input),
            (Error::Setting(text()), Fault::Input),
            (Error::Certificate { path: text().into(), reason: text() }, Fault::Input),
            (Error::Connection { server: text(), reason: text() }, Fault::Run),
            (Error::NotMlflow { server: text(), call: text() }, Fault::Run),
            (Error::Deleted { what: text(), instead: text() }, Fault::Run),
            (Error::NotStarted { path: text().into() }, Fault::Run),
            (Error::Journal(crate::Error::Busy { path: text().into() }), Fault::Run),
        ];
        for (error, fault) in table {
            assert_eq!(error.fault(), fault, "{error}");
        }
    }
}
