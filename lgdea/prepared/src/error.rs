//! Why an experiment's data cannot be read by a model.

use std::path::PathBuf;

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
    /// The tokenizer failed.
    #[error(transparent)]
    Tokenizer(#[from] lgdea_model::TokenizerError),
    /// The prompts of the classes to learn cannot be used.
    #[error(transparent)]
    Eval(#[from] lgdea_eval::EvalError),
}

impl PreparedError {
    /// Whether what the experiment names is at fault.
    pub fn is_of_input(&self) -> bool {
        matches!(self, Self::Published { .. } | Self::Data(_) | Self::NothingHidden { .. })
    }
}
