//! The studies of a source as the tables that references are read from.

use std::collections::HashMap;
use std::path::Path;

use lgdea_data::{FindingBox, Report, Split, Study};
use lgdea_spec::StudiesFile;

use crate::column::Column;
use crate::table::Table;
use crate::{Label, PredictionError, described, whole};

/// What a reference has a row for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cases {
    /// Each labelled image.
    Labelled,
    /// Each image with a report.
    Pairs,
    /// Each box of each phrase.
    Boxes,
}

/// Reads a reference: a table, or what the cases are of the studies that a TOML file names.
pub(crate) fn reference(path: &Path, id: Option<&Column>, cases: Cases) -> Result<Table, PredictionError> {
    if !are_named_by(path) {
        return Table::read_with(path, id);
    }
    if let Some(column) = id {
        let problem = format!(
            "it names a source, whose studies have identifiers: there is no column `{}`; leave --id out",
            column.name
        );
        return Err(PredictionError::unusable(path, problem));
    }
    table(path, cases)
}

/// Writes the cases of a source, which a TOML file names, as the table that a reference can be, all splits or one; how many rows it
/// has. `replace`: also where there is a file already.
///
/// # Errors
/// The source cannot be read, or has no such case; the file cannot be written.
pub fn write_cases(
    source: &Path,
    cases: Cases,
    split: Option<Split>,
    out: &Path,
    replace: bool,
) -> Result<usize, PredictionError> {
    if !are_named_by(source) {
        return Err(PredictionError::unusable(source, "it is no .toml file that names a source"));
    }
    let mut table = table(source, cases)?;
    if split.is_some() {
        table.take_split(split).map_err(|problem| PredictionError::unusable(source, problem))?;
    }
    whole::write(out, replace, |draft| table.write(draft))?;
    Ok(table.ids.len())
}

/// Whether a reference is no table, but a file that names a source.
fn are_named_by(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"))
}

/// The table of the studies that a TOML file names.
fn table(path: &Path, cases: Cases) -> Result<Table, PredictionError> {
    let file = StudiesFile::read(path).map_err(Box::new)?;
    let corpus = lgdea_data::load(&file.data, file.seed, &|_, _| ()).map_err(Box::new)?;
    let mut studies = corpus.studies;
    studies.retain(|study| study.image.is_some() && study.split.is_scored(file.studies));
    let studies: Vec<&Study> = studies.iter().filter(|study| cases.have(study)).collect();
    if studies.is_empty() {
        return Err(PredictionError::unusable(path, cases.nothing()));
    }
    let mut table = if cases == Cases::Boxes { of_boxes(&studies) } else { of_cases(&studies) };
    table.notes = corpus.skipped.lines().map(|(_, line)| format!("{}: left out: {line}", path.display())).collect();
    table.is_one = file.is_set;
    Ok(table)
}

impl Cases {
    fn have(self, study: &Study) -> bool {
        match self {
            Self::Labelled => study.labels.is_some(),
            Self::Pairs => study.report.is_some(),
            Self::Boxes => !study.boxes.is_empty(),
        }
    }

    fn nothing(self) -> &'static str {
        match self {
            Self::Labelled => "no image of the studies that it names has labels; name others",
            Self::Pairs => "no image of the studies that it names has a report; name others",
            Self::Boxes => "no image of the studies that it names has boxes; name others",
        }
    }
}

/// A row for each study: its patient, split and text, what subgroups are made by, and a column for each finding.
fn of_cases(studies: &[&Study]) -> Table {
    let mut columns = about(studies);
    columns.push(("text".to_owned(), of(studies, |study| study.report.as_ref().map(Report::text).unwrap_or_default())));
    let mut findings: Vec<&String> = studies
        .iter()
        .filter_map(|study| study.labels.as_ref())
        .flat_map(|labels| labels.present.iter().chain(&labels.uncertain))
        .collect();
    findings.sort_unstable();
    findings.dedup();
    for finding in findings {
        let label = |study: &Study| Label::of(study.labels.as_ref(), finding).cell().to_owned();
        columns.push((finding.clone(), of(studies, label)));
    }
    Table::of_columns(of(studies, |study| study.id.clone()), columns)
}

/// A row for each box, in pixels where the sizes of all images are known. A phrase is called by its study and its words.
fn of_boxes(studies: &[&Study]) -> Table {
    let rows: Vec<(&Study, &FindingBox)> =
        studies.iter().flat_map(|&study| study.boxes.iter().map(move |found| (study, found))).collect();
    let of_rows: Vec<&Study> = rows.iter().map(|(study, _)| *study).collect();
    let sizes: HashMap<&str, Option<(u32, u32)>> = studies
        .iter()
        .map(|study| (study.id.as_str(), study.image.as_ref().and_then(lgdea_data::Picture::dimensions)))
        .collect();
    let are_known = sizes.values().all(Option::is_some);
    let size = |study: &Study| sizes[study.id.as_str()].filter(|_| are_known).unwrap_or((1, 1));
    let edge = |share: fn(&FindingBox) -> f32, side: fn((u32, u32)) -> u32| -> Vec<String> {
        rows.iter().map(|(study, found)| (f64::from(share(found)) * f64::from(side(size(study)))).to_string()).collect()
    };
    let mut columns = about(&of_rows);
    columns.push(("class".to_owned(), rows.iter().map(|(_, found)| found.finding.clone()).collect()));
    columns.push(("x".to_owned(), edge(|found| found.x, |(width, _)| width)));
    columns.push(("y".to_owned(), edge(|found| found.y, |(_, height)| height)));
    columns.push(("width".to_owned(), edge(|found| found.width, |(width, _)| width)));
    columns.push(("height".to_owned(), edge(|found| found.height, |(_, height)| height)));
    if are_known {
        columns.push(("image_width".to_owned(), of(&of_rows, |study| size(study).0.to_string())));
        columns.push(("image_height".to_owned(), of(&of_rows, |study| size(study).1.to_string())));
    }
    let phrase = |(study, found): &(&Study, &FindingBox)| {
        let words: Vec<&str> = found.phrase.split_whitespace().collect();
        format!("{}/{}", study.id, words.join(" ").to_lowercase())
    };
    Table::of_columns(rows.iter().map(phrase).collect(), columns)
}

/// Patients, splits, and what subgroups are made by.
fn about(studies: &[&Study]) -> Vec<(String, Vec<String>)> {
    let patient = ("patient", of(studies, |study| study.patient.clone()));
    [patient].into_iter().chain(described(studies)).map(|(name, cells)| (name.to_owned(), cells)).collect()
}

fn of(studies: &[&Study], cell: impl Fn(&Study) -> String) -> Vec<String> {
    studies.iter().map(|study| cell(study)).collect()
}
