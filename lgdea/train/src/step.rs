//! One step: forward, losses, backward, update.

use burn::module::{Module, Param};
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor};
use lgdea_inspect::arrays;
use lgdea_inspect::method::trains_image_evidence;
use lgdea_model::Lgdea;
use lgdea_objective::term::evidence_local::region_fit;
use lgdea_objective::{
    CrossAttended, Forward, RunningMeans, Targets, TextForward, Tokens, UnpairedTargets, dead_prototypes,
    entropy_of_mean, mean_entropy, phrase_targets, total, unpaired_targets,
};
use lgdea_prepared::Prepared;
use lgdea_spec::{Experiment, Train};
use ndarray::{Array2, Axis};

use crate::TrainError;
use crate::average::blend;
use crate::batch::{JointBatch, ReportBatch};
use crate::clip::clip_global_norm;
use crate::optimizer::adamw;
use crate::schedule::{average_momentum, warm_cosine};
use crate::stopwatch::Stopwatch;
use crate::towers::{Towers, autodiff};

/// Everything that a step changes.
pub(crate) struct State {
    /// The trained model.
    pub(crate) model: Lgdea,
    /// Its moving average, in validation mode.
    pub(crate) average: Lgdea,
    pub(crate) optimizer: ModuleOptimizer,
    /// Steps of the text warm-up that were done.
    pub(crate) warmed_up: usize,
    /// Running means of the unpaired targets' alignment.
    pub(crate) means: Option<RunningMeans>,
    /// The graph's targets, a row per unpaired image.
    pub(crate) graph: Option<Array2<f32>>,
    /// Per unpaired image, the study of the report that was matched to it.
    pub(crate) matches: Option<Vec<Option<usize>>>,
}

impl State {
    /// Random weights, and nothing learned.
    ///
    /// # Errors
    /// Learning rates of parameters that there are not.
    pub(crate) fn fresh(experiment: &Experiment, prepared: &Prepared, device: &Device) -> Result<Self, TrainError> {
        let device = autodiff(device, &experiment.train);
        let model = Lgdea::new(experiment, &prepared.model_shape(), experiment.seed, &device);
        let (average, optimizer) = (model.valid(), adamw(&model, &experiment.train)?);
        Ok(Self { model, average, optimizer, warmed_up: 0, means: None, graph: None, matches: None })
    }

    /// Moves the model along its gradients, clipped. Returns their norm before, `[1]`; `None` where there are none.
    pub(crate) fn update(
        mut self,
        gradients: GradientsParams,
        rate: f64,
        settings: &Train,
    ) -> (Self, Option<Tensor<1>>) {
        let (gradients, norm) = clip_global_norm(&self.model, gradients, settings.clip_norm);
        self.model = self.optimizer.step(rate, self.model, gradients).with_bounded_scale();
        (self, norm)
    }
}

/// Values of a step that are worth a look, each `[1]` and still on the device.
pub(crate) struct Measured {
    pub(crate) loss: Tensor<1>,
    pub(crate) values: Vec<(String, Tensor<1>)>,
}

/// The text side of a batch, with the reports' tokens where a term needs them.
pub(crate) fn encode_texts(
    towers: &Towers<'_>,
    batch: &ReportBatch,
    targets: &Targets,
    with_tokens: bool,
    device: &Device,
) -> TextForward {
    let model = towers.model();
    let phrases = towers.texts(batch.phrases.to_tensor(device));
    let phrase_evidence = model.prototypes.of_phrases(phrases.clone());
    let reports = batch.reports.to_tensor(device);
    let (reports, tokens) = if with_tokens {
        let features = towers.texts_and_tokens(reports);
        (features.global, Some(Tokens { embeddings: features.tokens, padding: features.padding }))
    } else {
        (towers.texts(reports), None)
    };
    TextForward {
        reports,
        tokens,
        matched: None,
        phrases,
        report_evidence: Targets::report_evidence(&targets.membership, phrase_evidence.clone()).detach(),
        phrase_evidence,
        prototypes: model.prototypes.mu.val(),
        scale: model.scale(),
    }
}

