//! How good a graph is against reports that are known.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lgdea_data::Split;
use lgdea_evidence::ReportEvidence;
use lgdea_graph::{Precision, PrecisionTally, bhattacharyya, hop_shares, mix, propagate_seeds};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use serde::Serialize;

use super::content::Content;
use super::view::GraphView;
use crate::method::trains_image_evidence;
use crate::relation::{BuiltGraph, build_graph};
use crate::{InspectError, Trained, arrays, inference};

/// What relations are measured by: whether a report is the image's own, whether its evidence is the same as the own
/// report's, and the Jaccard index of the findings of both.
pub const GRAPH_MEASURES: [&str; 3] = ["own report", "same evidence", "findings"];
/// Parts that the pairs are held out in.
const FOLDS: usize = 5;

/// The relations of a set of images, and how near the evidence that reaches them is to that of their own reports.
#[derive(Debug, Clone, Serialize)]
pub struct GraphCheck {
    /// By hop, from 0; a relevance for each of [`GRAPH_MEASURES`].
    pub hops: Vec<Precision>,
    /// Every hop with its share in the propagation.
    pub all: Precision,
    /// How near the evidence is.
    pub agreement: GraphAgreement,
}

/// Mean Bhattacharyya coefficient of evidence with `Q̄_R` of the images' own reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct GraphAgreement {
    /// Images.
    pub images: usize,
    /// Of the evidence that the graph brings, `G`.
    pub graph: f64,
    /// Of the model's own, `Q̄_I`; none where the method teaches images no evidence.
    pub model: Option<f64>,
    /// Of `Q̄_I^(1−share) · G^share`; none where there is no `Q̄_I`.
    pub mix: Option<f64>,
    /// Of the reports' mean, the same for every image: what knowing nothing of an image gives.
    pub prior: f64,
}

impl GraphAgreement {
    /// Adds images of a graph that `view` would build, given by their nodes. `truth` is `Q̄_R` of their own reports.
    fn add(
        &mut self,
        view: &GraphView<'_>,
        graph: &BuiltGraph,
        seeds: &[usize],
        images: &[usize],
        truth: ArrayView2<'_, f32>,
    ) {
        let BuiltGraph { image_affinity, report_affinity, image_evidence, report_evidence } = graph;
        let targets = propagate_seeds(image_affinity, report_affinity, report_evidence.view(), seeds, &view.settings);
        let graph = targets.evidence.select(Axis(0), images);
        let sum = |found: &Array2<f32>| -> f64 {
            found.outer_iter().zip(truth.outer_iter()).map(|(found, truth)| bhattacharyya(found, truth)).sum()
        };
        self.images += images.len();
        self.graph += sum(&graph);
        if trains_image_evidence(view.trained.experiment) {
            let model = image_evidence.select(Axis(0), images);
            *self.model.get_or_insert(0.0) += sum(&model);
            *self.mix.get_or_insert(0.0) += sum(&mix(model.view(), graph.view(), view.settings.share));
        }
        if let Some(prior) = report_evidence.mean_axis(Axis(0)) {
            self.prior += truth.outer_iter().map(|truth| bhattacharyya(prior.view(), truth)).sum::<f64>();
        }
    }

    /// Sums become means.
    fn mean(mut self) -> Self {
        let images = self.images.max(1) as f64;
        for value in [&mut self.graph, &mut self.prior].into_iter().chain(&mut self.model).chain(&mut self.mix) {
            *value /= images;
        }
        self
    }
}

