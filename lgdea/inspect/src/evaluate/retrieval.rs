//! Retrieval: images look for their reports, and reports for their images.

use burn::tensor::Tensor;
use lgdea_eval::Evaluation;
use lgdea_eval::gallery::{Query, Relation, Shown};
use lgdea_eval::metric::heat_map::standardise;
use lgdea_eval::scoring::of_run::OfRun;
use lgdea_eval::task::retrieval;
use lgdea_prepared::Prepared;
use ndarray::{Array2, ArrayView1, Axis};

use crate::inference::ImageArrays;
use crate::local_fit::{LocalFit, LocalTexts};
use crate::{InspectError, Trained, arrays, inference};

/// Images and reports whose words and regions are compared at a time: memory grows with the product.
const FITTED: usize = 32;
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
    /// `g · r` of the studies with both, and the fit of words and regions where the experiment gives it a share.
    pub(super) fn retrieval(
        &self,
        studies: &[usize],
        images: &ImageArrays,
    ) -> Result<(Evaluation, Vec<Search>), InspectError> {
        let complete: Vec<usize> =
            (0..studies.len()).filter(|&row| self.prepared.report(studies[row]).is_some()).collect();
        let tokens: Vec<&[i32]> = complete
            .iter()
            .filter_map(|&row| self.prepared.report(studies[row]))
            .map(|report| report.tokens.as_slice())
            .collect();
        if tokens.is_empty() {
            let warnings = vec!["retrieval: no study of the split has both an image and a report".to_owned()];
            return Ok((Evaluation { warnings, ..Evaluation::default() }, Vec::new()));
        }
        let reports = inference::texts(self.model, &tokens, self.device);
        let mut similarity = images.global.select(Axis(0), &complete).dot(&reports.t());
        let complete: Vec<usize> = complete.into_iter().map(|row| studies[row]).collect();
        let settings = &self.experiment.eval.retrieval;
        if settings.local_share > 0.0
            && let Some(fit @ LocalFit::Words(_)) = LocalFit::of_method(self.experiment)
        {
            let (share, local) = (settings.local_share as f32, self.local_similarity(fit, &complete, &tokens));
            similarity = standardise(similarity.view()) * (1.0 - share) + standardise(local.view()) * share;
        }
        let bootstrap = self.bootstrap("retrieval");
        let evaluation = if settings.protocol.is_empty() {
            let (cases, strata) = (self.cases(&complete), self.strata(&complete));
            retrieval::evaluate(settings, similarity.view(), &cases, strata.as_ref(), bootstrap)?
        } else {
            let protocol = OfRun::new(&settings.protocol, "retrieval", bootstrap)?;
            let mut evaluation = protocol.retrieval(&self.studies(&complete), similarity.clone())?;
            self.tell_of_strata("retrieval", &mut evaluation);
            evaluation
        };
        let first = similarity.rows().into_iter().enumerate().take(QUERIES);
        Ok((evaluation, first.map(|(row, similarity)| search(row, similarity, &complete)).collect()))
    }

    /// Fit of each report to the regions of each image, `[images, reports]`.
    fn local_similarity(&self, fit: LocalFit<'_>, studies: &[usize], reports: &[&[i32]]) -> Array2<f32> {
        let encode = |chunk: &[&[i32]]| fit.texts(self.model, chunk, self.device);
        let reports: Vec<LocalTexts<'_>> = reports.chunks(FITTED).map(encode).collect();
        let mut rows = Vec::new();
        inference::each_chunk(self.model, self.prepared, studies, self.device, |chunk, features| {
            for start in (0..chunk.len()).step_by(FITTED) {
                let images = features.projected.clone().narrow(0, start, FITTED.min(chunk.len() - start));
                let fits = reports.iter().map(|reports| reports.fit(images.clone())).collect();
                rows.push(arrays::matrix(Tensor::cat(fits, 1)));
            }
        });
        arrays::stack(rows)
    }
}

/// What the image in a row finds among the reports of `studies`.
fn search(row: usize, similarity: ArrayView1<'_, f32>, studies: &[usize]) -> Search {
    let mut order: Vec<usize> = (0..studies.len()).collect();
    order.sort_by(|&one, &other| similarity[other].total_cmp(&similarity[one]));
    let rank = order.iter().position(|&place| place == row).map_or(studies.len(), |place| place + 1);
    Search { study: studies[row], rank, found: order.iter().take(FOUND).map(|&place| studies[place]).collect() }
}
