//! The relation graph of a trained model: its nodes, edges and strongest relations.

use std::collections::HashMap;

use lgdea_evidence::ReportEvidence;
use lgdea_graph::{Csr, each_relation, strongest};
use lgdea_spec::Graph;
use ndarray::ArrayView1;

use super::content::Contents;
use crate::relation::{BuiltGraph, build_graph};
use crate::{InspectError, Trained};

/// The graph that the run's settings make of its final averaged model, whether training used one or not. Nodes are positions: pairs first,
/// then the unpaired pool.
pub struct GraphView<'a> {
    pub(super) trained: Trained<'a>,
    pub(super) settings: Graph,
    pub(super) built: BuiltGraph,
    /// Studies of the image nodes and of the report nodes.
    pub(super) images: Vec<usize>,
    pub(super) reports: Vec<usize>,
    pub(super) contents: Contents,
    /// Unpaired images whose hidden report is known, as studies, and what it says.
    pub(super) hidden: Vec<(usize, ReportEvidence)>,
}

impl<'a> Trained<'a> {
    /// Builds the relation graph, with `hops` iterations of its propagation where that is given.
    ///
    /// `evidence` is what [`lgdea_prepared::Prepared::new`] was given, `hidden` the evidence of [`lgdea_prepared::Prepared::hidden`]: it is
    /// compared with, and does not enter the graph.
    pub fn graph(
        self,
        evidence: &[ReportEvidence],
        hidden: &[ReportEvidence],
        hops: Option<usize>,
    ) -> Result<GraphView<'a>, InspectError> {
        if !self.experiment.has_graph() {
            return Err(InspectError::NoGraph);
        }
        let mut settings = self.experiment.graph.clone();
        settings.iterations = hops.unwrap_or(settings.iterations);
        let studies = self.prepared.studies.iter().enumerate();
        let position: HashMap<&str, usize> = studies.map(|(position, study)| (study.id.as_str(), position)).collect();
        let known = |report: &ReportEvidence| {
            let study = *position.get(report.report_id.as_str())?;
            report.failure.is_none().then(|| (study, report.clone()))
        };
        let hidden: Vec<(usize, ReportEvidence)> = hidden.iter().filter_map(known).collect();
        let mut contents = Contents::new(&self.experiment.evidence_space);
        for (study, report) in evidence.iter().filter_map(known).chain(hidden.iter().cloned()) {
            contents.add(study, &report);
        }
        let pools = &self.prepared.pools;
        let images: Vec<usize> = pools.images_of_graph().collect();
        Ok(GraphView {
            built: build_graph(self.model, self.prepared, &images, &settings, self.device),
            trained: self,
            settings,
            images,
            reports: pools.reports().collect(),
            contents,
            hidden,
        })
    }
}

impl GraphView<'_> {
    /// Number of hops: the iterations of the propagation.
    pub fn hops(&self) -> usize {
        self.settings.iterations
    }

    /// Number of image nodes.
    pub fn images(&self) -> usize {
        self.images.len()
    }

    /// Number of report nodes.
    pub fn reports(&self) -> usize {
        self.reports.len()
    }

    /// Number of pairs: the first nodes of both kinds, joined by seed edges in order.
    pub fn pairs(&self) -> usize {
        self.trained.prepared.pools.paired.len()
    }

    /// Identifier of an image node's study.
    pub fn image(&self, node: usize) -> &str {
        &self.trained.prepared.studies[self.images[node]].id
    }

    /// Identifier of a report node's study.
    pub fn report(&self, node: usize) -> &str {
        &self.trained.prepared.studies[self.reports[node]].id
    }

    /// `W_I`.
    pub fn image_affinity(&self) -> &Csr {
        &self.built.image_affinity
    }

    /// `W_R`.
    pub fn report_affinity(&self) -> &Csr {
        &self.built.report_affinity
    }

    /// Calls `use_relation` with image node, report node, hop and mass of every image's `most` strongest relations at
    /// every hop. Ends with the first error.
    pub fn strongest_relations<E>(
        &self,
        most: usize,
        mut use_relation: impl FnMut(usize, usize, usize, f32) -> Result<(), E>,
    ) -> Result<(), E> {
        let seeds: Vec<usize> = (0..self.pairs()).collect();
        let images: Vec<usize> = (0..self.images()).collect();
        let mut result = Ok(());
        self.each_relation(&seeds, &images, |image, hops| {
            for (hop, mass) in hops.iter().enumerate() {
                for report in strongest(*mass, most) {
                    if result.is_ok() {
                        result = use_relation(image, report, hop, mass[report]);
                    }
                }
            }
        });
        result
    }

    pub(super) fn each_relation(
        &self,
        seeds: &[usize],
        images: &[usize],
        use_image: impl FnMut(usize, &[ArrayView1<'_, f32>]),
    ) {
        each_relation(self.image_affinity(), self.report_affinity(), seeds, self.hops(), images, use_image);
    }
}