/// What the pairs' words and regions gather from each other, where the method aligns tokens.
fn attend(model: &Lgdea, patches: &Tensor<3>, texts: &TextForward, pairs: usize) -> Option<CrossAttended> {
    let (attention, tokens) = (model.token_attention.as_ref()?, texts.tokens.as_ref()?);
    let regions = patches.clone().narrow(0, 0, pairs);
    let words = tokens.embeddings.clone().narrow(0, 0, pairs);
    let padding = tokens.padding.clone().narrow(0, 0, pairs);
    Some(CrossAttended {
        words: attention.words.forward(words.clone(), regions.clone(), None),
        regions: attention.regions.forward(regions, words, Some(padding)),
    })
}

/// Everything that the terms read of a batch, but for matched reports.
fn forward_pass(
    towers: &Towers<'_>,
    batch: &JointBatch,
    targets: &Targets,
    experiment: &Experiment,
    device: &Device,
    stopwatch: &mut Stopwatch<'_>,
) -> Forward {
    let (model, loss) = (towers.model(), &experiment.loss);
    let with_tokens = loss.local.weight > 0.0 || loss.token_alignment.weight > 0.0;
    let features = towers.images(batch.images.to_tensor(device));
    stopwatch.end("image tower");
    let texts = encode_texts(towers, &batch.reports, targets, with_tokens, device);
    stopwatch.end("text tower");
    Forward {
        pairs: batch.pairs,
        attended: attend(model, &features.projected, &texts, batch.pairs),
        clusters: model.clusters.as_ref().map(Param::val),
        classes: model.classify(features.global.clone()),
        image_evidence: model.image_evidence(features.patches),
        patches: features.projected,
        images: features.global,
        texts,
    }
}

/// One joint step (counted from 0).
pub(crate) fn joint_step(
    mut state: State,
    batch: &JointBatch,
    prepared: &Prepared,
    experiment: &Experiment,
    step: usize,
    device: &Device,
    stopwatch: &mut Stopwatch<'_>,
) -> Result<(State, Measured), TrainError> {
    let settings = &experiment.train;
    let autodiff = autodiff(device, settings);
    let towers = Towers::new(&state.model, settings);
    let mut targets = batch.reports.targets(&autodiff);
    targets.labels = batch.labels.as_ref().map(|labels| labels.to_labels(&autodiff));
    let mut forward = forward_pass(&towers, batch, &targets, experiment, &autodiff, stopwatch);
    if let Some(matches) = &state.matches {
        let (unpaired, reports) = matched_reports(matches, &batch.unpaired, prepared);
        if !unpaired.is_empty() {
            forward.texts.matched = Some(towers.texts(reports.to_tensor(&autodiff)));
        }
        targets.matched = unpaired;
    }
    if experiment.loss.teaches_unpaired() && step >= experiment.graph.start && !batch.unpaired.is_empty() {
        targets.unpaired = Some(if let Some(hidden) = &batch.hidden {
            reveal(&state.average, hidden, &batch.reports, experiment, device)
        } else {
            let (unpaired, means) = teach(&state, batch, &forward, &targets, experiment, device);
            state.means = Some(means);
            unpaired
        });
    }
    stopwatch.end("evidence and targets");
    let (loss, terms) = total(&forward, &targets, experiment, step);
    let loss = loss.ok_or(TrainError::NoLoss { step })?;
    stopwatch.end("losses");
    let gradients = towers.gradients(&loss);
    stopwatch.end("backward");
    let rate = warm_cosine(settings.learning_rate, step, settings.warmup, settings.steps);
    let norm;
    (state, norm) = state.update(gradients, rate, settings);
    stopwatch.end("optimizer");
    let momentum = average_momentum(settings.ema, step);
    state.average = blend(state.average, &state.model.valid(), momentum);
    stopwatch.end("moving average");

    let mut values: Vec<(String, Tensor<1>)> =
        terms.into_iter().map(|term| (format!("loss/{}", term.name), term.value.inner())).collect();
    values.extend(norm.map(|norm| ("gradient_norm".to_owned(), norm)));
    values.extend(watch(&forward));
    stopwatch.end("metrics");
    Ok((state, Measured { loss: loss.inner(), values }))
}

