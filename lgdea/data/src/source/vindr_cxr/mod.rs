//! VinDr-CXR: radiographs with the findings that several readers saw, and the boxes that they drew.
//!
//! Sex and age, and in some releases the patient, stand in the headers of the DICOM files alone; where none tells the patient, each
//! image counts as a patient of its own.

mod boxes;
mod votes;

use lgdea_spec::{Fractions, Seed, Views, VindrCxr, VindrRelease};

use super::{Contents, Progress, Source};
use crate::by_id::ById;
use crate::examination::{Examination, Film, leave_out_patients_of_test, studies};
use crate::folder::Folder;
use crate::labels::normalise_label;
use crate::split::{Split, Splits};
use crate::{DataError, Skipped, headers};
use votes::Votes;

/// What errors call the set.
const SET: &str = "VinDr-CXR";

impl Source for VindrCxr {
    fn read(&self, seed: Seed, progress: Progress<'_>) -> Result<Contents, DataError> {
        let folder = Folder::open("data.vindr-cxr.root", &self.root)?;
        let (mut examinations, mut skipped) = (Vec::new(), Skipped::default());
        for part in Part::of(self.release) {
            examinations.extend(part.read(self, &folder, &mut skipped)?);
        }
        headers::add(&mut examinations, &mut skipped, progress);
        leave_out_patients_of_test(&mut examinations, &mut skipped);
        // Of PhysioNet's training images, the seed decides on training or validation alone.
        let test = if self.release == VindrRelease::Kaggle { self.fractions.test } else { 0.0 };
        let fractions = Fractions { validation: self.fractions.validation, test };
        let studies = studies(examinations, Views::FirstFrontal, Splits::new(&fractions, seed)?, &mut skipped);
        Ok(Contents::of_folder(SET, &folder, studies, skipped))
    }
}

/// The part of a release that a folder of images holds.
struct Part {
    /// Of the folder, and in the names of the tables.
    name: &'static str,
    /// Whether one table has both findings and boxes.
    is_of_kaggle: bool,
    /// Its split, where the release gives it one.
    split: Option<Split>,
}

impl Part {
    fn of(release: VindrRelease) -> Vec<Part> {
        let train = |is_of_kaggle| Part { name: "train", is_of_kaggle, split: None };
        let test = Part { name: "test", is_of_kaggle: false, split: Some(Split::Test) };
        match release {
            VindrRelease::Physionet => vec![train(false), test],
            VindrRelease::PhysionetTest => vec![test],
            VindrRelease::Kaggle => vec![train(true)],
        }
    }

    fn read(&self, vindr: &VindrCxr, folder: &Folder, skipped: &mut Skipped) -> Result<Vec<Examination>, DataError> {
        let Part { name, is_of_kaggle, split } = self;
        let images = folder.images(SET, &[name])?;
        let table = |of: &str| {
            let file = format!("{of}_{name}.csv");
            folder.table(SET, &[&format!("annotations/{file}"), &file])
        };
        // The test's tables hold the consensus of its readers.
        let has_readers = *split != Some(Split::Test);
        let mut votes = ById::new();
        let annotations = if *is_of_kaggle {
            let annotations = folder.table(SET, &["train.csv"])?;
            votes::of_annotations(&annotations, &mut votes)?;
            annotations
        } else {
            votes::of_labels(&table("image_labels")?, has_readers, &mut votes)?;
            table("annotations")?
        };
        let mut examinations = ById::new();
        for Votes { id, readers, findings } in votes.into_items() {
            examinations.entry(&id, || Examination {
                id: id.clone(),
                patient: id.clone(),
                split: *split,
                // The set has frontal images alone, taken from back to front.
                films: vec![Film::new(&id, images.picture(&id), "PA")],
                labels: Some(votes::labels(&readers, &findings, vindr.readers)),
                ..Examination::default()
            });
        }
        let sizes = boxes::sizes(folder, name)?;
        boxes::add(&annotations, &sizes, &mut examinations, skipped)?;
        Ok(examinations.into_items())
    }
}

/// A finding's usual name; the set abbreviates some, and calls one otherwise in its test.
fn finding(name: &str) -> String {
    match normalise_label(name).as_str() {
        "ild" => "interstitial_lung_disease".to_owned(),
        "enlarged_pa" => "enlarged_pulmonary_artery".to_owned(),
        "other_disease" => "other_diseases".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests;
