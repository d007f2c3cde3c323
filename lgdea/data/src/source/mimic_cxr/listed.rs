//! `mimic-cxr-2.0.0-metadata.csv`: which images there are, of which studies and patients, and their views.

use std::path::PathBuf;

use lgdea_spec::MimicImages;

use super::SET;
use super::boxes::Boxes;
use super::numbers::{Letter, number};
use super::people::People;
use crate::by_id::ById;
use crate::examination::{Examination, Film};
use crate::folder::Folder;
use crate::table::{Row, Table, shown_id};
use crate::view::View;
use crate::{DataError, Picture, SkipReason, Skipped};

/// The view of an image whose procedure is called after another part of the body.
pub(super) const NOT_OF_CHEST: &str = "other than the chest";

/// The examinations that the metadata list, by the numbers of their studies.
pub(super) type Listed = ById<Examination, u64>;

/// Where a study's files are, below `files/`: `p10/p10000032/s50414267`.
pub(super) fn place_of(patient: &str, study: &str) -> String {
    format!("p{}/p{patient}/s{study}", patient.get(..2).unwrap_or(patient))
}

/// Reads the images with their boxes; boxes on images that are not listed are counted.
pub(super) fn read(
    root: &Folder,
    tables: &Folder,
    images: MimicImages,
    mut boxes: Boxes,
    people: Option<&People>,
    skipped: &mut Skipped,
) -> Result<Listed, DataError> {
    let path = tables.file(SET, &["mimic-cxr-2.0.0-metadata.csv"])?;
    let files = root.join("files");
    let ending = match images {
        MimicImages::Jpg => "jpg",
        MimicImages::Dicom => "dcm",
    };
    let mut listed = Listed::new();
    Table::each(
        &path,
        |table| Columns::find(table, people.is_some()),
        |columns, table, row| {
            let image = columns.image(table, &row)?;
            let patient = number(table, &row, columns.patient, Letter::Patient)?;
            let study = number(table, &row, columns.study, Letter::Study)?;
            let examination = listed.entry(&study, || {
                let (id, patient) = (study.to_string(), patient.to_string());
                Examination { id, patient, ..Examination::default() }
            });
            columns.check(table, &row, examination, patient)?;
            if let Some(people) = people {
                examination.person = examination.person.or(people.at(patient, row.cell(columns.date)));
            }
            let place = place_of(&examination.patient, &examination.id);
            let file: PathBuf = files.join(format!("{place}/{image}.{ending}"));
            let boxes = boxes.remove(image).unwrap_or_default();
            examination.films.push(Film { boxes, ..Film::new(image, Picture::file_at(file), columns.view(&row)) });
            Ok(())
        },
    )?;
    for (image, boxes) in boxes {
        for _ in boxes {
            skipped.add(SkipReason::BoxWithoutImage, shown_id(&image));
        }
    }
    Ok(listed)
}

/// Where the columns are.
struct Columns {
    image: usize,
    patient: usize,
    study: usize,
    /// What tells the view of an image, the first first.
    views: [Option<usize>; 2],
    /// What tells the procedure that an image was taken in, the first first.
    procedures: [Option<usize>; 2],
    date: Option<usize>,
}

impl Columns {
    fn find(table: &Table, needs_date: bool) -> Result<Columns, DataError> {
        let [image, patient, study, view] =
            table.columns(SET, ["dicom_id", "subject_id", "study_id", "ViewPosition"])?;
        let date = if needs_date { Some(table.columns(SET, ["StudyDate"])?[0]) } else { None };
        let views = [Some(view), table.column("ViewCodeSequence_CodeMeaning")?];
        let procedures =
            [table.column("PerformedProcedureStepDescription")?, table.column("ProcedureCodeSequence_CodeMeaning")?];
        Ok(Columns { image, patient, study, views, procedures, date })
    }

    fn image<'a>(&self, table: &Table, row: &'a Row) -> Result<&'a str, DataError> {
        match row.cell(Some(self.image)) {
            "" => Err(row.error(&table.path, "no `dicom_id`; fetch the file again".to_owned())),
            image => Ok(image),
        }
    }

    /// Refuses a study of two patients, and an image that is listed twice.
    fn check(&self, table: &Table, row: &Row, so_far: &Examination, patient: u64) -> Result<(), DataError> {
        let said = if so_far.patient != patient.to_string() {
            format!("study `{}` is of patient `{patient}`, and of `{}` above", so_far.id, so_far.patient)
        } else if so_far.films.iter().any(|film| film.id == row.cell(Some(self.image))) {
            format!("image `{}` is listed twice", shown_id(row.cell(Some(self.image))))
        } else {
            return Ok(());
        };
        Err(row.error(&table.path, format!("{said}; fetch the file again")))
    }

    /// What is told of an image's view. The name of a procedure tells it where it has one view alone:
    /// "CHEST (PORTABLE AP)", and not "CHEST (PA AND LAT)".
    fn view<'a>(&self, row: &'a Row) -> &'a str {
        let told = |columns: [Option<usize>; 2]| {
            columns.map(|column| row.cell(column)).into_iter().find(|cell| !cell.is_empty())
        };
        if let Some(view) = told(self.views) {
            return view;
        }
        match told(self.procedures) {
            Some(procedure) if !["CHEST", "CXR"].iter().any(|name| procedure.to_uppercase().contains(name)) => {
                NOT_OF_CHEST
            }
            Some(procedure) if matches!(View::parse(procedure), View::Frontal | View::Lateral) => procedure,
            _ => "",
        }
    }
}
