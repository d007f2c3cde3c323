//! Retrieval: images look for their reports, and reports for their images.

use lgdea_eval::Evaluation;
use lgdea_eval::gallery::{Query, Relation, Shown};
use lgdea_eval::scoring::of_run::OfRun;
use lgdea_eval::task::retrieval;
use lgdea_prepared::Prepared;
use ndarray::{ArrayView1, Axis};

use super::similarity::Nearness;
use crate::inference::ImageArrays;
use crate::{InspectError, Trained};

/// Images whose search for their report is kept for people to look at, and reports shown of each.
const QUERIES: usize = 6;
const FOUND: usize = 5;

/// An image that looks for its report. Studies are positions in the corpus.
pub(super) struct Search {
    study: usize,
    /// Place of its own report, counted from 1.
    rank: usize,
    /// The studies of the nearest reports.
    found: Vec<usize>,
}

impl Search {
    /// To be drawn; none where an image is missing.
    pub(super) fn query<'a>(&self, prepared: &'a Prepared) -> Option<Query<'a>> {
        let size = prepared.images.size();
        let shown = |study: usize| {
            let labels = prepared.studies[study].labels_in_words().unwrap_or_else(|| "no labels".to_owned());
            Some(Shown { pixels: prepared.images.pixels(study)?, size, labels })
        };
        let labels = |study: usize| prepared.studies[study].labels.as_ref();
        let relation = |found: usize| match self.study == found {
            true => Relation::Own,
            false if labels(self.study).is_some() && labels(self.study) == labels(found) => Relation::Alike,
            false => Relation::Other,
        };
        let found = self.found.iter().filter_map(|&found| Some((shown(found)?, relation(found))));
        Some(Query { image: shown(self.study)?, rank: self.rank, found: found.collect() })
    }
}

impl Trained<'_> {
    /// Retrieval among the studies that have both an image, which `images` is of, and a report; `training` has the bank.
    pub(super) fn retrieval(
        &self,
        studies: &[usize],
        images: &ImageArrays,
        training: &Prepared,
    ) -> Result<(Evaluation, Vec<Search>), InspectError> {
        let rows: Vec<usize> = (0..studies.len()).filter(|&row| self.prepared.report(studies[row]).is_some()).collect();
        let complete: Vec<usize> = rows.iter().map(|&row| studies[row]).collect();
        let mut warnings = Vec::new();
        if complete.is_empty() {
            warnings.push("retrieval: no study of the split has both an image and a report".to_owned());
            return Ok((Evaluation { warnings, ..Evaluation::default() }, Vec::new()));
        }
        let settings = &self.experiment.eval.retrieval;
        let nearness = if settings.is_of_more() {
            self.nearness(&complete, training, &mut warnings)
        } else {
            let reports = self.texts(&complete, &|_| ());
            Nearness::of_both(images.global.select(Axis(0), &rows).dot(&reports.t()))
        };
        let similarity = nearness.view();
        let bootstrap = self.bootstrap("retrieval");
        let mut evaluation = if settings.protocol.is_empty() {
            let (cases, strata) = (self.cases(&complete), self.strata(&complete));
            retrieval::evaluate(settings, similarity, &cases, strata.as_ref(), bootstrap)?
        } else {
            let protocol = OfRun::new(&settings.protocol, "retrieval", bootstrap)?;
            let mut evaluation = protocol.retrieval(&self.studies(&complete), similarity)?;
            self.tell_of_strata("retrieval", &mut evaluation);
            evaluation
        };
        evaluation.warnings.append(&mut warnings);
        let first = similarity.of_images.rows().into_iter().enumerate().take(QUERIES);
        let searches = first.map(|(row, similarity)| search(row, similarity, &complete)).collect();
        Ok((evaluation, searches))
    }
}

/// What the image in a row finds among the reports of `studies`.
fn search(row: usize, similarity: ArrayView1<'_, f32>, studies: &[usize]) -> Search {
    let mut order: Vec<usize> = (0..studies.len()).collect();
    order.sort_by(|&one, &other| similarity[other].total_cmp(&similarity[one]));
    let rank = order.iter().position(|&place| place == row).map_or(studies.len(), |place| place + 1);
    Search { study: studies[row], rank, found: order.iter().take(FOUND).map(|&place| studies[place]).collect() }
}
