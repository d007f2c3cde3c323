//! Phrase grounding: whether a phrase's heat map points at its box.

use std::collections::HashMap;

use lgdea_eval::Evaluation;
use lgdea_eval::gallery::Panel;
use lgdea_eval::scoring::of_run::OfRun;
use lgdea_eval::task::grounding::{self, Item, chosen_map};
use lgdea_prepared::Prepared;
use ndarray::Array2;

use crate::heat_map::PatchMaps;
use crate::{InspectError, Trained, inference};

/// Heat maps kept for people to look at.
const PANELS: usize = 24;

/// A phrase with its box and its heat map on the image of a study.
pub(super) struct Grounded {
    study: usize,
    phrase: String,
    target: [f32; 4],
    map: Array2<f32>,
}

impl Grounded {
    /// To be drawn; none where the image is missing.
    pub(super) fn panel<'a>(&'a self, prepared: &'a Prepared) -> Option<Panel<'a>> {
        let (pixels, size) = (prepared.images.pixels(self.study)?, prepared.images.size());
        let (map, boxes) = (self.map.clone(), vec![self.target]);
        Some(Panel { pixels, size, map, boxes, phrase: &self.phrase })
    }
}

impl<'a> Trained<'a> {
    /// The heat maps of every phrase that has a box.
    pub(super) fn grounding(&self, studies: &[usize]) -> Result<(Evaluation, Vec<Grounded>), InspectError> {
        let boxed: Vec<usize> =
            studies.iter().copied().filter(|&study| !self.prepared.studies[study].boxes.is_empty()).collect();
        let patients: HashMap<usize, usize> = boxed.iter().copied().zip(self.patients(&boxed)).collect();
        let mut items: Vec<Item<'_>> = Vec::new();
        let mut failed: Option<InspectError> = None;
        inference::each_chunk(self.model, self.prepared, &boxed, self.device, |chunk, features| {
            let maps = self.patch_maps(features);
            for (row, &study) in chunk.iter().enumerate() {
                match self.ground_study(&maps, row, study, patients[&study]) {
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
        let bootstrap = self.bootstrap("grounding");
        let evaluation = if settings.protocol.is_empty() {
            grounding::evaluate(settings, &items, size, bootstrap)?
        } else {
            let protocol = OfRun::new(&settings.protocol, "grounding", bootstrap)?;
            let mut mapped: Vec<(&Item<'_>, Array2<f32>)> = Vec::new();
            for item in &items {
                mapped.extend(chosen_map(settings.heat_map, &item.maps).map(|map| (item, map)));
            }
            protocol.grounding(&mapped, |study| &self.prepared.studies[study], size)?
        };
        let panel = |item: &Item<'_>| {
            let map = chosen_map(settings.heat_map, &item.maps)?;
            Some(Grounded { study: item.study, phrase: item.phrase.to_owned(), target: item.target, map })
        };
        let panels = items.iter().take(PANELS).filter_map(panel).collect();
        Ok((evaluation, panels))
    }

    fn ground_study(
        &self,
        maps: &PatchMaps,
        row: usize,
        study: usize,
        patient: usize,
    ) -> Result<Vec<Item<'a>>, InspectError> {
        let Some(frame) = self.prepared.images.frame(study) else { return Ok(Vec::new()) };
        let boxes = &self.prepared.studies[study].boxes;
        let phrases: Vec<&str> = boxes.iter().map(|found| found.phrase.as_str()).collect();
        let item = |(found, maps): (&'a lgdea_data::FindingBox, _)| Item {
            study,
            patient,
            finding: &found.finding,
            phrase: &found.phrase,
            target: frame.place(found),
            outline: found.mask.as_deref().map(|mask| (mask, frame)),
            maps,
        };
        let maps = self.maps_of(maps, row, &phrases)?;
        Ok(boxes.iter().zip(maps).map(item).collect())
    }
}
