//! The text warm-up: `L_txt` alone, before any image is seen.

use std::sync::mpsc::Receiver;

use burn::optim::GradientsParams;
use burn::tensor::Device;
use lgdea_objective::term::text_evidence;
use lgdea_spec::Experiment;

use crate::TrainError;
use crate::batch::ReportBatch;
use crate::clip::clip_global_norm;
use crate::schedule::warm;
use crate::step::{Measured, State, encode_texts};

/// One step of the text warm-up (counted from 0).
pub(crate) fn text_step(
    mut state: State,
    batches: &Receiver<ReportBatch>,
    experiment: &Experiment,
    step: usize,
    device: &Device,
) -> Result<(State, Measured), TrainError> {
    let autodiff = device.clone().autodiff();
    let batch = batches.recv().map_err(|_| TrainError::LoaderStopped)?;
    let targets = batch.targets(&autodiff);
    let texts = encode_texts(&state.model, &batch, &targets, false, &autodiff);
    let loss = text_evidence::loss(&texts, &targets);
    let gradients = GradientsParams::from_grads(loss.backward(), &state.model);
    let (gradients, norm) = clip_global_norm(&state.model, gradients, experiment.train.clip_norm);
    let rate = warm(experiment.train.learning_rate, step, experiment.train.warmup);
    state.model = state.optimizer.step(rate, state.model, gradients);
    let values = norm.map(|norm| ("gradient_norm".to_owned(), norm)).into_iter().collect();
    Ok((state, Measured { loss: loss.inner(), values }))
}
