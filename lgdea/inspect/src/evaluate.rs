//! The evaluation tasks on a split.

use burn::tensor::{Device, Tensor};
use lgdea_data::Split;
use lgdea_eval::gallery::{Panel, Query, Relation, Shown};
use lgdea_eval::metric::heat_map::standardise;
use lgdea_eval::prompts::{PromptClass, PromptSet};
use lgdea_eval::task::grounding::{Item, chosen_map};
use lgdea_eval::task::{Labels, grounding, retrieval, zero_shot};
use lgdea_eval::{Bootstrap, Evaluation};
use lgdea_model::Lgdea;
use lgdea_prepared::Prepared;
use lgdea_spec::Experiment;
use ndarray::{Array1, Array2, ArrayView1, Axis};

use crate::heat_map::PatchMaps;
use crate::local_fit::{LocalFit, LocalTexts, best_fits};
use crate::{InspectError, Trained, arrays, inference};

/// Keeps logarithms of probabilities finite.
const TINY: f32 = 1e-6;
/// Images and reports whose words and regions are compared at a time: memory grows with the product.
const FITTED: usize = 32;
/// Heat maps kept for people to look at.
const PANELS: usize = 24;
/// Images whose search for their report is kept for people to look at, and reports shown of each.
const QUERIES: usize = 6;
const FOUND: usize = 5;

/// What an evaluation found.
pub struct Evaluated {
    /// Scores of all tasks that ran, and what was left out.
    pub evaluation: Evaluation,
    /// Grounded phrases, for the gallery.
    panels: Vec<OwnedPanel>,
    /// Images and the reports that they find, for the gallery.
    searches: Vec<Search>,
}

/// An image that looks for its report. Studies are positions in the corpus.
struct Search {
    study: usize,
    /// Place of its own report, counted from 1.
    rank: usize,
    /// The studies of the nearest reports.
    found: Vec<usize>,
}

/// The zero-shot classes, each one's prompts as unit-length embeddings `[prompts, D]`, and as the method compares them
/// with regions, where it does.
struct Prompts<'a> {
    classes: Vec<PromptClass>,
    embeddings: Vec<Array2<f32>>,
    local: Option<Vec<LocalTexts<'a>>>,
}

struct OwnedPanel {
    study: usize,
    phrase: String,
    target: [f32; 4],
    map: Array2<f32>,
}

impl Evaluated {
    /// The first grounded phrases of the split, to be drawn.
    pub fn panels<'a>(&'a self, prepared: &'a Prepared) -> Vec<Panel<'a>> {
        let size = prepared.images.size();
        self.panels
            .iter()
            .filter_map(|panel| {
                let pixels = prepared.images.pixels(panel.study)?;
                let (map, boxes) = (panel.map.clone(), vec![panel.target]);
                Some(Panel { pixels, size, map, boxes, phrase: &panel.phrase })
            })
            .collect()
    }

    /// The first images of the split and the reports that they find, to be drawn.
    pub fn queries<'a>(&self, prepared: &'a Prepared) -> Vec<Query<'a>> {
        let size = prepared.images.size();
        let shown = |study: usize| {
            let labels = prepared.studies[study].labels_in_words().unwrap_or_else(|| "no labels".to_owned());
            Some(Shown { pixels: prepared.images.pixels(study)?, size, labels })
        };
        let relation = |query: usize, found: usize| {
            let labels = |study: usize| prepared.studies[study].labels.as_ref();
            match query == found {
                true => Relation::Own,
                false if labels(query).is_some() && labels(query) == labels(found) => Relation::Alike,
                false => Relation::Other,
            }
        };
        let searches = self.searches.iter().filter_map(|Search { study, rank, found }| {
            let found = found.iter().filter_map(|&found| Some((shown(found)?, relation(*study, found))));
            Some(Query { image: shown(*study)?, rank: *rank, found: found.collect() })
        });
        searches.collect()
    }
}

