use std::path::PathBuf;

/// Why an ontology or gold annotation could not be read.
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
    /// The TOML is malformed or has unknown or missing keys.
    #[error("{path} is not a valid ontology: {source}")]
    Parse {
        /// The file, or the name of a shipped ontology.
        path: String,
        /// The cause, with line and column.
        source: Box<toml::de::Error>,
    },
    /// The TOML is well-formed but contradicts itself.
    #[error("{path}: {problem}")]
    Ontology {
        /// The file, or the name of a shipped ontology.
        path: String,
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
}
