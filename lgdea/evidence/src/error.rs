//! Why reports, or what reading them needs, cannot be read.

use std::path::PathBuf;

use lgdea_fault::{AtFault, Fault};

/// Why reports, or what reading them needs, could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// The file could not be read.
    #[error("cannot read {path}: {source}; check that the file exists and is UTF-8 text")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A table or an archive cannot be read.
    #[error(transparent)]
    Data(Box<lgdea_data::DataError>),
    /// The name is neither shipped nor a file.
    #[error(
        "no ontology is called {name:?} and no such file exists; shipped: {known}; or give the path of a TOML file"
    )]
    UnknownOntology {
        /// What was asked for.
        name: String,
        /// The shipped names.
        known: String,
    },
    /// The path of an ontology or a prompt names an environment variable that cannot be used.
    #[error(transparent)]
    Path(#[from] lgdea_spec::EnvironmentError),
    /// The shipped mapping of annotations is malformed.
    #[error("{path} cannot be read: {source}")]
    Parse {
        /// Its name.
        path: String,
        /// The cause, with line and column.
        source: Box<toml::de::Error>,
    },
    /// An ontology cannot be used.
    #[error("{path}: {problem}")]
    Ontology {
        /// The file, or the name of a shipped ontology, and the line where it is known.
        path: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A file of reports, labels or evidence cannot be used.
    #[error("{place}: {problem}")]
    Input {
        /// The file, and the line where there is one.
        place: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// An Open-I report is malformed.
    #[error("{path} is not an Open-I report: {problem}")]
    Openi {
        /// The file.
        path: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// The name is neither shipped nor a file.
    #[error(
        "no prompt is called {name:?} and no such file exists; shipped: {known}; or give the path of a .j2 template"
    )]
    UnknownPrompt {
        /// What was asked for.
        name: String,
        /// The shipped names.
        known: String,
    },
    /// A prompt cannot be rendered.
    #[error("prompt {path}: {problem}")]
    Prompt {
        /// The file, or the name of a shipped prompt.
        path: String,
        /// What is wrong, in which line, and what to do.
        problem: String,
    },
    /// The server's address cannot be used. It is not repeated: it may hold a key.
    #[error("base-url {problem}")]
    BaseUrl {
        /// What is wrong and what to do.
        problem: String,
    },
    /// The server is neither on this machine nor in a private network.
    #[error(
        "{host} is beyond this machine and its private network: no report is sent there. The data use agreements of \
         MIMIC-CXR and other credentialed data sets forbid to share reports with third-party APIs; where yours allows \
         it, set allow-remote = true in [evidence.openai]"
    )]
    Remote {
        /// Its host name or address.
        host: String,
    },
    /// Reports would cross a public network in the clear.
    #[error(
        "{host} is beyond the private network and base-url begins with http://: reports would be readable on the way; use https://"
    )]
    ClearText {
        /// The server's host name or address.
        host: String,
    },
    /// The environment variable with the API key cannot be used.
    #[error("the environment variable {variable}, which api-key-env names, {problem}; set it to the server's API key")]
    Key {
        /// Its name.
        variable: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// The server cannot be used or stopped working.
    #[error("the server at {server} {problem}")]
    Server {
        /// Its address.
        server: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// The file of a language model's answers cannot be used.
    #[error("the evidence cache {path} cannot be used: {problem}")]
    Cache {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
    /// Answers to replay are missing.
    #[error(
        "the evidence cache {cache} lacks the answers of {model} with prompt {prompt} about {missing} of {reports} \
         reports (first: {first}); extract them with [evidence.openai] and the same settings, or give the file that has them"
    )]
    Replay {
        /// The file.
        cache: PathBuf,
        /// How many reports have no answer.
        missing: usize,
        /// Of how many.
        reports: usize,
        /// The first of the missing.
        first: String,
        /// The model.
        model: String,
        /// The prompt.
        prompt: String,
    },
}

/// What cannot be used is wrong input; a server or a cache that stopped working is not.
impl From<lgdea_data::DataError> for EvidenceError {
    fn from(error: lgdea_data::DataError) -> Self {
        Self::Data(Box::new(error))
    }
}

impl AtFault for EvidenceError {
    fn fault(&self) -> Fault {
        match self {
            EvidenceError::Data(error) => error.fault(),
            EvidenceError::Server { .. } | EvidenceError::Cache { .. } => Fault::Run,
            EvidenceError::Read { .. }
            | EvidenceError::UnknownOntology { .. }
            | EvidenceError::Path(_)
            | EvidenceError::Parse { .. }
            | EvidenceError::Ontology { .. }
            | EvidenceError::Input { .. }
            | EvidenceError::Openi { .. }
            | EvidenceError::UnknownPrompt { .. }
            | EvidenceError::Prompt { .. }
            | EvidenceError::BaseUrl { .. }
            | EvidenceError::Remote { .. }
            | EvidenceError::ClearText { .. }
            | EvidenceError::Key { .. }
            | EvidenceError::Replay { .. } => Fault::Input,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_and_caches_fail_and_all_else_is_the_input() {
        let text = || "text".to_owned();
        let table = [
            (EvidenceError::Server { server: text(), problem: text() }, Fault::Run),
            (EvidenceError::Cache { path: text().into(), problem: text() }, Fault::Run),
            (EvidenceError::UnknownOntology { name: text(), known: text() }, Fault::Input),
            (EvidenceError::Input { place: text(), problem: text() }, Fault::Input),
            (EvidenceError::Prompt { path: text(), problem: text() }, Fault::Input),
            (EvidenceError::BaseUrl { problem: text() }, Fault::Input),
            (EvidenceError::Remote { host: text() }, Fault::Input),
            (EvidenceError::Key { variable: text(), problem: "is empty" }, Fault::Input),
        ];
        for (error, fault) in table {
            assert_eq!(error.fault(), fault, "{error}");
        }
    }
}
