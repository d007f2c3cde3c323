//! Why inputs cannot be read.

use lgdea_data::DataError;
use lgdea_eval::EvalError;
use lgdea_evidence::EvidenceError;
use lgdea_fault::{AtFault, Fault};
use thiserror::Error;

/// Why what an experiment reads cannot be read.
#[derive(Debug, Error)]
pub enum InputsError {
    /// Its data or published weights.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Its ontology, or the prompt of its language model.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// Its zero-shot prompts.
    #[error(transparent)]
    Prompts(#[from] EvalError),
    /// The data of an evaluation set.
    #[error("evaluation set `{name}`")]
    Set {
        /// Its name.
        name: String,
        /// Why.
        source: Box<DataError>,
    },
    /// An evaluation set without a study to score.
    #[error("evaluation set `{name}`: {reason}; {remedy}")]
    NothingScored {
        /// Its name.
        name: String,
        /// Why.
        reason: String,
        /// What to do.
        remedy: &'static str,
    },
}

impl AtFault for InputsError {
    fn fault(&self) -> Fault {
        match self {
            InputsError::Data(error) => error.fault(),
            InputsError::Evidence(error) => error.fault(),
            InputsError::Prompts(error) => error.fault(),
            InputsError::Set { source, .. } => source.fault(),
            InputsError::NothingScored { .. } => Fault::Input,
        }
    }
}