/// Runs the enabled tasks on a split, with `model` in validation mode.
pub fn evaluate(
    model: &Lgdea,
    experiment: &Experiment,
    prepared: &Prepared,
    split: Split,
    device: &Device,
) -> Result<Evaluated, InspectError> {
    let studies: Vec<usize> =
        prepared.split(split).into_iter().filter(|&study| prepared.images.pixels(study).is_some()).collect();
    if studies.is_empty() {
        return Err(InspectError::EmptySplit { split });
    }
    let trained = Trained { model, experiment, prepared, device };
    let settings = &experiment.eval;
    let prompts = if settings.zero_shot.enabled { Some(trained.prompts()?) } else { None };
    let mut local = Vec::new();
    let images = inference::images_and(model, prepared, &studies, device, |features| {
        let texts = prompts.as_ref().and_then(|prompts| prompts.local.as_ref());
        local.extend(texts.map(|texts| best_fits(texts, &features.projected)));
    });
    let mut evaluation = Evaluation::default();
    let (mut panels, mut searches) = (Vec::new(), Vec::new());
    let mut add = |part: Evaluation| {
        evaluation.scores.extend(part.scores);
        evaluation.warnings.extend(part.warnings);
    };
    if let Some(prompts) = &prompts {
        let local = prompts.local.is_some().then(|| arrays::stack(local));
        add(trained.zero_shot(prompts, &studies, &images, local)?);
    }
    if settings.retrieval.enabled {
        let (part, drawn) = trained.retrieval(&studies, &images)?;
        add(part);
        searches = drawn;
    }
    if settings.grounding.enabled {
        let (part, drawn) = trained.grounding(&studies)?;
        add(part);
        panels = drawn;
    }
    Ok(Evaluated { evaluation, panels, searches })
}

impl<'a> Trained<'a> {
    fn bootstrap(&self, task: &str) -> Bootstrap {
        let seed = self.experiment.seed.stream("bootstrap").stream(task);
        Bootstrap { resamples: self.experiment.eval.bootstrap, seed }
    }

