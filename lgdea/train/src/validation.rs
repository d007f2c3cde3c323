//! Scores of the validation split on the way, for whoever stops runs early.

use burn::tensor::Device;
use lgdea_data::Split;
use lgdea_inspect::{Evaluating, evaluate};
use lgdea_model::Lgdea;
use lgdea_prepared::Prepared;
use lgdea_spec::Experiment;

use crate::TrainError;
use crate::observer::Values;

/// Whether the split is scored after so many joint steps of a round: every `eval.every`, and the last one where patience chooses among
/// them, where it has images.
pub(crate) fn is_due(experiment: &Experiment, prepared: &Prepared, done: usize) -> bool {
    let (train, is_last) = (&experiment.train, done == experiment.train.steps);
    // Nothing but 0 is a multiple of 0.
    let due = if is_last { train.patience.is_on() } else { done.is_multiple_of(experiment.eval.every) };
    due && prepared.has_images(Split::Validation)
}

/// The split's scores, without intervals. `model` is in validation mode.
pub(crate) fn scores(
    model: &Lgdea,
    experiment: &Experiment,
    prepared: &Prepared,
    device: &Device,
) -> Result<Values, TrainError> {
    let mut experiment = experiment.clone();
    experiment.eval.bootstrap = 0;
    let studies = prepared.split(Split::Validation);
    let evaluating = Evaluating { prepared, studies: &studies, validation: None, training: prepared };
    let found = evaluate(model, &experiment, evaluating, device)?.evaluation;
    Ok(found.logged(lgdea_metric::Split::Validation.into()))
}
