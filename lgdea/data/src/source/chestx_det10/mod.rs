//! ChestX-Det10: PNG files of NIH ChestX-ray14 with boxes of ten findings.

use lgdea_spec::{ChestxDet10, Seed, Views};
use serde::Deserialize;

use super::{Contents, Progress, Source};
use crate::examination::{Examination, Film, leave_out_patients_of_test, studies};
use crate::folder::{Folder, Images};
use crate::split::{Split, Splits};
use crate::table::{shown, shown_id};
use crate::{DataError, FindingBox, Skipped, StudyLabels, json};

/// What errors call the set.
const SET: &str = "ChestX-Det10";

/// Width and height of the images that the boxes were drawn on.
const ORIGINAL: [f64; 2] = [1024.0, 1024.0];

/// The files, the folders of their images, and their splits; the seed may hold out a share of the training split.
const PARTS: [(&str, &str, Option<Split>); 2] =
    [("train.json", "train_data", None), ("test.json", "test_data", Some(Split::Test))];

/// An image as the files have it.
#[derive(Debug, Deserialize)]
struct Entry {
    file_name: String,
    /// The finding of each box.
    syms: Vec<String>,
    /// Left, upper, right, lower edge in pixels.
    boxes: Vec<[f64; 4]>,
}

impl Source for ChestxDet10 {
    fn read(&self, seed: Seed, progress: Progress<'_>) -> Result<Contents, DataError> {
        let folder = Folder::open("data.chestx-det10.root", &self.root)?;
        let (mut examinations, mut skipped) = (Vec::new(), Skipped::default());
        for (name, images, split) in PARTS {
            let path = folder.file(SET, &[name])?;
            let images = folder.files_below(images)?;
            for entry in json::read::<Vec<Entry>>(SET, &path)? {
                let examination = entry.examination(&images, split, &mut skipped);
                examinations.push(examination.map_err(|reason| DataError::Csv {
                    path: path.clone(),
                    line: 1,
                    reason,
                })?);
            }
        }
        progress(examinations.len(), examinations.len());
        leave_out_patients_of_test(&mut examinations, &mut skipped);
        let splits = Splits::new(&self.fractions, seed)?;
        let studies = studies(examinations, Views::FirstFrontal, splits, &mut skipped);
        Ok(Contents::of_folder(SET, &folder, studies, skipped))
    }

    fn images_of(&self) -> Option<&'static str> {
        Some(super::nih_cxr14::SET)
    }
}

impl Entry {
    fn examination(&self, images: &Images, split: Option<Split>, skipped: &mut Skipped) -> Result<Examination, String> {
        let Entry { file_name, syms, boxes } = self;
        let patient = patient(file_name)
            .ok_or_else(|| format!("`{}` is no file name of {SET}; fetch the file again", shown_id(file_name)))?;
        if syms.len() != boxes.len() {
            let (findings, boxes) = (syms.len(), boxes.len());
            let image = shown_id(file_name);
            return Err(format!("image `{image}` has {findings} findings and {boxes} boxes; fetch the file again"));
        }
        let mut film = Film::new(file_name, images.picture(file_name), "frontal");
        let mut labels = StudyLabels::default();
        for (name, &[left, upper, right, lower]) in syms.iter().zip(boxes) {
            let finding = super::nih_cxr14::finding(name);
            if finding.is_empty() {
                let (name, image) = (shown(name), shown_id(file_name));
                return Err(format!("`{name}` on image `{image}` is no finding; fetch the file again"));
            }
            let edges = [left, upper, right - left, lower - upper];
            film.add_box(FindingBox::in_pixels(&finding, "", edges, ORIGINAL), file_name, skipped);
            labels.present.insert(finding);
        }
        Ok(Examination {
            id: file_name.clone(),
            patient,
            split,
            films: vec![film],
            labels: Some(labels),
            ..Examination::default()
        })
    }
}

/// The patient as NIH ChestX-ray14 numbers them, so that both sets call them the same: `00000042_006.png` is of patient 42.
fn patient(file_name: &str) -> Option<String> {
    let number = file_name.split_once('_')?.0;
    let is_number = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    is_number.then(|| number.trim_start_matches('0').to_owned())
}

#[cfg(test)]
mod tests;