    fn labels(&self, studies: &[usize]) -> Vec<Labels<'a>> {
        studies.iter().map(|&study| self.prepared.studies[study].labels.as_ref()).collect()
    }

    /// The prompts of the zero-shot classes.
    fn prompts(&self) -> Result<Prompts<'a>, InspectError> {
        let classes = PromptSet::named_or_path(&self.experiment.eval.zero_shot.prompts)?.classes;
        let fit = LocalFit::of_method(self.experiment);
        let (mut embeddings, mut local) = (Vec::new(), Vec::new());
        for class in &classes {
            let texts: Vec<&str> = class.prompts.iter().map(String::as_str).collect();
            embeddings.push(self.embed(&texts)?);
            if let Some(fit) = fit {
                local.push(self.local_texts(fit, &texts)?);
            }
        }
        Ok(Prompts { classes, embeddings, local: fit.is_some().then_some(local) })
    }

    /// `g · t_c` (the logits of a classifier, where there is one), `log(Q̄_I · p_c)` and the local scores, where there are
    /// any, with `t_c` the normalised mean of a class's prompts and `p_c` the mean of their distributions over prototypes.
    fn zero_shot(
        &self,
        prompts: &Prompts<'_>,
        studies: &[usize],
        images: &inference::ImageArrays,
        local: Option<Array2<f32>>,
    ) -> Result<Evaluation, InspectError> {
        let classes = &prompts.classes;
        let mut embeddings = Array2::zeros((classes.len(), self.experiment.encoder.dim));
        let mut distributions = Array2::zeros((classes.len(), self.experiment.evidence_space.prototypes));
        for (class, prompts) in prompts.embeddings.iter().enumerate() {
            embeddings.row_mut(class).assign(&mean_direction(prompts));
            let evidence = inference::phrase_evidence(self.model, prompts, self.device);
            if let Some(mean) = evidence.mean_axis(Axis(0)) {
                distributions.row_mut(class).assign(&mean);
            }
        }
        // A classifier that learned the labels answers in the place of the prompts.
        let similarity = images.classes.clone().unwrap_or_else(|| images.global.dot(&embeddings.t()));
        let evidence =
            self.has_image_evidence().then(|| images.evidence.dot(&distributions.t()).mapv(|p| (p + TINY).ln()));
        Ok(zero_shot::evaluate(
            &self.experiment.eval.zero_shot,
            classes,
            zero_shot::Scores { similarity, evidence, local },
            &self.labels(studies),
            self.bootstrap("zero-shot"),
        )?)
    }

    /// `g · r` of the studies with both, and the fit of words and regions where the experiment gives it a share.
    fn retrieval(
        &self,
        studies: &[usize],
        images: &inference::ImageArrays,
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
        let labels = self.labels(&complete);
        let evaluation = retrieval::evaluate(settings, similarity.view(), &labels, self.bootstrap("retrieval"))?;
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

    /// The heat maps of every phrase that has a box.
    fn grounding(&self, studies: &[usize]) -> Result<(Evaluation, Vec<OwnedPanel>), InspectError> {
        let boxed: Vec<usize> =
            studies.iter().copied().filter(|&study| !self.prepared.studies[study].boxes.is_empty()).collect();
        let mut items: Vec<Item<'_>> = Vec::new();
        let mut failed: Option<InspectError> = None;
        inference::each_chunk(self.model, self.prepared, &boxed, self.device, |chunk, features| {
            let maps = self.patch_maps(features);
            for (row, &study) in chunk.iter().enumerate() {
                match self.ground_study(&maps, row, study) {
                    Ok(found) => items.extend(found),
                    Err(error) => failed = Some(error),
                }
            }
        });
        if let Some(error) = failed {
            return Err(error);
        }
        if items.is_empty() {
            let warnings = vec!["grounding: no image of the split has a box".to_owned()];
            return Ok((Evaluation { warnings, ..Evaluation::default() }, Vec::new()));
        }
        let settings = &self.experiment.eval.grounding;
        let size = self.prepared.images.size();
        let evaluation = grounding::evaluate(settings, &items, size, self.bootstrap("grounding"))?;
        let panel = |item: &Item<'_>| {
            let map = chosen_map(settings.heat_map, &item.maps)?;
            Some(OwnedPanel { study: item.study, phrase: item.phrase.to_owned(), target: item.target, map })
        };
        let panels = items.iter().take(PANELS).filter_map(panel).collect();
        Ok((evaluation, panels))
    }

    fn ground_study(&self, maps: &PatchMaps, row: usize, study: usize) -> Result<Vec<Item<'a>>, InspectError> {
        let Some(frame) = self.prepared.images.frame(study) else { return Ok(Vec::new()) };
        let boxes = &self.prepared.studies[study].boxes;
        let phrases: Vec<&str> = boxes.iter().map(|found| found.phrase.as_str()).collect();
        let item = |(found, maps): (&'a lgdea_data::FindingBox, _)| Item {
            study,
            phrase: &found.phrase,
            target: frame.place(found),
            maps,
        };
        let maps = self.maps_of(maps, row, &phrases)?;
        Ok(boxes.iter().zip(maps).map(item).collect())
    }
}

/// What the image in a row finds among the reports of `studies`.
fn search(row: usize, similarity: ArrayView1<'_, f32>, studies: &[usize]) -> Search {
    let mut order: Vec<usize> = (0..studies.len()).collect();
    order.sort_by(|&one, &other| similarity[other].total_cmp(&similarity[one]));
    let rank = order.iter().position(|&place| place == row).map_or(studies.len(), |place| place + 1);
    Search { study: studies[row], rank, found: order.iter().take(FOUND).map(|&place| studies[place]).collect() }
}

/// The normalised mean of unit vectors in rows.
fn mean_direction(rows: &Array2<f32>) -> Array1<f32> {
    let sum = rows.sum_axis(Axis(0));
    let norm = sum.dot(&sum).sqrt().max(TINY);
    sum / norm
}
