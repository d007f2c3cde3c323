//! The tables of a challenge: a row an image, with a column for each finding.

use std::collections::{BTreeSet, HashSet};

use lgdea_spec::{CxrLtChallenge, UncertainLabels};

use super::SET;
use crate::by_id::ById;
use crate::examination::{Examination, Film};
use crate::folder::Folder;
use crate::labels::{Indicator, NO_FINDING, normalise_label};
use crate::split::Split;
use crate::table::{Row, Table, shown, shown_id};
use crate::{DataError, Picture, SkipReason, Skipped, StudyLabels};

/// Columns that are no findings.
const OTHERS: [&str; 9] = [
    "",
    "dicom_id",
    "subject_id",
    "study_id",
    "ViewPosition",
    "ViewCodeSequence_CodeMeaning",
    "fpath",
    "path",
    "split",
];

/// The tables of a challenge, each with its split; `labels.csv` has a column for it.
fn files(challenge: CxrLtChallenge) -> Vec<(&'static str, Option<Split>)> {
    let parts = |train, development, test| {
        vec![(train, Some(Split::Train)), (development, Some(Split::Validation)), (test, Some(Split::Test))]
    };
    let train = "train_labeled.csv";
    match challenge {
        CxrLtChallenge::Of2023 => parts("train.csv", "development.csv", "test.csv"),
        CxrLtChallenge::Of2024 => vec![("labels.csv", None)],
        CxrLtChallenge::Task1 => parts(train, "development_labeled_task1.csv", "test_labeled_task1.csv"),
        CxrLtChallenge::Task2 => parts(train, "development_labeled_task2.csv", "test_labeled_task2.csv"),
        CxrLtChallenge::Task3 => parts(train, "development_labeled_task3.csv", "test_labeled_task3.csv"),
    }
}

/// A finding's usual name.
fn finding(column: &str) -> String {
    match normalise_label(column).as_str() {
        "normal" => NO_FINDING.to_owned(),
        "round_ed_atelectasis" => "rounded_atelectasis".to_owned(),
        name => name.to_owned(),
    }
}

/// What the tables say so far.
pub(super) struct Reading<'a> {
    images: &'a Folder,
    studies: ById<Study>,
    /// The findings of all tables.
    findings: BTreeSet<String>,
}

/// A study, and which findings its rows tell of.
struct Study {
    examination: Examination,
    labels: StudyLabels,
    /// Place of its table, which tells of the findings of its columns.
    table: usize,
}

impl<'a> Reading<'a> {
    pub(super) fn new(images: &'a Folder) -> Reading<'a> {
        Reading { images, studies: ById::new(), findings: BTreeSet::new() }
    }

    /// Reads a challenge's tables from their folder.
    pub(super) fn read(
        mut self,
        folder: &Folder,
        challenge: CxrLtChallenge,
        skipped: &mut Skipped,
    ) -> Result<Vec<Examination>, DataError> {
        let mut told: Vec<HashSet<String>> = Vec::new();
        for (file, split) in files(challenge) {
            let path = folder.file(SET, &[file])?;
            let (mut findings, at) = (HashSet::new(), told.len());
            let columns = |table: &Table| {
                let columns = Columns::find(table, split)?;
                findings.extend(columns.findings.iter().map(|(_, finding)| finding.clone()));
                Ok(columns)
            };
            Table::each(&path, columns, |columns, table, row| self.add(columns, table, &row, at, skipped))?;
            self.findings.extend(findings.iter().cloned());
            told.push(findings);
        }
        // What a study's own table has no column for is not known of it.
        let unknown: Vec<Vec<&String>> =
            told.iter().map(|told| self.findings.iter().filter(|finding| !told.contains(*finding)).collect()).collect();
        let complete = |Study { examination, mut labels, table }| {
            labels.uncertain.extend(unknown[table].iter().map(|&finding| finding.clone()));
            Examination { labels: Some(labels), ..examination }
        };
        Ok(self.studies.into_items().into_iter().map(complete).collect())
    }

    fn add(
        &mut self,
        columns: &Columns,
        table: &Table,
        row: &Row,
        at: usize,
        skipped: &mut Skipped,
    ) -> Result<(), DataError> {
        let [image, patient, id] = columns.identifiers(table, row)?;
        let split = columns.split(table, row)?;
        let labels = columns.labels(table, row, image, skipped)?;
        let path = self.images.join(columns.path(table, row)?);
        let film = Film::new(image, Picture::file_at(path), columns.view(row));
        let study = self.studies.entry(id, || {
            let (id, patient) = (id.to_owned(), patient.to_owned());
            let examination = Examination { id, patient, split: Some(split), ..Examination::default() };
            Study { examination, labels: StudyLabels::default(), table: at }
        });
        let is_same = study.examination.patient == patient && study.examination.split == Some(split);
        if !is_same {
            let reason =
                format!("study `{}` has another patient or split in another row; fetch the files again", shown_id(id));
            return Err(row.error(&table.path, reason));
        }
        study.labels.join(labels);
        study.examination.films.push(film);
        Ok(())
    }
}

/// Where the columns of a table are.
struct Columns {
    image: usize,
    patient: usize,
    study: usize,
    path: usize,
    /// Of the view, and of a second one that says it in words.
    views: [Option<usize>; 2],
    split: Result<Split, usize>,
    findings: Vec<(usize, String)>,
}

impl Columns {
    fn find(table: &Table, split: Option<Split>) -> Result<Columns, DataError> {
        let [image, patient, study] = table.columns(SET, ["dicom_id", "subject_id", "study_id"])?;
        // As the tables of 2023 have it, and else those of 2024.
        let path = match table.column("path")? {
            Some(path) => path,
            None => table.columns(SET, ["fpath"])?[0],
        };
        let views = [table.column("ViewPosition")?, table.column("ViewCodeSequence_CodeMeaning")?];
        let split = match split {
            Some(split) => Ok(split),
            None => Err(table.columns(SET, ["split"])?[0]),
        };
        let named = table.header.iter().enumerate().filter(|(_, name)| !OTHERS.contains(&name.as_str()));
        let findings: Vec<(usize, String)> = named.map(|(column, name)| (column, finding(name))).collect();
        if findings.is_empty() {
            let reason = "no column of a finding: the challenge's file without labels; fetch that with them".to_owned();
            return Err(DataError::Csv { path: table.path.clone(), line: 1, reason });
        }
        Ok(Columns { image, patient, study, path, views, split, findings })
    }

