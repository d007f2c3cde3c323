//! Sources that tell of the same images, joined study by study: PadChest with PadChest-GR, NIH ChestX-ray14 with ChestX-Det10.
//!
//! As MS-CXR does for MIMIC-CXR, the later source adds boxes to the studies of the first, and what the first does not tell. What
//! both tell the first decides, but for the test: what either holds out no model may train on.

use std::collections::{HashMap, HashSet};

use crate::folder::stem;
use crate::table::shown_id;
use crate::{Picture, SkipReason, Skipped, Split, Study};

/// The studies of several sources.
#[derive(Default)]
pub(crate) struct Joined {
    studies: Vec<Study>,
    /// Where the studies are that the first source of a set has.
    firsts: Vec<(&'static str, std::ops::Range<usize>)>,
}

impl Joined {
    /// Adds the studies of a source, which has the images of a set; studies that are moved to the test are counted.
    pub(crate) fn add(&mut self, set: Option<&'static str>, studies: Vec<Study>, skipped: &mut Skipped) {
        let of_set = |(known, _): &&(&'static str, _)| Some(*known) == set;
        let Some(range) = self.firsts.iter().find(of_set).map(|(_, range)| range.clone()) else {
            let start = self.studies.len();
            self.studies.extend(studies);
            self.firsts.extend(set.map(|set| (set, start..self.studies.len())));
            return;
        };
        let others = join(&mut self.studies[range], studies, skipped);
        self.studies.extend(others);
    }

    /// The studies, each once.
    pub(crate) fn into_studies(self) -> Vec<Study> {
        self.studies
    }
}

/// Adds to the first source's studies what the second tells of them; those of the second alone are returned.
fn join(first: &mut [Study], mut second: Vec<Study>, skipped: &mut Skipped) -> Vec<Study> {
    settle_splits(first, &mut second, skipped);
    let mut examinations: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, study) in first.iter().enumerate() {
        examinations.entry(study.examination.clone()).or_default().push(place);
    }
    let mut others = Vec::new();
    for study in second {
        match examinations.get(&study.examination) {
            None => others.push(study),
            Some(places) => {
                let is_same = |&&place: &&usize| name(&first[place]).is_some_and(|one| Some(one) == name(&study));
                // An examination that is read with other images is read with this one, as one with boxes is that has several.
                let place = places.iter().find(is_same).unwrap_or(&places[0]);
                first[*place].complete(study, skipped);
            }
        }
    }
    others
}

/// Holds out for the test the patients of whom either source does, and gives the others the split that the first gives them.
fn settle_splits(first: &mut [Study], second: &mut [Study], skipped: &mut Skipped) {
    let tested = |studies: &[Study]| -> HashSet<String> {
        studies.iter().filter(|study| study.split == Split::Test).map(|study| study.patient.clone()).collect()
    };
    let held_out = tested(second);
    let mut splits: HashMap<String, Split> = HashMap::new();
    for study in first {
        if held_out.contains(&study.patient) && study.split != Split::Test {
            skipped.add(SkipReason::MovedToTest, shown_id(&study.id));
            study.split = Split::Test;
        }
        splits.entry(study.patient.clone()).or_insert(study.split);
    }
    for study in second {
        study.split = splits.get(&study.patient).copied().unwrap_or(study.split);
    }
}

/// What an image file is called, without its ending.
fn name(study: &Study) -> Option<String> {
    study.image.as_ref().and_then(Picture::file).map(stem)
}

impl Study {
    /// Adds what another source tells of the study. Boxes are of the other's image, which is taken where it is another one.
    fn complete(&mut self, other: Study, skipped: &mut Skipped) {
        if other.image.is_some() && (self.image.is_none() || name(self) != name(&other)) {
            for _ in self.boxes.drain(..) {
                skipped.add(SkipReason::BoxOnOtherImage, shown_id(&self.id));
            }
            (self.image, self.projection) = (other.image, other.projection);
        }
        self.boxes.extend(other.boxes);
        self.report = self.report.take().or(other.report);
        self.labels = self.labels.take().or(other.labels);
        self.person = self.person.or(other.person);
        self.projection = self.projection.or(other.projection);
    }
}

#[cfg(test)]
mod tests;
