//! The forward pass: everything that the loss terms read of a batch.

use burn::module::Param;
use burn::tensor::Tensor;
use lgdea_model::Lgdea;
use lgdea_objective::{CrossAttended, Forward, PhraseForward, Targets, TextForward, Tokens};
use lgdea_spec::{Experiment, Need};

use crate::batch::{JointBatch, ReportBatch};
use crate::observer::Observer;
use crate::towers::Towers;

/// A batch's phrases, and the evidence of its reports.
fn encode_phrases(towers: &Towers<'_>, batch: &ReportBatch, targets: &Targets) -> PhraseForward {
    let embeddings = towers.texts(batch.phrases.clone());
    let evidence = towers.model().prototypes.of_phrases(embeddings.clone());
    let of_reports = Targets::report_evidence(&targets.membership, evidence.clone()).detach();
    PhraseForward { embeddings, evidence, of_reports }
}

/// The text side of a batch without its phrases, and with the reports' tokens where a term needs them.
pub(crate) fn encode_reports(towers: &Towers<'_>, batch: &ReportBatch, with_tokens: bool) -> TextForward {
    let (model, reports) = (towers.model(), batch.reports.clone());
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
        phrases: None,
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
pub(crate) fn forward_pass(
    towers: &Towers<'_>,
    batch: &JointBatch,
    targets: &Targets,
    experiment: &Experiment,
    observer: &mut dyn Observer,
) -> Forward {
    let (model, needs) = (towers.model(), experiment.needs());
    let features = towers.images(batch.images.clone());
    observer.part_ends("image tower");
    let phrases = needs.has_phrases().then(|| encode_phrases(towers, &batch.reports, targets));
    let texts = TextForward { phrases, ..encode_reports(towers, &batch.reports, needs.has(Need::ReportTokens)) };
    observer.part_ends("text tower");
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
