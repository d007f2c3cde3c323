//! The relation graph of the training studies: who is near whom, by a model.

use burn::tensor::Device;
use lgdea_graph::{Csr, affinity_at_scale};
use lgdea_model::Lgdea;
use lgdea_prepared::Prepared;
use ndarray::{Array2, Axis};

use crate::{arrays, inference};

/// The relation graph of a model. Images are the paired ones, then the unpaired ones; so are the reports.
pub struct BuiltGraph {
    /// `W_I`, from `g`, or from the view of the images that is of the published encoder.
    pub image_affinity: Csr,
    /// `W_R`, from `√Q̄_R`.
    pub report_affinity: Csr,
    /// `Q̄_I` of the images, `[images, K]`.
    pub image_evidence: Array2<f32>,
    /// `Q̄_R` of the reports, `[reports, K]`.
    pub report_evidence: Array2<f32>,
}

/// Builds the graph of `model`, which is in validation mode, over the images of these studies, the pairs' first.
pub fn build_graph(
    model: &Lgdea,
    prepared: &Prepared,
    images: &[usize],
    settings: &lgdea_spec::Graph,
    device: &Device,
) -> BuiltGraph {
    let embedded = inference::images(model, prepared, images, device);
    let report_evidence = report_evidence(model, prepared, device);
    let view = prepared.image_view.as_ref().map_or(embedded.global, |published| published.centred(images));
    BuiltGraph {
        image_affinity: affinity_at_scale(view.view(), settings),
        report_affinity: affinity_at_scale(report_evidence.mapv(f32::sqrt).view(), settings),
        image_evidence: embedded.evidence,
        report_evidence,
    }
}

/// `Q̄_R` of every training report, paired ones first, `[reports, K]`. Each distinct phrase is embedded once.
fn report_evidence(model: &Lgdea, prepared: &Prepared, device: &Device) -> Array2<f32> {
    let phrases = inference::texts(model, &prepared.phrases, device);
    let of_phrase = inference::phrase_evidence(model, &phrases, device);
    let reports: Vec<usize> = prepared.pools.reports().collect();
    let mut evidence = Array2::zeros((reports.len(), of_phrase.ncols()));
    for (mut row, &study) in evidence.axis_iter_mut(Axis(0)).zip(&reports) {
        let Some(report) = prepared.report(study) else { continue };
        row.assign(&arrays::mean_of_rows(&of_phrase, report.phrases.iter().copied()));
    }
    evidence
}
