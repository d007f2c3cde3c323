//! Why a trained model has no answer.

/// Why a trained model has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// The evaluated split has nothing to evaluate.
    #[error("the {split} split has no study with an image: no task can be evaluated on it")]
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
         loss.evidence-alignment and loss.evidence-local-unpaired, graph.share above 0, and no graph.oracle"
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

impl InspectError {
    /// Whether the question is at fault: the method, or the data, has nothing to answer it.
    pub fn is_of_input(&self) -> bool {
        matches!(self, Self::EmptySplit { .. } | Self::NoPrototypes | Self::NoGraph)
    }
}
