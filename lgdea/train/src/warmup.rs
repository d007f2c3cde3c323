//! The text warm-up: `L_txt` alone, before any image is seen.

use lgdea_metric::Group;
use lgdea_objective::term::text_evidence;
use lgdea_spec::Experiment;

use crate::batch::ReportBatch;
use crate::forward::encode_reports;
use crate::schedule::warm;
use crate::state::{Measured, State};
use crate::towers::Towers;

/// One step of the text warm-up (counted from 0).
pub(crate) fn text_step(state: State, batch: &ReportBatch, experiment: &Experiment, step: usize) -> (State, Measured) {
    let settings = &experiment.train;
    let towers = Towers::new(&state.model, settings);
    let targets = batch.targets();
    let phrases = towers.texts(batch.phrases.clone());
    let texts = encode_reports(&towers, batch, false);
    let loss = text_evidence::loss(&texts, phrases, &targets);
    let gradients = towers.gradients(&loss);
    let rate = warm(settings.learning_rate, step, settings.warmup);
    let (state, norm) = state.update(gradients, rate, settings);
    let values = norm.map(|norm| (Group::TextWarmup.name("gradient_norm"), norm)).into_iter().collect();
    (state, Measured { loss: loss.inner(), values, rate: None })
}
