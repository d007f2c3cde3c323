//! SIIM-ACR's pneumothorax challenge: radiographs with masks of pneumothoraces.
//!
//! Sex, age, view and patient stand in the headers of the DICOM files alone; of other files, each counts as a patient of its own.

mod runs;

use lgdea_spec::{Seed, SiimAcr, Views};

use super::{Contents, Progress, Source};
use crate::by_id::ById;
use crate::examination::{Examination, Film, studies};
use crate::folder::Folder;
use crate::split::Splits;
use crate::table::{Table, shown_id};
use crate::{DataError, FindingBox, Mask, SkipReason, Skipped, StudyLabels, headers};

/// What errors call the set.
const SET: &str = "SIIM-ACR's pneumothorax challenge";

/// What the masks cover.
const PNEUMOTHORAX: &str = "pneumothorax";

/// Width and height of the original images, and so of the masks.
const SIDE: u32 = 1024;

impl Source for SiimAcr {
    fn read(&self, seed: Seed, progress: Progress<'_>) -> Result<Contents, DataError> {
        let splits = Splits::new(&self.fractions, seed)?;
        let folder = Folder::open("data.siim-acr.root", &self.root)?;
        let images = folder.images(SET, &self.images)?;
        let table = folder.table(SET, &[&self.masks])?;
        let (parts, mut skipped) = (parts(&table)?, Skipped::default());
        let mut examinations = Vec::with_capacity(parts.len());
        for Parts { id, runs, is_called_free } in parts {
            if is_called_free && !runs.is_empty() {
                skipped.add(SkipReason::ContradictoryLabels, shown_id(&id));
            }
            let present = (!runs.is_empty()).then_some(PNEUMOTHORAX);
            let mut film = Film::new(&id, images.picture(&id), "");
            if present.is_some() {
                let wrong = |reason| DataError::Csv { path: table.path.clone(), line: 1, reason };
                let mask = Mask::of_columns([SIDE, SIDE], runs).map_err(wrong)?;
                film.add_box(FindingBox::of_mask(PNEUMOTHORAX, "", mask), &id, &mut skipped);
            }
            examinations.push(Examination {
                patient: id.clone(),
                films: vec![film],
                // Without pneumothorax an image may have any other finding.
                labels: Some(StudyLabels::from_iter(present)),
                id,
                ..Examination::default()
            });
        }
        headers::add(&mut examinations, &mut skipped, progress);
        let studies = studies(examinations, Views::FirstFrontal, splits, &mut skipped);
        Ok(Contents::of_folder(SET, &folder, studies, skipped))
    }
}

/// What the rows of an image say: each has a part of its mask, or that there is none.
struct Parts {
    id: String,
    runs: Vec<[u64; 2]>,
    is_called_free: bool,
}

/// The images of the table of masks, in their order.
fn parts(table: &Table) -> Result<Vec<Parts>, DataError> {
    // The first stage's file has a space before the name, which a table's names are read without.
    let [image, pixels] = table.columns(SET, ["ImageId", "EncodedPixels"])?;
    let mut images = ById::new();
    for row in &table.rows {
        let (id, cell) = (row.cell(Some(image)), row.cell(Some(pixels)));
        let wrong = |reason: String| row.error(&table.path, reason);
        if id.is_empty() {
            return Err(wrong("no `ImageId`; fetch the file again".to_owned()));
        }
        let parts = images.entry(id, || Parts { id: id.to_owned(), runs: Vec::new(), is_called_free: false });
        match cell {
            "-1" | "-1.0" => parts.is_called_free = true,
            _ => parts.runs.extend(runs::parse(cell, u64::from(SIDE) * u64::from(SIDE)).map_err(wrong)?),
        }
    }
    Ok(images.into_items())
}

#[cfg(test)]
mod tests;
