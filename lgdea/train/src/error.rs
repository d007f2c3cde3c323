//! Why training stopped.

use std::path::PathBuf;

use lgdea_fault::{AtFault, Fault};

use crate::stage::Stage;

/// Why training stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The loss is no number.
    #[error("the loss is {loss} at step {step} of the {stage}: lower train.learning-rate or train.clip-norm")]
    NotFinite {
        /// The stage.
        stage: Stage,
        /// Step of the stage, counted from 0.
        step: usize,
        /// The loss.
        loss: f32,
    },
    /// The weights are no numbers.
    #[error(
        "the weights are no finite numbers {}: lower train.learning-rate or train.clip-norm; the checkpoint before is kept",
        after(*done)
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
    /// A network has no matrix that an adapter could be of.
    #[error(
        "encoder.lora.{tower}: the network is made of convolutions, which have no adapters; take another one (`vit`, `swin`, \
         `convnext`), or train it at a lower rate by train.learning-rate-factors"
    )]
    NoAdapters {
        /// The tower.
        tower: &'static str,
    },
    /// A regular expression over names of parameters that is none.
    #[error("train.learning-rate-factors: {message}")]
    Pattern {
        /// What the library says.
        message: String,
    },
    /// Published weights cannot be read.
    #[error(transparent)]
    Weights(#[from] lgdea_model::weights::WeightsError),
    /// Published weights are not on this machine.
    #[error(transparent)]
    Data(#[from] lgdea_data::DataError),
    /// No loss term acts at a step.
    #[error("no loss term acts at step {step}: give one of [loss] a weight above 0 and an earlier start")]
    NoLoss {
        /// Joint step, counted from 0.
        step: usize,
    },
    /// The score that training waits for is not measured.
    #[error(
        "train.patience.metric is `{metric}`, which the validation split does not have; it has: {}",
        known.join(", ")
    )]
    NoSuchScore {
        /// The score.
        metric: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// Nothing tells when training gets no better.
    #[error("train.patience waits for scores of the validation split, which has no study with an image: leave it out")]
    NothingScored,
    /// No training study may be used as a pair.
    #[error("there are no training pairs: raise pairing.ratio, or add studies with both an image and a report")]
    NoPairs,
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
    #[error("failed to {action} the checkpoint {path}: {message}{}", advice(action))]
    Checkpoint {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The model could not be asked on the way.
    #[error(transparent)]
    Inspect(#[from] lgdea_inspect::InspectError),
    /// The journal could not be written.
    #[error(transparent)]
    Journal(#[from] lgdea_track::Error),
}

/// After so many joint steps, in words.
fn after(done: usize) -> String {
    match done {
        0 => "before the first joint step, as the text warm-up or the published weights left them".to_owned(),
        _ => format!("after step {done}"),
    }
}

/// What to do about a checkpoint: one that cannot be written costs nothing that was written before.
fn advice(action: &str) -> &'static str {
    if action == "write" { "" } else { "; delete the folder to start over" }
}

/// What the experiment names and the data hold is the input; how training goes is not.
impl AtFault for TrainError {
    fn fault(&self) -> Fault {
        match self {
            Self::NoSuchParameter { .. }
            | Self::NoAdapters { .. }
            | Self::Pattern { .. }
            | Self::NoSuchScore { .. }
            | Self::NothingScored
            | Self::NoPairs => Fault::Input,
            Self::NotFinite { .. }
            | Self::Diverged { .. }
            | Self::NoLoss { .. }
            | Self::LoaderStopped
            | Self::File { .. }
            | Self::Checkpoint { .. } => Fault::Run,
            Self::Weights(error) => error.fault(),
            Self::Data(error) => error.fault(),
            Self::Inspect(error) => error.fault(),
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
        let table = [
            (TrainError::NoSuchParameter { pattern: text(), some: text() }, Fault::Input),
            (TrainError::Pattern { message: text() }, Fault::Input),
            (TrainError::NoPairs, Fault::Input),
            (TrainError::Weights(lgdea_model::weights::WeightsError::Kind { path: text().into() }), Fault::Input),
            (TrainError::Inspect(lgdea_inspect::InspectError::NoGraph), Fault::Input),
            (TrainError::NotFinite { stage: Stage::Joint, step: 3, loss: f32::NAN }, Fault::Run),
            (TrainError::NoLoss { step: 3 }, Fault::Run),
            (TrainError::Checkpoint { action: "read", path: text().into(), message: text() }, Fault::Run),
            (TrainError::Journal(lgdea_track::Error::Busy { path: text().into() }), Fault::Run),
        ];
        for (error, fault) in table {
            assert_eq!(error.fault(), fault, "{error}");
        }
    }

    #[test]
    fn the_stage_is_told_in_which_training_broke() {
        let lost = |stage| TrainError::NotFinite { stage, step: 3, loss: f32::NAN }.to_string();
        assert!(lost(Stage::TextWarmup).starts_with("the loss is NaN at step 3 of the text warm-up: lower"));
        assert!(lost(Stage::Joint).starts_with("the loss is NaN at step 3 of the training: lower"));
        let diverged = |done| TrainError::Diverged { done }.to_string();
        assert!(diverged(0).contains("before the first joint step") && diverged(5).contains("after step 5"));
    }
}