    /// The image, the patient and the study.
    fn identifiers<'a>(&self, table: &Table, row: &'a Row) -> Result<[&'a str; 3], DataError> {
        let places = [self.image, self.patient, self.study];
        // pandas writes numbers so where a column has a missing one.
        let ids = places.map(|column| {
            let cell = row.cell(Some(column));
            cell.strip_suffix(".0").unwrap_or(cell)
        });
        match places.iter().zip(ids).find(|(_, id)| id.is_empty()) {
            Some((&column, _)) => {
                Err(row.error(&table.path, format!("no `{}`; fetch the file again", table.header[column])))
            }
            None => Ok(ids),
        }
    }

    fn path<'a>(&self, table: &Table, row: &'a Row) -> Result<&'a str, DataError> {
        match row.cell(Some(self.path)) {
            "" => Err(row.error(&table.path, "no path of the image; fetch the file again".to_owned())),
            path => Ok(path),
        }
    }

    fn view<'a>(&self, row: &'a Row) -> &'a str {
        let [code, words] = self.views.map(|column| row.cell(column));
        if code.is_empty() { words } else { code }
    }

    fn split(&self, table: &Table, row: &Row) -> Result<Split, DataError> {
        match self.split {
            Ok(split) => Ok(split),
            Err(column) => match row.cell(Some(column)) {
                "development" => Ok(Split::Validation),
                cell => Split::parse(cell).ok_or_else(|| {
                    let reason = format!("split = `{}` must be train, development or test; correct it", shown(cell));
                    row.error(&table.path, reason)
                }),
            },
        }
    }

    fn labels(&self, table: &Table, row: &Row, image: &str, skipped: &mut Skipped) -> Result<StudyLabels, DataError> {
        let mut labels = StudyLabels::default();
        for (column, finding) in &self.findings {
            let cell = row.cell(Some(*column));
            match Indicator::parse(cell) {
                Some(Indicator::Unknown) => {
                    skipped.add(SkipReason::UnknownLabel, shown_id(image));
                    labels.uncertain.insert(finding.clone());
                }
                Some(indicator) => labels.join(indicator.labels(finding, UncertainLabels::Ignore)),
                // A table without gaps: what is missing is not known.
                None if cell.is_empty() => {
                    labels.uncertain.insert(finding.clone());
                }
                None => {
                    let name = &table.header[*column];
                    let reason = format!("{name} = `{}` must be 0 or 1; correct it", shown(cell));
                    return Err(row.error(&table.path, reason));
                }
            }
        }
        Ok(labels)
    }
}
