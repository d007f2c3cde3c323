//! The total loss: the weighted sum of the named terms.

use burn::tensor::Tensor;
use lgdea_spec::{Experiment, Schedule};

use crate::term::{
    cluster_alignment, evidence_alignment, evidence_local, evidence_local_unpaired, evidence_paired, evidence_unpaired,
    global, local, pseudo_label, pseudo_pair, reconstruction, supervised, text_evidence, token_alignment,
};
use crate::{Forward, Targets};

/// A term's value before its weight.
#[derive(Debug, Clone)]
pub struct TermValue {
    /// Name of the term, as in the experiment's `[loss]` table.
    pub name: &'static str,
    /// Weight at this step.
    pub weight: f64,
    /// `[1]`.
    pub value: Tensor<1>,
}

/// The terms that act at `step` (counted from 0), and their weighted sum; `None` where no term acts.
pub fn total(
    forward: &Forward,
    targets: &Targets,
    experiment: &Experiment,
    step: usize,
) -> (Option<Tensor<1>>, Vec<TermValue>) {
    let loss = &experiment.loss;
    let text_temperature = experiment.evidence_space.text_temperature;
    let unpaired = targets.unpaired.as_ref();
    let aligned_unpaired = unpaired.filter(|_| step >= loss.evidence_alignment.unpaired_start);
    let ramp = loss.evidence_alignment.unpaired_at(step);
    let mut terms = Vec::new();
    let mut add = |name, weight: f64, value: &dyn Fn() -> Option<Tensor<1>>| {
        if weight > 0.0
            && let Some(value) = value()
        {
            terms.push(TermValue { name, weight, value });
        }
    };
    add("text-evidence", loss.text_evidence.weight_at(step), &|| Some(text_evidence::loss(&forward.texts, targets)));
    add("reconstruction", loss.reconstruction.weight_at(step), &|| {
        Some(reconstruction::loss(&forward.texts, targets, &loss.reconstruction, text_temperature))
    });
    add("evidence-paired", loss.evidence_paired.weight_at(step), &|| Some(evidence_paired::loss(forward)));
    add("global", loss.global.weight_at(step), &|| Some(global::loss(forward)));
    add("evidence-unpaired", loss.evidence_unpaired.weight_at(step), &|| {
        unpaired.map(|targets| evidence_unpaired::loss(forward, targets))
    });
    add("evidence-alignment", loss.evidence_alignment.weight_at(step), &|| {
        Some(evidence_alignment::loss(forward, aligned_unpaired, &loss.evidence_alignment, ramp))
    });
    add("evidence-local", loss.evidence_local.weight_at(step), &|| {
        Some(evidence_local::loss(forward, targets, &loss.evidence_local))
    });
    add("evidence-local-unpaired", loss.evidence_local_unpaired.weight_at(step), &|| {
        let targets = unpaired?;
        let phrases = targets.phrases.as_ref()?;
        Some(evidence_local_unpaired::loss(forward, phrases, &targets.confidence, &loss.evidence_local))
    });
    add("local", loss.local.weight_at(step), &|| local::loss(forward, &loss.local));
    add("token-alignment", loss.token_alignment.weight_at(step), &|| {
        token_alignment::loss(forward, &loss.token_alignment)
    });
    add("cluster-alignment", loss.cluster_alignment.weight_at(step), &|| {
        cluster_alignment::loss(forward, &loss.cluster_alignment)
    });
    add("pseudo-label", loss.pseudo_label.weight_at(step), &|| pseudo_label::loss(forward, &loss.pseudo_label));
    add("pseudo-pair", loss.pseudo_pair.weight_at(step), &|| pseudo_pair::loss(forward, targets));
    add("supervised", loss.supervised.weight_at(step), &|| supervised::loss(forward, targets));
    let sum = terms.iter().map(|term| term.value.clone() * term.weight).reduce(|sum, term| sum + term);
    (sum, terms)
}
