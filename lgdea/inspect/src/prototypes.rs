//! What a model's prototypes respond to: training phrases, and the images of a split.

use std::collections::{BTreeMap, BTreeSet};

use lgdea_data::{NO_FINDING, Split};
use lgdea_eval::prototypes::{LesionToken, Observed, ObservedImages, Phrase, Prototypes, Region};
use lgdea_evidence::{Polarity, ReportEvidence, phrases};
use ndarray::{Array2, Array3, Axis, s};

use crate::heat_map::{PatchEvidence, PatchMaps, square};
use crate::{InspectError, Trained, arrays, inference};

/// Image regions kept of a prototype, and lesion tokens.
const REGIONS: usize = 6;
const LESIONS: usize = 4;

impl Trained<'_> {
    /// Describes the prototypes by the evidence of the training reports that the run may read, and by the images of a
    /// split: all of a held-out one, of `train` those of the pools. `evidence` is what [`lgdea_prepared::Prepared::new`] was given.
    pub fn prototypes(&self, evidence: &[ReportEvidence], split: Split) -> Result<Prototypes, InspectError> {
        if !self.has_prototypes() {
            return Err(InspectError::NoPrototypes);
        }
        let (phrases, reports) = self.phrases(evidence);
        let texts: Vec<&str> = phrases.iter().map(|phrase| phrase.text.as_str()).collect();
        let phrase_evidence = inference::phrase_evidence(self.model, &self.embed(&texts)?, self.device);
        let images = if self.has_image_evidence() { Some(self.observe_images(split)?) } else { None };
        Ok(Prototypes::new(Observed { phrases, phrase_evidence, reports, images }))
    }

    /// The distinct phrases of the readable training reports, and each report's.
    fn phrases(&self, evidence: &[ReportEvidence]) -> (Vec<Phrase>, Vec<Vec<usize>>) {
        let space = &self.experiment.evidence_space;
        let pools = &self.prepared.pools;
        let readable: BTreeSet<&str> = pools.reports().map(|study| self.prepared.studies[study].id.as_str()).collect();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut distinct: Vec<Phrase> = Vec::new();
        let mut reports = Vec::new();
        for report in evidence.iter().filter(|report| readable.contains(report.report_id.as_str())) {
            let texts = phrases(report, space.max_phrases, &space.no_finding_phrase);
            let own = texts.into_iter().map(|text| {
                let finding = finding_of(report, &text).to_owned();
                let position = *known.entry(text).or_insert_with_key(|text| {
                    distinct.push(Phrase { text: text.clone(), findings: BTreeMap::new() });
                    distinct.len() - 1
                });
                *distinct[position].findings.entry(finding).or_default() += 1;
                position
            });
            reports.push(own.collect());
        }
        (distinct, reports)
    }

    fn observe_images(&self, split: Split) -> Result<ObservedImages, InspectError> {
        let pools = &self.prepared.pools;
        let mut studies = match split {
            Split::Train => [pools.paired.as_slice(), &pools.images].concat(),
            _ => self.prepared.split(split),
        };
        studies.retain(|&study| self.prepared.images.pixels(study).is_some());
        studies.sort_unstable();
        if studies.is_empty() {
            return Err(InspectError::EmptySplit { split });
        }
        let prototypes = self.experiment.evidence_space.prototypes;
        let mut evidence = Vec::with_capacity(studies.len());
        let mut regions: Vec<Best<Region>> = (0..prototypes).map(|_| Best::new(REGIONS)).collect();
        let mut lesions: Vec<Best<LesionToken>> = (0..prototypes).map(|_| Best::new(LESIONS)).collect();
        inference::each_chunk(self.model, self.prepared, &studies, self.device, |chunk, features| {
            let Some(found) = PatchMaps::new(self.model, features, true).evidence else { return };
            for (row, &study) in chunk.iter().enumerate() {
                evidence.extend(found.queries.index_axis(Axis(0), row).mean_axis(Axis(0)));
                for prototype in 0..prototypes {
                    let (value, region) = best_region(&found.patches, row, prototype, study);
                    regions[prototype].offer(value, region);
                    let (query, value) = arrays::greatest(found.queries.slice(s![row, .., prototype]));
                    lesions[prototype].offer(value, || lesion_token(&found, row, query, study, value));
                }
            }
        });
        let views: Vec<_> = evidence.iter().map(|row| row.view()).collect();
        let evidence = ndarray::stack(Axis(0), &views).unwrap_or_else(|_| Array2::zeros((0, prototypes)));
        Ok(ObservedImages {
            evidence,
            regions: regions.into_iter().map(Best::into_items).collect(),
            lesions: lesions.into_iter().map(Best::into_items).collect(),
        })
    }
}

/// The finding that a phrase of a report names there.
fn finding_of<'a>(report: &'a ReportEvidence, text: &str) -> &'a str {
    let named = report.evidence.iter().find(|one| one.polarity != Polarity::Absent && one.text == text);
    named.map_or(NO_FINDING, |one| &one.finding)
}

/// The patch of an image that has most evidence of a prototype. `patches` is `[images, patches, K]`.
fn best_region(
    patches: &Array3<f32>,
    image: usize,
    prototype: usize,
    study: usize,
) -> (f32, impl FnOnce() -> Region + use<>) {
    let (patch, evidence) = arrays::greatest(patches.slice(s![image, .., prototype]));
    let side = patches.dim().1.isqrt();
    let share = 1.0 / side as f32;
    let place = [(patch % side) as f32 * share, (patch / side) as f32 * share, share, share];
    (evidence, move || Region { study, place, evidence })
}

fn lesion_token(found: &PatchEvidence, image: usize, query: usize, study: usize, evidence: f32) -> LesionToken {
    let attention = square(found.attention.slice(s![image, query, ..]).to_owned());
    LesionToken { study, query, evidence, attention }
}

/// The items of greatest value, the first of equal ones.
struct Best<T> {
    most: usize,
    items: Vec<(f32, T)>,
}

impl<T> Best<T> {
    fn new(most: usize) -> Self {
        Self { most, items: Vec::new() }
    }

    /// Takes an item, if it is among the best; only then is it made.
    fn offer(&mut self, value: f32, item: impl FnOnce() -> T) {
        let rank = self.items.partition_point(|(other, _)| *other >= value);
        if rank < self.most {
            self.items.insert(rank, (value, item()));
            self.items.truncate(self.most);
        }
    }

    fn into_items(self) -> Vec<T> {
        self.items.into_iter().map(|(_, item)| item).collect()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_best_are_kept_in_order_and_ties_go_to_the_first() {
        let mut kept = Best::new(2);
        for (value, item) in [(0.5, "a"), (0.7, "b"), (0.5, "c"), (0.9, "d"), (0.7, "e")] {
            kept.offer(value, || item);
        }
        assert_eq!(kept.into_items(), ["d", "b"]);
        assert_eq!(arrays::greatest(array![0.2, 0.9, 0.9].view()), (1, 0.9));
    }

    #[test]
    fn a_region_is_a_patch_of_the_square() {
        let mut patches = Array3::zeros((2, 16, 3));
        patches[[1, 6, 2]] = 0.8;
        let (value, region) = best_region(&patches, 1, 2, 9);
        assert_eq!((value, region()), (0.8, Region { study: 9, place: [0.5, 0.25, 0.25, 0.25], evidence: 0.8 }));
    }
}