impl GraphView<'_> {
    /// Whether an unpaired image's own report is among the reports of the graph.
    pub fn holds_own_reports(&self) -> bool {
        let reports: BTreeSet<&usize> = self.reports.iter().collect();
        self.images[self.pairs()..].iter().any(|study| reports.contains(study))
    }

    /// The unpaired images against the reports that the pairing hides; none where no such report is known.
    pub fn against_hidden(&self) -> Result<Option<GraphCheck>, InspectError> {
        if self.hidden.is_empty() {
            return Ok(None);
        }
        let node: HashMap<usize, usize> = self.images.iter().enumerate().map(|(node, &study)| (study, node)).collect();
        let (nodes, reports): (Vec<usize>, Vec<&ReportEvidence>) =
            self.hidden.iter().filter_map(|(study, report)| Some((*node.get(study)?, report))).unzip();
        let seeds: Vec<usize> = (0..self.pairs()).collect();
        let unpaired: Vec<usize> = (self.pairs()..self.images()).collect();
        let mut tally = Tally::new(self);
        tally.add_relations(&seeds, &unpaired);
        tally.add_evidence(&seeds, &nodes, self.evidence_of(&reports)?.view());
        Ok(Some(tally.finish()))
    }

    /// The pairs as if they were none, a fifth of them at a time: their seed edges are taken out, their images and
    /// reports stay. Needs no hidden report; the model has been trained on these pairs, though.
    pub fn against_held_out_pairs(&self) -> GraphCheck {
        let mut tally = Tally::new(self);
        for fold in 0..FOLDS.min(self.pairs()) {
            let (held, seeds): (Vec<usize>, Vec<usize>) = (0..self.pairs()).partition(|pair| pair % FOLDS == fold);
            tally.add_relations(&seeds, &held);
            tally.add_evidence(&seeds, &held, self.built.report_evidence.select(Axis(0), &held).view());
        }
        tally.finish()
    }

    /// The pairs of the validation split, whose images join the graph as unpaired ones: the same question of pairs that
    /// training has not seen. `reports` is their evidence; none where there are no such pairs.
    pub fn against_validation(&self, reports: &[ReportEvidence]) -> Result<Option<GraphAgreement>, InspectError> {
        let prepared = self.trained.prepared;
        let read: HashMap<&str, &ReportEvidence> = reports
            .iter()
            .filter(|report| report.failure.is_none())
            .map(|report| (report.report_id.as_str(), report))
            .collect();
        let pair = |study: usize| {
            prepared.images.pixels(study)?;
            Some((study, *read.get(prepared.studies[study].id.as_str())?))
        };
        let (studies, reports): (Vec<usize>, Vec<&ReportEvidence>) =
            prepared.split(Split::Validation).into_iter().filter_map(pair).unzip();
        if studies.is_empty() {
            return Ok(None);
        }
        let images = [self.images.as_slice(), &studies].concat();
        let Trained { model, device, .. } = self.trained;
        let graph = build_graph(model, prepared, &images, &self.settings, device);
        let seeds: Vec<usize> = (0..self.pairs()).collect();
        let nodes: Vec<usize> = (self.images()..images.len()).collect();
        let mut agreement = GraphAgreement::default();
        agreement.add(self, &graph, &seeds, &nodes, self.evidence_of(&reports)?.view());
        Ok(Some(agreement.mean()))
    }

    /// `Q̄_R` of reports that training did not read, `[reports, K]`.
    fn evidence_of(&self, reports: &[&ReportEvidence]) -> Result<Array2<f32>, InspectError> {
        let contents: Vec<Content> = reports.iter().map(|report| self.contents.read(report)).collect();
        let distinct: BTreeSet<&str> = contents.iter().flat_map(|one| &one.phrases).map(String::as_str).collect();
        let texts: Vec<&str> = distinct.into_iter().collect();
        let embedded = self.trained.embed(&texts)?;
        let of_phrase = inference::phrase_evidence(self.trained.model, &embedded, self.trained.device);
        let place: BTreeMap<&str, usize> = texts.iter().enumerate().map(|(place, &text)| (text, place)).collect();
        let mut evidence = Array2::zeros((reports.len(), of_phrase.ncols()));
        for (mut row, content) in evidence.outer_iter_mut().zip(&contents) {
            let phrases = content.phrases.iter().map(|phrase| place[phrase.as_str()]);
            row.assign(&arrays::mean_of_rows(&of_phrase, phrases));
        }
        Ok(evidence)
    }

    /// Relevance of each report to an image by each of [`GRAPH_MEASURES`], where it is known.
    fn relevance(&self, image: usize) -> [Option<Vec<f32>>; GRAPH_MEASURES.len()] {
        let study = self.images[image];
        let own = self.reports.contains(&study);
        let own = own.then(|| self.reports.iter().map(|&report| f32::from(u8::from(report == study))).collect());
        match self.contents.relevance(study, &self.reports) {
            Some([same, alike]) => [own, Some(same), Some(alike)],
            None => [own, None, None],
        }
    }
}

/// What is found of sets of images, each with the seed edges that stood.
struct Tally<'a> {
    view: &'a GraphView<'a>,
    hops: Vec<PrecisionTally>,
    all: PrecisionTally,
    /// Sums, until the end.
    agreement: GraphAgreement,
}

impl<'a> Tally<'a> {
    fn new(view: &'a GraphView<'a>) -> Self {
        let none = PrecisionTally::new(GRAPH_MEASURES.len());
        Self { view, hops: vec![none.clone(); view.hops() + 1], all: none, agreement: GraphAgreement::default() }
    }

    fn add_relations(&mut self, seeds: &[usize], images: &[usize]) {
        let shares = hop_shares(self.view.settings.alpha, self.view.hops());
        self.view.each_relation(seeds, images, |image, hops| {
            let relevance = self.view.relevance(image);
            let mut all = Array1::zeros(self.view.reports());
            for ((tally, mass), &share) in self.hops.iter_mut().zip(hops).zip(&shares) {
                tally.add(*mass, &relevance);
                all.scaled_add(share, mass);
            }
            self.all.add(all.view(), &relevance);
        });
    }

    /// `truth` is `Q̄_R` of the images' own reports.
    fn add_evidence(&mut self, seeds: &[usize], images: &[usize], truth: ArrayView2<'_, f32>) {
        self.agreement.add(self.view, &self.view.built, seeds, images, truth);
    }

    fn finish(self) -> GraphCheck {
        GraphCheck {
            hops: self.hops.into_iter().map(PrecisionTally::finish).collect(),
            all: self.all.finish(),
            agreement: self.agreement.mean(),
        }
    }
}
