use std::path::PathBuf;

use lgdea_fault::{AtFault, Fault};

/// Why training or evaluation stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The loss is no number.
    #[error("the loss is {loss} at step {step}: lower train.learning-rate or train.clip-norm")]
    NotFinite {
        /// Step of the stage, counted from 0.
        step: usize,
        /// The loss.
        loss: f32,
    },
    /// The weights are no numbers.
    #[error(
        "the weights are no finite numbers after step {done}: lower train.learning-rate or train.clip-norm; the checkpoint before \
         is kept"
    )]
    Diverged {
        /// Joint steps done.
        done: usize,
    },
    /// A regular expression over names of parameters that names none.
    #[error(
        "train.learning-rate-factors has `{pattern}`, and no parameter's name matches it; names are such as {some}"
    )]
    NoSuchParameter {
        /// The pattern.
        pattern: String,
        /// Some names.
        some: String,
    },
    /// A regular expression over names of parameters that is none.
    #[error("train.learning-rate-factors: {message}")]
    Pattern {
        /// What the library says.
        message: String,
    },
    /// A published encoder cannot be used.
    #[error("{}: {message}", path.display())]
    Published {
        /// Its file or folder.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// Published weights cannot be read.
    #[error(transparent)]
    Weights(#[from] lgdea_model::weights::WeightsError),
    /// A model cannot be written.
    #[error(transparent)]
    Export(#[from] lgdea_model::ExportError),
    /// Published weights are not on this machine.
    #[error(transparent)]
    Data(#[from] lgdea_data::DataError),
    /// No loss term acts at a step.
    #[error("no loss term acts at step {step}: give one of [loss] a weight above 0 and an earlier start")]
    NoLoss {
        /// Joint step, counted from 0.
        step: usize,
    },
    /// No training study may be used as a pair.
    #[error("there are no training pairs: raise pairing.ratio, or add studies with both an image and a report")]
    NoPairs,
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
    /// The training data could not be loaded any further.
    #[error("the batch loader stopped early; this is a defect of lgdea")]
    LoaderStopped,
    /// A file could not be read or written.
    #[error("failed to {action} {path}: {source}")]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// A checkpoint does not fit or cannot be read.
    #[error("failed to {action} the checkpoint {path}: {message}; delete the folder to start over")]
    Checkpoint {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The tokenizer failed.
    #[error(transparent)]
    Tokenizer(#[from] lgdea_model::TokenizerError),
    /// An evaluation task failed.
    #[error(transparent)]
    Eval(#[from] lgdea_eval::EvalError),
    /// The journal could not be written.
    #[error(transparent)]
    Journal(#[from] lgdea_track::Error),
}

/// What the experiment names and the data hold is the input; how training goes is not.
impl AtFault for TrainError {
    fn fault(&self) -> Fault {
        match self {
            Self::NoSuchParameter { .. }
            | Self::Pattern { .. }
            | Self::Published { .. }
            | Self::NoPairs
            | Self::NothingHidden { .. }
            | Self::EmptySplit { .. }
            | Self::NoPrototypes
            | Self::NoGraph => Fault::Input,
            Self::NotFinite { .. }
            | Self::Diverged { .. }
            | Self::NoLoss { .. }
            | Self::LoaderStopped
            | Self::File { .. }
            | Self::Checkpoint { .. } => Fault::Run,
            Self::Weights(error) => error.fault(),
            Self::Export(error) => error.fault(),
            Self::Data(error) => error.fault(),
            Self::Tokenizer(error) => error.fault(),
            Self::Eval(error) => error.fault(),
            Self::Journal(error) => error.fault(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_experiment_names_is_the_input_and_how_training_goes_is_not() {
        let text = || "text".to_owned();
        let full = || std::io::Error::other("the disk is full");
        let prompts = lgdea_eval::EvalError::InvalidPrompts { origin: text(), problem: text() };
        let table = [
            (TrainError::NoSuchParameter { pattern: text(), some: text() }, Fault::Input),
            (TrainError::Published { path: text().into(), message: text() }, Fault::Input),
            (TrainError::NoPairs, Fault::Input),
            (TrainError::NoGraph, Fault::Input),
            (TrainError::Weights(lgdea_model::weights::WeightsError::Kind { path: text().into() }), Fault::Input),
            (TrainError::Tokenizer(lgdea_model::TokenizerError::EmptyCorpus), Fault::Input),
            (TrainError::Eval(prompts), Fault::Input),
            (TrainError::NotFinite { step: 3, loss: f32::NAN }, Fault::Run),
            (TrainError::NoLoss { step: 3 }, Fault::Run),
            (TrainError::Checkpoint { action: "read", path: text().into(), message: text() }, Fault::Run),
            (TrainError::Export(lgdea_model::ExportError::File { path: text().into(), source: full() }), Fault::Run),
            (TrainError::Journal(lgdea_track::Error::Busy { path: text().into() }), Fault::Run),
        ];
        for (error, fault) in table {
            assert_eq!(error.fault(), fault, "{error}");
        }
    }
}