/// Targets of the unpaired images from the graph and the moving average.
fn teach(
    state: &State,
    batch: &JointBatch,
    forward: &Forward,
    targets: &Targets,
    experiment: &Experiment,
    device: &Device,
) -> (UnpairedTargets, RunningMeans) {
    let (average, settings) = (&state.average, &experiment.graph);
    let clean = average.encode_images(batch.clean.to_tensor(device));
    let teacher = if trains_image_evidence(experiment) {
        average.image_evidence(clean.patches)
    } else {
        // What lesion queries say that nothing trains is noise: they say nothing.
        let prototypes = experiment.evidence_space.prototypes;
        Tensor::full([batch.unpaired.len(), prototypes], 1.0 / prototypes as f64, device)
    };
    let graph = state.graph.as_ref().map(|graph| arrays::tensor(&graph.select(Axis(0), &batch.unpaired), device));
    let prior = forward.texts.report_evidence.clone().inner();
    let (mut unpaired, means) = unpaired_targets(teacher, graph, prior, state.means.clone(), settings);
    let loss = &experiment.loss;
    if loss.evidence_local_unpaired.weight > 0.0 {
        let phrases = average.encode_texts(batch.reports.phrases.to_tensor(device));
        let fit = region_fit(clean.projected, phrases, loss.evidence_local.attention_temperature);
        let logits = fit * average.scale().unsqueeze::<2>();
        unpaired.phrases = Some(phrase_targets(logits, targets.membership.clone().inner(), settings));
    }
    (unpaired, means)
}

/// The oracle's targets: the evidence of the reports that the pairing hides.
fn reveal(
    average: &Lgdea,
    hidden: &ReportBatch,
    reports: &ReportBatch,
    experiment: &Experiment,
    device: &Device,
) -> UnpairedTargets {
    let phrases = average.encode_texts(hidden.phrases.to_tensor(device));
    let evidence = Targets::report_evidence(&hidden.membership_tensor(device), average.prototypes.of_phrases(phrases));
    let confidence = Tensor::ones([evidence.dims()[0]], device);
    let local = experiment.loss.evidence_local_unpaired.weight > 0.0;
    UnpairedTargets { evidence, confidence, phrases: local.then(|| hidden.shares_of(reports, device)) }
}

/// Which of a batch's unpaired images (positions in their pool) have a matched report, and those reports.
fn matched_reports(
    matches: &[Option<usize>],
    unpaired: &[usize],
    prepared: &Prepared,
) -> (Vec<usize>, lgdea_prepared::Tokens) {
    let found = unpaired.iter().enumerate().filter_map(|(row, &position)| {
        let report = prepared.report(matches[position]?)?;
        Some((row, report.tokens.as_slice()))
    });
    let (rows, reports): (Vec<usize>, Vec<&[i32]>) = found.unzip();
    (rows, lgdea_prepared::Tokens::pad(reports.into_iter()))
}

/// How alive the evidence space is.
fn watch(forward: &Forward) -> Vec<(String, Tensor<1>)> {
    let reports = forward.texts.report_evidence.clone().inner();
    let phrases = forward.texts.phrase_evidence.clone().inner();
    let images = forward.image_evidence.clone().inner();
    [
        ("evidence/dead_prototypes", dead_prototypes(phrases.clone(), reports.clone())),
        ("evidence/usage_entropy", entropy_of_mean(reports)),
        ("evidence/phrase_entropy", mean_entropy(phrases)),
        ("evidence/image_usage_entropy", entropy_of_mean(images.clone())),
        ("evidence/image_entropy", mean_entropy(images)),
        ("scale", forward.texts.scale.clone().inner()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}
