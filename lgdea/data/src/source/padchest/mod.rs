//! PadChest: PNG files of 16 bits with labels and reports in Spanish.

pub(super) mod labels;

use std::collections::HashMap;
use std::path::PathBuf;

use lgdea_spec::{Padchest, Seed};

use super::{Contents, Progress, Source};
use crate::by_id::ById;
use crate::disk;
use crate::examination::{Examination, Film, studies};
use crate::folder::Folder;
use crate::split::Splits;
use crate::table::{Row, Table, is_rounded, shown, shown_id, whole};
use crate::{DataError, Person, Picture, Report, SkipReason, Skipped};

/// What errors call the set.
pub(super) const SET: &str = "PadChest";

/// Its table, which is distributed packed.
const TABLE: &str = "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv";

impl Source for Padchest {
    fn read(&self, seed: Seed, progress: Progress<'_>) -> Result<Contents, DataError> {
        let folder = Folder::open("data.padchest.root", &self.root)?;
        let path = folder.file(SET, &[TABLE])?;
        let mut reading = Reading {
            settings: self,
            images: Images { root: folder.clone(), folders: HashMap::new() },
            examinations: ById::new(),
            skipped: Skipped::default(),
        };
        Table::each(&path, Columns::find, |columns, table, row| reading.add(columns, table, &row))?;
        let Reading { examinations, mut skipped, .. } = reading;
        let examinations = examinations.into_items();
        progress(examinations.len(), examinations.len());
        let studies = studies(examinations, self.views, Splits::new(&self.fractions, seed)?, &mut skipped);
        Ok(Contents::of_folder(SET, &folder, studies, skipped))
    }

    fn images_of(&self) -> Option<&'static str> {
        Some(SET)
    }
}

/// Where the columns are.
struct Columns {
    image: usize,
    folder: usize,
    date: usize,
    study: usize,
    patient: usize,
    birth: usize,
    sex: usize,
    projection: usize,
    report: usize,
    method: usize,
    labels: usize,
}

impl Columns {
    fn find(table: &Table) -> Result<Columns, DataError> {
        let [image, folder, date, study, patient, birth, sex, projection, report, method, labels] = table.columns(
            SET,
            [
                "ImageID",
                "ImageDir",
                "StudyDate_DICOM",
                "StudyID",
                "PatientID",
                "PatientBirth",
                "PatientSex_DICOM",
                "Projection",
                "Report",
                "MethodLabel",
                "Labels",
            ],
        )?;
        Ok(Columns { image, folder, date, study, patient, birth, sex, projection, report, method, labels })
    }
}

/// What the rows say so far.
struct Reading<'a> {
    settings: &'a Padchest,
    images: Images,
    examinations: ById<Examination>,
    skipped: Skipped,
}

impl Reading<'_> {
    fn add(&mut self, columns: &Columns, table: &Table, row: &Row) -> Result<(), DataError> {
        let cell = |column| row.cell(Some(column));
        let wrong = |reason: String| row.error(&table.path, reason);
        let identifier =
            |column: usize| id(cell(column)).map_err(|why| wrong(format!("{}: {why}", table.header[column])));
        let (study, patient) = (identifier(columns.study)?, identifier(columns.patient)?);
        let image = cell(columns.image);
        if [study.as_str(), &patient, image].contains(&"") {
            let place = format!("{}, line {}", table.path.display(), row.line);
            self.skipped.add(SkipReason::RowWithoutStudy, place);
            return Ok(());
        }
        if image.contains(['/', '\\']) {
            return Err(wrong(format!("ImageID = `{}` is no file name; fetch the file again", shown(image))));
        }
        // The set itself says that these are not to be used.
        if cell(columns.projection) == "EXCLUDE" {
            self.skipped.add_value(SkipReason::OtherImage, "EXCLUDE".to_owned());
            return Ok(());
        }
        let examination = self.examinations.entry(&study, || {
            let report = Report::of_cell(row.text(Some(columns.report)));
            if report.is_none() {
                self.skipped.add(SkipReason::EmptyReport, shown_id(&study));
            }
            let age = age(cell(columns.birth), cell(columns.date));
            let person = Person::parse(cell(columns.sex), &age.map_or(String::new(), |age| age.to_string()));
            let labels = labels::read(
                self.settings.labels,
                cell(columns.method),
                cell(columns.labels),
                &study,
                &mut self.skipped,
            );
            let (id, patient) = (study.clone(), patient.clone());
            Examination { id, patient, report, labels, person, ..Examination::default() }
        });
        if examination.patient != patient {
            return Err(wrong(format!("study `{}` is of two patients; fetch the file again", shown_id(&study))));
        }
        let name = image.rsplit_once('.').map_or(image, |(name, _)| name);
        if examination.films.iter().any(|film| film.id == name) {
            self.skipped.add(SkipReason::AdditionalImage, shown_id(&study));
            return Ok(());
        }
        let file = self.images.path(&id(cell(columns.folder)).unwrap_or_default(), image);
        examination.films.push(Film::new(name, Picture::file_at(file), cell(columns.projection)));
        Ok(())
    }
}

/// An identifier as it was before a spreadsheet made a number of it, where that can be known: `12.0` is `12`.
fn id(cell: &str) -> Result<String, String> {
    let cell = whole(cell);
    if is_rounded(cell) {
        let cell = shown(cell);
        return Err(format!("`{cell}` was rounded to a number, so that identifiers are lost; fetch the file again"));
    }
    Ok(cell.to_owned())
}

/// Years from that of birth (`1938.0`) to that of the examination (`20140911`).
fn age(birth: &str, date: &str) -> Option<i32> {
    let year = date.get(..4)?.parse::<i32>().ok()?;
    year.checked_sub(birth.split('.').next()?.parse().ok()?)
}

/// The folders of images, of which it is asked once whether they are there.
struct Images {
    root: Folder,
    folders: HashMap<String, PathBuf>,
}

impl Images {
    /// The path of an image that the table places in `folder`.
    fn path(&mut self, folder: &str, image: &str) -> PathBuf {
        let root = &self.root;
        let found = self.folders.entry(folder.to_owned()).or_insert_with(|| {
            let within = root.join("images");
            let places = [root.join(folder), within.join(folder), within];
            // What is nowhere is named by the place that the set gives it.
            places.iter().find(|place| disk::is_folder(place)).unwrap_or(&places[0]).clone()
        });
        found.join(image)
    }
}

#[cfg(test)]
mod tests;
