//! MIMIC-CXR: JPEG or DICOM files, reports in sections, the official split, and the boxes of MS-CXR.

mod boxes;
mod listed;
mod numbers;
mod people;
mod reports;
mod sections;
mod tables;

use std::collections::HashSet;

use lgdea_spec::{Fractions, MimicCxr, Seed};

use super::{Contents, Progress, Source};
use crate::examination::{Examination, studies};
use crate::folder::Folder;
use crate::split::{Split, Splits};
use crate::table::shown_id;
use crate::{DataError, SkipReason, Skipped};

/// What errors call the set.
const SET: &str = "MIMIC-CXR-JPG";

impl Source for MimicCxr {
    fn read(&self, seed: Seed, progress: Progress<'_>) -> Result<Contents, DataError> {
        let root = Folder::open("data.mimic-cxr.root", &self.root)?;
        let tables = match self.tables.as_str() {
            "" => root.clone(),
            named => Folder::open("data.mimic-cxr.tables", named)?,
        };
        let mut skipped = Skipped::default();
        let boxes = boxes::read(&self.boxes, &mut skipped)?;
        let people = people::read(&self.patients)?;
        // Table by table into the examinations, so that no two tables are in memory at once.
        let mut listed = listed::read(&root, &tables, self.images, boxes, people.as_ref(), &mut skipped)?;
        tables::add_splits(&tables, &mut listed)?;
        tables::add_labels(&tables, self.labels, self.uncertain_labels, &mut listed, &mut skipped)?;
        reports::add(&root, self, &mut listed, &mut skipped, progress)?;
        let mut examinations = listed.into_items();
        hold_out(&mut examinations, &mut skipped);
        // Every study has a split of its own.
        let splits = Splits::new(&Fractions::NONE, seed)?;
        let studies = studies(examinations, self.views, splits, &mut skipped);
        Ok(Contents::of_folder("MIMIC-CXR", &root, studies, skipped))
    }
}

/// Puts patients who have a box into the test split: no model may have trained on them. Studies that were elsewhere are
/// counted.
fn hold_out(examinations: &mut [Examination], skipped: &mut Skipped) {
    let has_box = |examination: &&Examination| examination.films.iter().any(|film| !film.boxes.is_empty());
    let boxed: HashSet<String> = examinations.iter().filter(has_box).map(|one| one.patient.clone()).collect();
    for examination in examinations.iter_mut().filter(|one| boxed.contains(&one.patient)) {
        if examination.split.replace(Split::Test) != Some(Split::Test) {
            skipped.add(SkipReason::MovedToTest, shown_id(&examination.id));
        }
    }
}

#[cfg(test)]
mod tests;
