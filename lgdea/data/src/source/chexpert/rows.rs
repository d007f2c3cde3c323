//! The tables of CheXpert: an image a row, or a study a row in the labels of the test set.

use std::path::{Path, PathBuf};

use lgdea_spec::{Chexpert, UncertainLabels};

use super::SET;
use super::patients::{Location, Patients, images, stem};
use crate::by_id::ById;
use crate::examination::{Examination, Film};
use crate::labels::Indicator;
use crate::split::Split;
use crate::table::{Row, Table, shown, shown_id};
use crate::{DataError, Person, Picture, SkipReason, Skipped, StudyLabels};

/// The columns of findings.
const FINDINGS: [&str; 14] = [
    "No Finding",
    "Enlarged Cardiomediastinum",
    "Cardiomegaly",
    "Lung Opacity",
    "Lung Lesion",
    "Edema",
    "Consolidation",
    "Pneumonia",
    "Atelectasis",
    "Pneumothorax",
    "Pleural Effusion",
    "Pleural Other",
    "Fracture",
    "Support Devices",
];

/// Files that have the person and the view of each image, and not the findings alone.
const WHOLE: [&str; 2] = ["train.csv", "valid.csv"];

/// What a table holds.
pub(super) struct Rows {
    /// The table.
    pub(super) path: PathBuf,
    /// Its studies.
    pub(super) examinations: ById<Examination>,
    /// Frontal images with a single finding, and with nothing uncertain: the study, the image, the finding.
    pub(super) alone: Vec<(String, String, &'static str)>,
}

/// Where the columns of a table are.
struct Columns {
    path: usize,
    findings: [usize; 14],
    /// Sex, age, frontal or lateral, AP or PA.
    about: [Option<usize>; 4],
}

impl Columns {
    fn find(table: &Table) -> Result<Columns, DataError> {
        let path = match table.column("Path")? {
            Some(path) => path,
            // The labels of the test set are of studies.
            None => table.column("Study")?.map_or_else(|| table.columns(SET, ["Path"]).map(|[path]| path), Ok)?,
        };
        let names = ["Sex", "Age", "Frontal/Lateral", "AP/PA"];
        let file = table.path.file_name().unwrap_or_default().to_string_lossy();
        let about = if WHOLE.iter().any(|whole| file.starts_with(whole)) {
            table.columns(SET, names)?.map(Some)
        } else {
            let mut about = [None; 4];
            for (column, name) in about.iter_mut().zip(names) {
                *column = table.column(name)?;
            }
            about
        };
        Ok(Columns { path, findings: table.columns(SET, FINDINGS)?, about })
    }
}

/// What a row says of findings.
struct Said {
    labels: StudyLabels,
    /// The only finding that is present, where nothing is uncertain.
    alone: Option<&'static str>,
}

impl Rows {
    /// Reads the first of some tables that is there; its studies belong to `split`.
    pub(super) fn read(
        settings: &Chexpert,
        patients: &Patients,
        names: &[&str],
        split: Option<Split>,
        skipped: &mut Skipped,
    ) -> Result<Rows, DataError> {
        let path = patients.table(names)?;
        let mut rows = Rows { path: path.clone(), examinations: ById::new(), alone: Vec::new() };
        Table::each(&path, Columns::find, |columns, table, row| {
            let said = findings(columns, table, &row, settings.uncertain_labels, skipped)?;
            rows.add(columns, table, &row, said, split, patients)
        })?;
        Ok(rows)
    }

    fn add(
        &mut self,
        columns: &Columns,
        table: &Table,
        row: &Row,
        said: Said,
        split: Option<Split>,
        patients: &Patients,
    ) -> Result<(), DataError> {
        let path = row.cell(Some(columns.path));
        let location = Location::parse(path).ok_or_else(|| {
            let what = shown_id(path);
            row.error(
                &table.path,
                format!("`{what}` is no path of {SET} (patient…/study…/view…); fetch the file again"),
            )
        })?;
        let id = location.id();
        let examination = self.examinations.entry(&id, || {
            let (id, patient) = (id.clone(), location.patient.to_owned());
            Examination { id, patient, split, ..Examination::default() }
        });
        let [sex, age, frontal, projection] = columns.about.map(|column| row.cell(column));
        examination.person = examination.person.or(Person::parse(sex, age));
        examination.labels.get_or_insert_default().join(said.labels);
        let folder = patients.study(&location, path);
        let named = location.image.map(str::to_owned);
        for image in named.map_or_else(|| images(&folder), |image| vec![image]) {
            // Where the table does not say how an image was taken, its name does.
            let view = if frontal.is_empty() { view_in(&image).to_owned() } else { format!("{frontal} {projection}") };
            let film = film(&folder, &image, view);
            if examination.films.iter().any(|other| other.id == film.id) {
                let what = shown_id(path);
                return Err(row.error(&table.path, format!("`{what}` is listed twice; fetch the file again")));
            }
            let is_frontal = film.view.to_lowercase().starts_with("frontal");
            self.alone.extend(said.alone.filter(|_| is_frontal).map(|finding| (id.clone(), film.id.clone(), finding)));
            examination.films.push(film);
        }
        Ok(())
    }
}

fn film(folder: &Path, image: &str, view: String) -> Film {
    Film::new(stem(image), Picture::file_at(folder.join(image)), view)
}

/// The view in the name of an image: `view1_frontal.jpg`.
fn view_in(image: &str) -> &str {
    stem(image).rsplit('_').next().unwrap_or_default()
}

fn findings(
    columns: &Columns,
    table: &Table,
    row: &Row,
    uncertain: UncertainLabels,
    skipped: &mut Skipped,
) -> Result<Said, DataError> {
    let (mut labels, mut present, mut is_sure) = (StudyLabels::default(), Vec::new(), true);
    for (column, finding) in columns.findings.into_iter().zip(FINDINGS) {
        let cell = row.cell(Some(column));
        if cell.is_empty() {
            continue;
        }
        let indicator = Indicator::parse(cell).ok_or_else(|| {
            row.error(&table.path, format!("{finding} = `{}` must be 1, 0, -1 or nothing; correct it", shown(cell)))
        })?;
        match indicator {
            Indicator::Present => present.push(finding),
            Indicator::Absent => {}
            Indicator::Uncertain => is_sure = false,
            Indicator::Unknown => {
                skipped.add_value(SkipReason::UnknownLabel, shown(cell));
                is_sure = false;
            }
        }
        labels.join(indicator.labels(finding, uncertain));
    }
    let alone = present.first().copied().filter(|_| is_sure && present.len() == 1);
    Ok(Said { labels, alone })
}
