//! What the loss terms compare a batch with: what it says itself, reports matched to it, and what unpaired images are taught.

use burn::tensor::{Device, Tensor};
use lgdea_inspect::arrays;
use lgdea_model::Lgdea;
use lgdea_objective::term::evidence_local::region_fit;
use lgdea_objective::{
    PhraseForward, PhraseTargets, RunningMeans, Targets, UnpairedTargets, phrase_targets, unpaired_targets,
};
use lgdea_prepared::{Prepared, Tokens};
use lgdea_spec::{Experiment, Need};
use ndarray::Axis;

use crate::batch::{HiddenReports, JointBatch, LabelTargets};
use crate::state::State;

/// What is known of a batch without any model: evidence and labels.
pub(crate) fn known(batch: &JointBatch) -> Targets {
    Targets { labels: batch.labels.clone(), ..batch.reports.targets() }
}

/// Whether a batch's unpaired images have targets at a step.
pub(crate) fn are_taught(batch: &JointBatch, experiment: &Experiment, step: usize) -> bool {
    experiment.needs().has(Need::UnpairedTargets) && step >= experiment.graph.start && !batch.unpaired.is_empty()
}

/// Targets of the unpaired images, and the running means that they were aligned with: those of the oracle where the batch brings
/// the hidden reports, else the teacher's.
pub(crate) fn of_unpaired(
    state: &State,
    batch: &JointBatch,
    phrases: &PhraseForward,
    targets: &Targets,
    experiment: &Experiment,
    device: &Device,
) -> (UnpairedTargets, Option<RunningMeans>) {
    if let Some(hidden) = &batch.hidden {
        return (reveal(&state.average, hidden, experiment, device), state.means.clone());
    }
    let prior = phrases.of_reports.clone().inner();
    let is_asked = batch.labelled.is_some() || experiment.needs().has(Need::UnpairedPhrases);
    let phrases = is_asked.then(|| state.teacher().encode_texts(batch.reports.phrases.clone().inner()));
    let (mut unpaired, means) = teach(state, batch, phrases.as_ref(), prior, targets, experiment, device);
    if let (Some(labelled), Some(phrases)) = (&batch.labelled, phrases) {
        unpaired = with_labels(labelled, state.teacher().prototypes.of_phrases(phrases), unpaired);
    }
    (unpaired, Some(means))
}

/// Targets of the unpaired images from the graph and the teacher, whose embeddings of the batch's `phrases` are asked where
/// a term needs them; `prior` is the evidence of its reports.
fn teach(
    state: &State,
    batch: &JointBatch,
    phrases: Option<&Tensor<2>>,
    prior: Tensor<2>,
    targets: &Targets,
    experiment: &Experiment,
    device: &Device,
) -> (UnpairedTargets, RunningMeans) {
    let (model, settings) = (state.teacher(), &experiment.graph);
    let clean = model.encode_images(batch.clean.clone());
    let teacher = if experiment.needs().has(Need::ImageEvidence) {
        model.image_evidence(clean.patches)
    } else {
        // What lesion queries say that nothing trains is noise: they say nothing.
        let prototypes = experiment.evidence_space.prototypes;
        Tensor::full([batch.unpaired.len(), prototypes], 1.0 / prototypes as f64, device)
    };
    let graph = state.graph.as_ref().map(|graph| arrays::tensor(&graph.select(Axis(0), &batch.unpaired), device));
    let (mut unpaired, means) = unpaired_targets(teacher, graph, prior, state.means.clone(), settings);
    if let Some(phrases) = phrases.filter(|_| experiment.needs().has(Need::UnpairedPhrases)) {
        let fit = region_fit(clean.projected, phrases.clone(), experiment.loss.evidence_local.attention_temperature);
        let logits = fit * model.scale().unsqueeze::<2>();
        let shares = phrase_targets(logits, targets.membership.clone().inner(), settings);
        unpaired.phrases = Some(PhraseTargets::all_known(shares));
    }
    if experiment.needs().has(Need::TeacherSimilarity) {
        unpaired.similarity = batch.unpaired_reports().map(|reports| {
            let reports = model.encode_texts(reports.inner());
            clean.global.matmul(reports.transpose())
        });
    }
    (unpaired, means)
}

/// The oracle's targets: the evidence of the reports that the pairing hides.
fn reveal(average: &Lgdea, hidden: &HiddenReports, experiment: &Experiment, device: &Device) -> UnpairedTargets {
    let phrases = average.encode_texts(hidden.phrases.clone());
    let evidence = Targets::report_evidence(&hidden.membership, average.prototypes.of_phrases(phrases));
    let confidence = Tensor::ones([evidence.dims()[0]], device);
    let asked = experiment.needs().has(Need::UnpairedPhrases);
    let phrases = asked.then(|| PhraseTargets::all_known(hidden.shares.clone()));
    UnpairedTargets { evidence, confidence, phrases, similarity: None }
}

/// The targets with those of labels in the place of the teacher's, where an image's labels say something; `evidence` is that of the
/// batch's phrases, `[phrases, K]`.
fn with_labels(labelled: &LabelTargets, evidence: Tensor<2>, taught: UnpairedTargets) -> UnpairedTargets {
    let LabelTargets { membership, phrases, says } = labelled;
    let evidence = Targets::report_evidence(membership, evidence);
    let phrases = taught.phrases.is_some().then(|| phrases.clone());
    taught.replaced(UnpairedTargets { evidence, confidence: says.ones_like(), phrases, similarity: None }, says.clone())
}

/// Which of a batch's unpaired images (positions in their pool) have a matched report, and those reports.
pub(crate) fn matched(matches: &[Option<usize>], unpaired: &[usize], prepared: &Prepared) -> (Vec<usize>, Tokens) {
    let found = unpaired.iter().enumerate().filter_map(|(row, &position)| {
        let report = prepared.report(matches[position]?)?;
        Some((row, report.tokens.as_slice()))
    });
    let (rows, reports): (Vec<usize>, Vec<&[i32]>) = found.unzip();
    (rows, Tokens::pad(reports.into_iter()))
}
