//! RSNA's pneumonia detection challenge: radiographs, classes, and boxes in pixels of 1024 × 1024.
//!
//! Sex, age and view stand in the headers of the DICOM files alone. The images are of NIH ChestX-ray14, but Kaggle's files do not
//! name its patients (what their headers call the patient is the image): each image counts as a patient of its own.

use std::collections::HashMap;

use lgdea_spec::{RsnaPneumonia, Seed, Views};

use super::{Contents, Progress, Source};
use crate::by_id::ById;
use crate::examination::{Examination, Film, studies};
use crate::folder::{Folder, Images};
use crate::labels::Indicator;
use crate::split::Splits;
use crate::table::{Row, Table, shown, shown_id};
use crate::{DataError, FindingBox, NO_FINDING, Skipped, StudyLabels, headers};

/// What errors call the set.
const SET: &str = "RSNA's pneumonia challenge";

/// What the boxes are around.
const PNEUMONIA: &str = "pneumonia";

/// Width and height of the original images.
const ORIGINAL: [f64; 2] = [1024.0, 1024.0];

impl Source for RsnaPneumonia {
    fn read(&self, seed: Seed, progress: Progress<'_>) -> Result<Contents, DataError> {
        let splits = Splits::new(&self.fractions, seed)?;
        let folder = Folder::open("data.rsna-pneumonia.root", &self.root)?;
        let images = folder.images(SET, &[&self.images])?;
        let classes = classes(&folder)?;
        let table = folder.table(SET, &["stage_2_train_labels.csv"])?;
        let columns = Columns::find(&table)?;
        let (mut examinations, mut skipped) = (ById::new(), Skipped::default());
        for row in &table.rows {
            columns.add(&table, row, &classes, &images, &mut examinations, &mut skipped)?;
        }
        let mut examinations = examinations.into_items();
        headers::add(&mut examinations, &mut skipped, progress);
        let studies = studies(examinations, Views::FirstFrontal, splits, &mut skipped);
        Ok(Contents::of_folder(SET, &folder, studies, skipped))
    }
}

/// What a radiologist called an image.
#[derive(Clone, Copy, PartialEq)]
enum Class {
    Normal,
    /// No pneumonia, and not normal either.
    Abnormal,
    Pneumonia,
}

impl Class {
    fn parse(cell: &str) -> Option<Class> {
        match cell {
            "Normal" => Some(Class::Normal),
            "No Lung Opacity / Not Normal" => Some(Class::Abnormal),
            "Lung Opacity" => Some(Class::Pneumonia),
            _ => None,
        }
    }

    fn labels(self) -> StudyLabels {
        match self {
            Class::Normal => StudyLabels::from_iter([NO_FINDING]),
            // What else it is that is not normal is not told.
            Class::Abnormal => StudyLabels::default(),
            Class::Pneumonia => StudyLabels::from_iter([PNEUMONIA]),
        }
    }
}

/// The classes of the images; an image has a row for each of its boxes.
fn classes(folder: &Folder) -> Result<HashMap<String, Class>, DataError> {
    let table = folder.table(SET, &["stage_2_detailed_class_info.csv"])?;
    let [patient, class] = table.columns(SET, ["patientId", "class"])?;
    let mut classes = HashMap::new();
    for row in &table.rows {
        let (id, cell) = (row.cell(Some(patient)), row.cell(Some(class)));
        let class = Class::parse(cell).ok_or_else(|| {
            let reason = format!("class `{}` is none of the set's; fetch the file again", shown(cell));
            row.error(&table.path, reason)
        })?;
        if classes.insert(id.to_owned(), class).is_some_and(|other| other != class) {
            let reason = format!("image `{}` has two classes; fetch the file again", shown_id(id));
            return Err(row.error(&table.path, reason));
        }
    }
    Ok(classes)
}

/// Where the columns of `stage_2_train_labels.csv` are.
struct Columns {
    patient: usize,
    edges: [usize; 4],
    target: usize,
}

impl Columns {
    fn find(table: &Table) -> Result<Columns, DataError> {
        let [patient, x, y, width, height, target] =
            table.columns(SET, ["patientId", "x", "y", "width", "height", "Target"])?;
        Ok(Columns { patient, edges: [x, y, width, height], target })
    }

    /// Adds a row's image and its box.
    fn add(
        &self,
        table: &Table,
        row: &Row,
        classes: &HashMap<String, Class>,
        images: &Images,
        examinations: &mut ById<Examination>,
        skipped: &mut Skipped,
    ) -> Result<(), DataError> {
        let (id, target) = (row.cell(Some(self.patient)), row.cell(Some(self.target)));
        let wrong = |reason: String| row.error(&table.path, reason);
        if id.is_empty() {
            return Err(wrong("no `patientId`; fetch the file again".to_owned()));
        }
        let has_pneumonia = match Indicator::parse(target) {
            Some(Indicator::Present) => true,
            Some(Indicator::Absent) => false,
            _ => return Err(wrong(format!("Target = `{}` must be 0 or 1; correct it", shown(target)))),
        };
        let class = *classes.get(id).ok_or_else(|| {
            let file = "stage_2_detailed_class_info.csv";
            wrong(format!("image `{}` has no class in {file}; fetch both files again", shown_id(id)))
        })?;
        if has_pneumonia != (class == Class::Pneumonia) {
            let reason =
                "Target says something else than the class in stage_2_detailed_class_info.csv; fetch both files again";
            return Err(wrong(reason.to_owned()));
        }
        let examination = examinations.entry(id, || Examination {
            id: id.to_owned(),
            patient: id.to_owned(),
            films: vec![Film::new(id, images.picture(id), "")],
            labels: Some(class.labels()),
            ..Examination::default()
        });
        if has_pneumonia {
            let found = FindingBox::in_pixels(PNEUMONIA, "", row.numbers(table, self.edges)?, ORIGINAL);
            examination.films[0].add_box(found, id, skipped);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
