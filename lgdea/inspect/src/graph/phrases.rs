//! Whether a graph of images and evidence phrases would know more of unpaired images than the model does alone.

use std::collections::{BTreeMap, BTreeSet};

use lgdea_eval::metric::auroc;
use lgdea_graph::{Csr, affinity_at_scale};
use lgdea_objective::phrase_targets;
use ndarray::{Array2, Axis};
use serde::Serialize;

use super::view::GraphView;
use crate::local_fit::LocalFit;
use crate::{InspectError, Trained, arrays, inference};

/// α of the propagation of phrases, and its iterations, as in `ZLaP` (Stojnić et al. 2024).
const ALPHA: f32 = 0.3;
const ITERATIONS: usize = 10;
/// Images of a phrase at the least.
const FEWEST: usize = 5;
/// Phrases at the most, the most frequent ones: memory grows with images × phrases.
const MOST: usize = 200;

/// How well evidence phrases are found in unpaired images, by the reports that the pairing hides: the mean over phrases of the AUROC.
#[derive(Debug, Clone, Serialize)]
pub struct PhraseCheck {
    /// Unpaired images.
    pub images: usize,
    /// Phrases of at least five of them, the 200 most frequent.
    pub phrases: usize,
    /// Of what the model finds in each image alone, the target of `L_evi_loc_u`.
    pub alone: f64,
    /// Of `F ← α W F + (1 − α) Y`, where `Y` is the model's target and, of a pair, what its report says, and `W` joins an image with
    /// its nearest neighbours; by what these are near in.
    pub carried: BTreeMap<&'static str, f64>,
}

impl GraphView<'_> {
    /// Finds the phrases of hidden reports in unpaired images, alone and through their neighbours; none where no such report is known,
    /// or no phrase is frequent enough.
    ///
    /// # Errors
    /// If a phrase has no token.
    pub fn phrases_of_hidden(&self) -> Result<Option<PhraseCheck>, InspectError> {
        let known: BTreeSet<usize> = self.hidden.iter().map(|(study, _)| *study).collect();
        let nodes: Vec<usize> =
            (self.pairs()..self.images()).filter(|&node| known.contains(&self.images[node])).collect();
        let phrases = self.frequent_phrases(&nodes);
        if phrases.is_empty() {
            return Ok(None);
        }
        let truth = self.membership(&self.images, &phrases);
        let seen = self.views(&phrases)?;
        let score = |found: &Array2<f32>| {
            let of_phrase = |phrase: usize| {
                let scores: Vec<f32> = nodes.iter().map(|&node| found[[node, phrase]]).collect();
                let positive: Vec<bool> = nodes.iter().map(|&node| truth[[node, phrase]] > 0.0).collect();
                auroc(&scores, &positive)
            };
            let scores: Vec<f64> = (0..phrases.len()).filter_map(of_phrase).collect();
            scores.iter().sum::<f64>() / scores.len().max(1) as f64
        };
        let mut start = self.taught(&seen.fit, &phrases);
        let alone = score(&start);
        for pair in 0..self.pairs() {
            let said = truth.row(pair);
            start.row_mut(pair).assign(&(&said / said.sum().max(1.0)));
        }
        let carried_along = |near: &Csr| {
            let carry = |found: Array2<f32>, _| near.dot(found.view()) * ALPHA + &start * (1.0 - ALPHA);
            score(&(0..ITERATIONS).fold(start.clone(), carry))
        };
        let others = seen
            .others
            .iter()
            .map(|(name, view)| (*name, carried_along(&affinity_at_scale(view.view(), &self.settings))));
        let own = (seen.of_graph, carried_along(&self.built.image_affinity));
        let carried = others.chain([own]).collect();
        Ok(Some(PhraseCheck { images: nodes.len(), phrases: phrases.len(), alone, carried }))
    }

    /// Phrases that enough of these images' reports have.
    fn frequent_phrases(&self, nodes: &[usize]) -> Vec<&str> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for phrase in nodes.iter().filter_map(|&node| self.contents.phrases(self.images[node])).flatten() {
            *counts.entry(phrase).or_default() += 1;
        }
        let mut frequent: Vec<(&str, usize)> = counts.into_iter().filter(|&(_, count)| count >= FEWEST).collect();
        frequent.sort_by_key(|&(phrase, count)| (std::cmp::Reverse(count), phrase));
        frequent.into_iter().take(MOST).map(|(phrase, _)| phrase).collect()
    }

    /// 1 where the report of a study has a phrase, `[studies, phrases]`.
    fn membership(&self, studies: &[usize], phrases: &[&str]) -> Array2<f32> {
        let has = |study: usize, phrase: &str| self.contents.phrases(study).is_some_and(|own| own.contains(phrase));
        Array2::from_shape_fn((studies.len(), phrases.len()), |(row, phrase)| {
            f32::from(u8::from(has(studies[row], phrases[phrase])))
        })
    }

    /// What a step would teach images of which `fit` `[images, phrases]` is known.
    fn taught(&self, fit: &Array2<f32>, phrases: &[&str]) -> Array2<f32> {
        let Trained { model, device, .. } = self.trained;
        let said = arrays::tensor(&self.membership(&self.reports, phrases), device);
        let logits = arrays::tensor(fit, device) * model.scale().unsqueeze::<2>();
        arrays::matrix(phrase_targets(logits, said, &self.settings))
    }

    /// How well phrases fit the images, and in what images may be near each other.
    fn views(&self, phrases: &[&str]) -> Result<Views, InspectError> {
        let Trained { model, prepared, experiment, device } = self.trained;
        let embeddings = self.trained.embed(phrases)?;
        let texts = LocalFit::of_method(experiment).and_then(|fit| fit.of_phrases(arrays::tensor(&embeddings, device)));
        let mut fits = Vec::new();
        let embedded = inference::images_and(model, prepared, &self.images, device, |features| {
            fits.extend(texts.as_ref().map(|texts| arrays::matrix(texts.fit(features.projected.clone()))));
        });
        let fit = if texts.is_some() { arrays::stack(fits) } else { embedded.global.dot(&embeddings.t()) };
        let mut others = vec![("phrases", standardised(&fit))];
        if self.trained.has_image_evidence() {
            others.push(("evidence", embedded.evidence.mapv(f32::sqrt)));
        }
        let of_graph = if prepared.image_view.is_some() {
            others.push(("embeddings", embedded.global));
            "published features"
        } else {
            "embeddings"
        };
        Ok(Views { fit, of_graph, others })
    }
}

struct Views {
    /// `[images, phrases]`.
    fit: Array2<f32>,
    /// In what the graph's own neighbours are near, which are known.
    of_graph: &'static str,
    /// The others: rows of unit length, `[images, width]`.
    others: Vec<(&'static str, Array2<f32>)>,
}

/// Each phrase's fit with mean 0 and deviation 1 over the images; then each image's row of unit length.
fn standardised(fit: &Array2<f32>) -> Array2<f32> {
    let mut rows = fit.clone();
    for mut phrase in rows.axis_iter_mut(Axis(1)) {
        let (mean, deviation) = (phrase.mean().unwrap_or(0.0), phrase.std(0.0).max(1e-6));
        phrase.mapv_inplace(|value| (value - mean) / deviation);
    }
    for mut image in rows.axis_iter_mut(Axis(0)) {
        let length = image.dot(&image).sqrt().max(1e-6);
        image /= length;
    }
    rows
}
