//! One joint step: forward pass, targets, losses, update.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use lgdea_metric::Group;
use lgdea_metric::curve::{
    DEAD_PROTOTYPES, IMAGE_ENTROPY, IMAGE_USAGE_ENTROPY, PHRASE_ENTROPY, USAGE_ENTROPY, loss_of,
};
use lgdea_objective::{Forward, Pass, TermValue, dead_prototypes, entropy_of_mean, mean_entropy, total};
use lgdea_prepared::Prepared;
use lgdea_spec::Experiment;

use crate::average::blend;
use crate::batch::JointBatch;
use crate::forward::forward_pass;
use crate::observer::Observer;
use crate::schedule::{average_momentum, warm_cosine};
use crate::state::{Measured, State};
use crate::towers::Towers;
use crate::{TrainError, targets};

/// One joint step (counted from 0).
///
/// # Errors
/// No loss term acts at this step.
pub(crate) fn joint_step(
    mut state: State,
    batch: &JointBatch,
    prepared: &Prepared,
    experiment: &Experiment,
    step: usize,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<(State, Measured), TrainError> {
    let towers = Towers::new(&state.model, &experiment.train);

    let mut targets = targets::known(batch);
    let mut forward = forward_pass(&towers, batch, &targets, experiment, observer);
    if let Some(matches) = &state.matches {
        let (images, reports) = targets::matched(matches, &batch.unpaired, prepared);
        forward.texts.matched = (!images.is_empty()).then(|| towers.texts(reports.to_tensor(&batch.images.device())));
        targets.matched = images;
    }
    // In a later round nothing waits for a teacher.
    let scheduled = if state.teacher.is_some() { step + experiment.last_start() } else { step };
    let phrases = forward.texts.phrases.as_ref();
    if let Some(phrases) = phrases.filter(|_| targets::are_taught(batch, experiment, scheduled)) {
        let (unpaired, means) = targets::of_unpaired(&state, batch, phrases, &targets, experiment, device);
        (targets.unpaired, state.means) = (Some(unpaired), means);
    }
    observer.part_ends("evidence and targets");

    let (loss, terms) = total(&Pass { forward: &forward, targets: &targets, experiment, step: scheduled });
    let loss = loss.ok_or(TrainError::NoLoss { step })?;
    observer.part_ends("losses");
    let gradients = towers.gradients(&loss);
    observer.part_ends("backward");

    let (state, rate, norm) = update(state, gradients, experiment, step, observer);
    let measured = Measured { loss: loss.inner(), values: values(terms, norm, &forward), rate: Some(rate) };
    observer.part_ends("metrics");
    Ok((state, measured))
}

/// Moves the model along its gradients, and its moving average after it. Returns the learning rate, and the norm of the gradients
/// where there are any.
fn update(
    mut state: State,
    gradients: GradientsParams,
    experiment: &Experiment,
    step: usize,
    observer: &mut dyn Observer,
) -> (State, f64, Option<Tensor<1>>) {
    let settings = &experiment.train;
    let rate = warm_cosine(settings.learning_rate, step, settings.warmup, settings.steps);
    let norm;
    (state, norm) = state.update(gradients, rate, settings);
    observer.part_ends("optimizer");
    let momentum = average_momentum(settings.ema, step);
    let frozen: Vec<&str> = experiment.encoder.frozen.iter().map(|tower| tower.network()).collect();
    state.average = blend(state.average, &state.model.valid(), momentum, &frozen);
    observer.part_ends("moving average");
    (state, rate, norm)
}

/// Values of the terms, the norm of the gradients, how alive the evidence space is, and the scale of similarities.
fn values(terms: Vec<TermValue>, norm: Option<Tensor<1>>, forward: &Forward) -> Vec<(String, Tensor<1>)> {
    let images = forward.image_evidence.clone().inner();
    let of_images =
        [(IMAGE_USAGE_ENTROPY.name, entropy_of_mean(images.clone())), (IMAGE_ENTROPY.name, mean_entropy(images))];
    let of_phrases = forward.texts.phrases.as_ref().map(|phrases| {
        let (phrases, reports) = (phrases.evidence.clone().inner(), phrases.of_reports.clone().inner());
        [
            (DEAD_PROTOTYPES.name, dead_prototypes(phrases.clone(), reports.clone())),
            (USAGE_ENTROPY.name, entropy_of_mean(reports)),
            (PHRASE_ENTROPY.name, mean_entropy(phrases)),
        ]
    });
    let watched = of_phrases.into_iter().flatten().chain(of_images);
    let scale = (Group::Train.name("scale"), forward.texts.scale.clone().inner());
    let terms = terms.into_iter().map(|term| (loss_of(term.name), term.value.inner()));
    let norm = norm.map(|norm| (Group::Train.name("gradient_norm"), norm));
    terms.chain(norm).chain(watched.map(|(name, value)| (name.to_owned(), value))).chain([scale]).collect()
}
