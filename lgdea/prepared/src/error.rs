//! Why an experiment's data cannot be read by a model.

use std::path::PathBuf;

use lgdea_fault::{AtFault, Fault};
use lgdea_spec::{agreeing, counted};

/// Why an experiment's data cannot be read by a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PreparedError {
    /// A published encoder cannot be used.
    #[error("{}: {message}", path.display())]
    Published {
        /// Its file or folder.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// A published encoder is not on this machine.
    #[error(transparent)]
    Data(#[from] lgdea_data::DataError),
    /// The oracle has nothing to reveal.
    #[error(
        "graph.oracle reveals the reports that the pairing hides, and {without} of the {images} unpaired images have none: \
         it is a diagnostic for data where every image has a report and pairing.unpaired is \"disjoint\""
    )]
    NothingHidden {
        /// Unpaired images without a report.
        without: usize,
        /// Unpaired images.
        images: usize,
    },
    /// Pairs are to be mismatched, and there is no other to take a report from.
    #[error(
        "pairing.mismatched gives each pair the report of another one, and there {} {}: raise pairing.ratio",
        agreeing(*pairs, "is", "are"),
        counted(*pairs, "pair")
    )]
    NoOtherPair {
        /// Pairs.
        pairs: usize,
    },
    /// Labels are to teach, and there are none.
    #[error(
        "graph.labels teaches unpaired images what their labels say, and none of the {images} has a label that names a finding: \
         leave it out, or name the labels of the data"
    )]
    NothingLabelled {
        /// Unpaired images.
        images: usize,
    },
    /// The ontology that reads labels cannot be used.
    #[error(transparent)]
    Evidence(#[from] lgdea_evidence::EvidenceError),
    /// The tokenizer failed.
    #[error(transparent)]
    Tokenizer(#[from] lgdea_model::TokenizerError),
    /// The prompts of the classes to learn cannot be used.
    #[error(transparent)]
    Eval(#[from] lgdea_eval::EvalError),
}

/// What the experiment names and the data hold is the input.
impl AtFault for PreparedError {
    fn fault(&self) -> Fault {
        match self {
            Self::Published { .. }
            | Self::NothingHidden { .. }
            | Self::NoOtherPair { .. }
            | Self::NothingLabelled { .. } => Fault::Input,
            Self::Data(error) => error.fault(),
            Self::Evidence(error) => error.fault(),
            Self::Tokenizer(error) => error.fault(),
            Self::Eval(error) => error.fault(),
        }
    }
}

#[cfg(test)]
mod tests {
    use lgdea_model::TokenizerError;

    use super::*;

    #[test]
    fn what_the_experiment_names_is_the_input_and_what_a_library_does_is_not() {
        let text = || "text".to_owned();
        let prompts = lgdea_eval::EvalError::InvalidPrompts { origin: text(), problem: text() };
        let table = [
            (PreparedError::Published { path: text().into(), message: text() }, Fault::Input),
            (PreparedError::NothingHidden { without: 1, images: 2 }, Fault::Input),
            (PreparedError::NothingLabelled { images: 2 }, Fault::Input),
            (PreparedError::Tokenizer(TokenizerError::EmptyCorpus), Fault::Input),
            (PreparedError::Tokenizer(TokenizerError::Library { action: "read a text", message: text() }), Fault::Run),
            (PreparedError::Eval(prompts), Fault::Input),
        ];
        for (error, fault) in table {
            assert_eq!(error.fault(), fault, "{error}");
        }
    }
}
