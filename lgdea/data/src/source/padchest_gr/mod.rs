//! PadChest-GR: reports whose sentences have boxes, in English and Spanish.

use std::collections::HashMap;
use std::path::PathBuf;

use lgdea_spec::{Fractions, PadchestGr, PadchestLanguage, Seed, Views};
use serde::Deserialize;

use super::padchest::labels::usual;
use super::{Contents, Progress, Source};
use crate::disk;
use crate::examination::{Examination, Film, studies};
use crate::folder::{Folder, stem};
use crate::split::{Split, Splits};
use crate::table::{Table, shown, shown_id};
use crate::{DataError, FindingBox, NO_FINDING, Person, Picture, Report, SkipReason, Skipped, StudyLabels};
use crate::{json, normalise_label};

/// What errors call the set.
const SET: &str = "PadChest-GR";

/// Its files.
const REPORTS: &str = "grounded_reports_20240819.json";
const TABLE: &str = "master_table.csv";

/// Folders that the images may be in.
const IMAGES: [&str; 3] = ["PadChest_GR", "Padchest_GR_files/PadChest_GR", "Padchest_GR_files"];

/// The finding of a box whose sentence has no label: the group that the set has for all that it does not name.
const UNNAMED: &str = "other_entities";

/// A study as the file of reports has it.
#[derive(Debug, Deserialize)]
struct Grounded {
    #[serde(rename = "StudyID")]
    study: String,
    #[serde(rename = "ImageID")]
    image: String,
    findings: Vec<Sentence>,
}

/// A sentence of a report.
#[derive(Debug, Deserialize)]
struct Sentence {
    #[serde(rename = "sentence_en")]
    english: Option<String>,
    #[serde(rename = "sentence_es")]
    spanish: Option<String>,
    /// Whether it says that something is there.
    #[serde(default)]
    abnormal: bool,
    /// Left, upper, right, lower edge, in shares of the image. Those of a second reader are in `extra_boxes`, and not read.
    boxes: Option<Vec<[f64; 4]>>,
    labels: Option<Vec<String>>,
}

impl Source for PadchestGr {
    fn read(&self, seed: Seed, progress: Progress<'_>) -> Result<Contents, DataError> {
        let folder = Folder::open("data.padchest-gr.root", &self.root)?;
        let path = folder.file(SET, &[REPORTS])?;
        let reports: Vec<Grounded> = json::read(SET, &path)?;
        let master = master(&folder)?;
        let (mut examinations, mut skipped) = (Vec::new(), Skipped::default());
        for report in &reports {
            let about = master.get(&report.study).ok_or_else(|| {
                let study = shown_id(&report.study);
                let reason = format!("study `{study}` is not in {TABLE}; fetch both files again");
                DataError::Csv { path: path.clone(), line: 1, reason }
            })?;
            examinations.push(examination(report, about, self.language, &folder, &mut skipped));
        }
        progress(reports.len(), reports.len());
        // Each study has its split.
        let splits = Splits::new(&Fractions::NONE, seed)?;
        let studies = studies(examinations, Views::FirstFrontal, splits, &mut skipped);
        Ok(Contents::of_folder(SET, &folder, studies, skipped))
    }

    fn images_of(&self) -> Option<&'static str> {
        Some(super::padchest::SET)
    }
}

/// What the table says of a study.
struct About {
    patient: String,
    split: Split,
    person: Person,
}

/// The table, which has a row for each label of each study.
fn master(folder: &Folder) -> Result<HashMap<String, About>, DataError> {
    let path = folder.file(SET, &[TABLE])?;
    let mut studies = HashMap::new();
    let names = ["StudyID", "PatientID", "split", "PatientSex_DICOM", "PatientAge"];
    let columns = |table: &Table| table.columns(SET, names);
    Table::each(&path, columns, |columns, table, row| {
        let [study, patient, split, sex, age] = columns.map(|column| row.cell(Some(column)));
        let wrong = |what: &str, cell: &str| {
            row.error(&table.path, format!("{what} = `{}` is none of {SET}; fetch the file again", shown(cell)))
        };
        for (what, cell) in [("StudyID", study), ("PatientID", patient)] {
            // Numbers of this length are made others where a spreadsheet reads them.
            if cell.is_empty() || cell.contains(['.', '+']) {
                return Err(wrong(what, cell));
            }
        }
        let given = Split::parse(split).ok_or_else(|| wrong("split", split))?;
        let about = About { patient: patient.to_owned(), split: given, person: Person::parse(sex, age) };
        studies.entry(study.to_owned()).or_insert(about);
        Ok(())
    })?;
    Ok(studies)
}

fn examination(
    report: &Grounded,
    about: &About,
    language: PadchestLanguage,
    folder: &Folder,
    skipped: &mut Skipped,
) -> Examination {
    let mut film = Film::new(stem(&report.image), Picture::file_at(image(folder, &report.image)), "frontal");
    let (mut text, mut labels) = (Vec::new(), StudyLabels::default());
    for sentence in &report.findings {
        let words = match language {
            PadchestLanguage::En => sentence.english.as_deref(),
            PadchestLanguage::Es => sentence.spanish.as_deref(),
        };
        let words = words.unwrap_or_default().trim();
        text.extend((!words.is_empty()).then_some(words));
        let names = sentence.labels.iter().flatten().map(|name| usual(normalise_label(name)));
        let names: Vec<String> = names.filter(|name| !name.is_empty()).collect();
        labels.present.extend(names.iter().filter(|name| sentence.abnormal || *name == NO_FINDING).cloned());
        let boxes = sentence.boxes.as_deref().unwrap_or_default();
        if sentence.abnormal && boxes.is_empty() {
            skipped.add(SkipReason::SentenceWithoutBox, shown_id(&report.study));
        }
        let finding = names.first().map_or(UNNAMED, String::as_str);
        for &[left, upper, right, lower] in boxes {
            let edges = [left, upper, right - left, lower - upper];
            film.add_box(FindingBox::in_pixels(finding, words, edges, [1.0, 1.0]), &report.study, skipped);
        }
    }
    if labels.present.len() > 1 {
        labels.present.remove(NO_FINDING);
    }
    let written = Report::of_cell(&text.join(" "));
    if written.is_none() {
        skipped.add(SkipReason::EmptyReport, shown_id(&report.study));
    }
    Examination {
        id: report.study.clone(),
        patient: about.patient.clone(),
        split: Some(about.split),
        films: vec![film],
        report: written,
        labels: Some(labels),
        person: about.person,
        source: None,
    }
}

/// An image's path, in the first of the folders that has it; what none has is named by the first.
fn image(folder: &Folder, name: &str) -> PathBuf {
    let places = IMAGES.map(|images| folder.join(images).join(name));
    places.iter().find(|place| disk::is_file(place)).unwrap_or(&places[0]).clone()
}

#[cfg(test)]
mod tests;
