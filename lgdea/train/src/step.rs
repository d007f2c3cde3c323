//! One step: forward, losses, backward, update.

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor};
use lgdea_model::Lgdea;
use lgdea_objective::{
    Forward, RunningMeans, Targets, TextForward, UnpairedTargets, entropy_of_mean, mean_entropy, total,
    unpaired_targets,
};
use lgdea_spec::{Experiment, Graph};
use ndarray::{Array2, Axis};

use crate::average::blend;
use crate::batch::{JointBatch, ReportBatch};
use crate::clip::clip_global_norm;
use crate::schedule::{average_momentum, warm_cosine};
use crate::{TrainError, inference};

/// Everything that a step changes.
pub(crate) struct State {
    /// The trained model.
    pub(crate) model: Lgdea,
    /// Its moving average, in validation mode.
    pub(crate) average: Lgdea,
    pub(crate) optimizer: ModuleOptimizer,
    /// Running means of the unpaired targets' alignment.
    pub(crate) means: Option<RunningMeans>,
    /// The graph's targets, a row per unpaired image.
    pub(crate) graph: Option<Array2<f32>>,
}

/// Values of a step that are worth a look, each `[1]` and still on the device.
pub(crate) struct Measured {
    pub(crate) loss: Tensor<1>,
    pub(crate) values: Vec<(String, Tensor<1>)>,
}

/// The text side of a batch.
pub(crate) fn encode_texts(model: &Lgdea, batch: &ReportBatch, targets: &Targets, device: &Device) -> TextForward {
    let phrases = model.encode_texts(batch.phrases.to_tensor(device));
    let phrase_evidence = model.prototypes.of_phrases(phrases.clone());
    TextForward {
        reports: model.encode_texts(batch.reports.to_tensor(device)),
        phrases,
        report_evidence: Targets::report_evidence(&targets.membership, phrase_evidence.clone()).detach(),
        phrase_evidence,
        prototypes: model.prototypes.mu.val(),
        scale: model.scale(),
    }
}

/// One joint step (counted from 0).
pub(crate) fn joint_step(
    mut state: State,
    batch: &JointBatch,
    experiment: &Experiment,
    step: usize,
    device: &Device,
) -> Result<(State, Measured), TrainError> {
    let autodiff = device.clone().autodiff();
    let mut targets = batch.reports.targets(&autodiff);
    let features = state.model.encode_images(batch.images.to_tensor(&autodiff));
    let forward = Forward {
        pairs: batch.pairs,
        image_evidence: state.model.image_evidence(features.patches),
        images: features.global,
        texts: encode_texts(&state.model, &batch.reports, &targets, &autodiff),
    };
    if teaches_unpaired(experiment, step) && !batch.unpaired.is_empty() {
        let (unpaired, means) = teach(&state, batch, &forward, &experiment.graph, device);
        targets.unpaired = Some(unpaired);
        state.means = Some(means);
    }
    let (loss, terms) = total(&forward, &targets, experiment, step);
    let loss = loss.ok_or(TrainError::NoLoss { step })?;
    let gradients = GradientsParams::from_grads(loss.backward(), &state.model);
    let settings = &experiment.train;
    let (gradients, norm) = clip_global_norm(&state.model, gradients, settings.clip_norm);
    let rate = warm_cosine(settings.learning_rate, step, settings.warmup, settings.steps);
    state.model = state.optimizer.step(rate, state.model, gradients);
    let momentum = average_momentum(settings.ema, step);
    state.average = blend(state.average, &state.model.valid(), momentum);

    let mut values: Vec<(String, Tensor<1>)> =
        terms.into_iter().map(|term| (format!("loss/{}", term.name), term.value.inner())).collect();
    values.extend(norm.map(|norm| ("gradient_norm".to_owned(), norm)));
    values.extend(watch(&forward));
    Ok((state, Measured { loss: loss.inner(), values }))
}

/// Whether unpaired images are taught at a step.
pub(crate) fn teaches_unpaired(experiment: &Experiment, step: usize) -> bool {
    let loss = &experiment.loss;
    let used = loss.evidence_unpaired.weight > 0.0 || loss.evidence_alignment.weight > 0.0;
    used && step >= experiment.graph.start
}

/// Targets of the unpaired images from the graph and the moving average.
fn teach(
    state: &State,
    batch: &JointBatch,
    forward: &Forward,
    settings: &Graph,
    device: &Device,
) -> (UnpairedTargets, RunningMeans) {
    let clean = state.average.encode_images(batch.clean.to_tensor(device));
    let teacher = state.average.image_evidence(clean.patches);
    let graph = state.graph.as_ref().map(|graph| inference::tensor(&graph.select(Axis(0), &batch.unpaired), device));
    let prior = forward.texts.report_evidence.clone().inner();
    let (targets, means) = unpaired_targets(teacher, graph, prior, state.means.clone(), settings);
    let lift = UnpairedTargets {
        evidence: Tensor::from_inner(targets.evidence),
        confidence: Tensor::from_inner(targets.confidence),
    };
    (lift, means)
}

/// How alive the evidence space is.
fn watch(forward: &Forward) -> Vec<(String, Tensor<1>)> {
    let reports = forward.texts.report_evidence.clone().inner();
    let phrases = forward.texts.phrase_evidence.clone().inner();
    let images = forward.image_evidence.clone().inner();
    [
        ("evidence/usage_entropy", entropy_of_mean(reports)),
        ("evidence/phrase_entropy", mean_entropy(phrases)),
        ("evidence/image_usage_entropy", entropy_of_mean(images.clone())),
        ("evidence/image_entropy", mean_entropy(images)),
        ("scale", forward.texts.scale.clone().inner()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}
