//! Why a trained model has no answer.

use lgdea_fault::{AtFault, Fault};

/// Why a trained model has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// There is nothing to evaluate.
    #[error("no study has an image: no task can be evaluated")]
    NoImages,
    /// The split has nothing to look at.
    #[error("the {split} split has no study with an image")]
    EmptySplit {
        /// Name of the split.
        split: lgdea_data::Split,
    },
    /// The method's prototypes mean nothing.
    #[error(
        "the run's method has no evidence space: none of its terms reads the prototypes, which are as random as they began; \
         take a run with one of loss.reconstruction, loss.evidence-paired, loss.evidence-unpaired and loss.evidence-alignment"
    )]
    NoPrototypes,
    /// The method has no relation graph.
    #[error(
        "the run's method has no relation graph: it needs train.unpaired-images, one of loss.evidence-unpaired, \
         loss.evidence-alignment, loss.evidence-local-unpaired and loss.evidence-global-unpaired, and no graph.oracle"
    )]
    NoGraph,
    /// A model cannot be written.
    #[error(transparent)]
    Export(#[from] lgdea_model::ExportError),
    /// The tokenizer failed.
    #[error(transparent)]
    Tokenizer(#[from] lgdea_model::TokenizerError),
    /// An evaluation task failed.
    #[error(transparent)]
    Eval(#[from] lgdea_eval::EvalError),
}

/// A question that the method, or the data, has no answer to is the input.
impl AtFault for InspectError {
    fn fault(&self) -> Fault {
        match self {
            Self::NoImages | Self::EmptySplit { .. } | Self::NoPrototypes | Self::NoGraph => Fault::Input,
            Self::Export(error) => error.fault(),
            Self::Tokenizer(error) => error.fault(),
            Self::Eval(error) => error.fault(),
        }
    }
}

#[cfg(test)]
mod tests {
    use lgdea_eval::EvalError;
    use lgdea_model::ExportError;

    use super::*;

    #[test]
    fn questions_without_an_answer_are_the_input_and_files_that_cannot_be_written_are_not() {
        let full = std::io::Error::other("the disk is full");
        let table = [
            (InspectError::NoImages, Fault::Input),
            (InspectError::EmptySplit { split: lgdea_data::Split::Test }, Fault::Input),
            (InspectError::NoPrototypes, Fault::Input),
            (InspectError::NoGraph, Fault::Input),
            (InspectError::Export(ExportError::File { path: "model".into(), source: full }), Fault::Run),
            (
                InspectError::Eval(EvalError::NotFinite { what: "images".to_owned(), row: 0, value: f32::NAN }),
                Fault::Run,
            ),
        ];
        for (error, fault) in table {
            assert_eq!(error.fault(), fault, "{error}");
        }
    }
}
