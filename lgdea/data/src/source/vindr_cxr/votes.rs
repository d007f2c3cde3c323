//! Who saw what: an image's readers, and those who saw each finding.

use std::collections::{BTreeMap, BTreeSet};

use lgdea_spec::VindrReaders;

use super::{SET, finding};
use crate::by_id::ById;
use crate::labels::{Indicator, NO_FINDING};
use crate::table::{Row, Table, shown};
use crate::{DataError, StudyLabels};

/// Names of readers.
pub(super) type Readers = BTreeSet<String>;

/// What the readers of an image saw.
pub(super) struct Votes {
    pub(super) id: String,
    pub(super) readers: Readers,
    /// Those who saw a finding, by the finding; who saw none, saw `no_finding`.
    pub(super) findings: BTreeMap<String, Readers>,
}

impl Votes {
    fn new(id: &str) -> Votes {
        Votes { id: id.to_owned(), readers: Readers::new(), findings: BTreeMap::new() }
    }

    fn add(&mut self, reader: &str, finding: String) {
        self.findings.entry(finding).or_default().insert(reader.to_owned());
    }
}

/// Reads a table with a column for each finding and a row for each reader of an image.
pub(super) fn of_labels(table: &Table, has_readers: bool, votes: &mut ById<Votes>) -> Result<(), DataError> {
    let [image] = table.columns(SET, ["image_id"])?;
    let reader = if has_readers { Some(table.columns(SET, ["rad_id"])?[0]) } else { table.column("rad_id")? };
    let is_finding = |&(column, name): &(usize, &String)| {
        // pandas writes a column without name before the others.
        column != image && Some(column) != reader && !name.is_empty()
    };
    let findings: Vec<(usize, String)> =
        (table.header.iter().enumerate().filter(is_finding)).map(|(column, name)| (column, finding(name))).collect();
    for row in &table.rows {
        let (image, reader) = image_and_reader(table, row, image, reader)?;
        let image = votes.entry(image, || Votes::new(image));
        image.readers.insert(reader.to_owned());
        for (column, finding) in &findings {
            let cell = row.cell(Some(*column));
            match Indicator::parse(cell) {
                Some(Indicator::Present) => image.add(reader, finding.clone()),
                Some(Indicator::Absent) => {}
                None if cell.is_empty() => {}
                _ => {
                    let reason = format!("{} = `{}` must be 0 or 1; correct it", table.header[*column], shown(cell));
                    return Err(row.error(&table.path, reason));
                }
            }
        }
    }
    Ok(())
}

/// Reads a table with a row for each box, or for a reader who saw nothing: Kaggle's.
pub(super) fn of_annotations(table: &Table, votes: &mut ById<Votes>) -> Result<(), DataError> {
    let [image, reader, class] = table.columns(SET, ["image_id", "rad_id", "class_name"])?;
    for row in &table.rows {
        let (image, reader) = image_and_reader(table, row, image, Some(reader))?;
        let finding = finding(row.cell(Some(class)));
        if finding.is_empty() {
            return Err(row.error(&table.path, "no `class_name`; fetch the file again".to_owned()));
        }
        let image = votes.entry(image, || Votes::new(image));
        image.readers.insert(reader.to_owned());
        image.add(reader, finding);
    }
    Ok(())
}

/// The image and the reader of a row; the reader has no name where the table has none.
fn image_and_reader<'a>(
    table: &Table,
    row: &'a Row,
    image: usize,
    reader: Option<usize>,
) -> Result<(&'a str, &'a str), DataError> {
    let (id, reader_id) = (row.cell(Some(image)), row.cell(reader));
    for (name, is_missing) in [("image_id", id.is_empty()), ("rad_id", reader.is_some() && reader_id.is_empty())] {
        if is_missing {
            return Err(row.error(&table.path, format!("no `{name}`; fetch the file again")));
        }
    }
    Ok((id, reader_id))
}

/// The findings of an image that count. It counts as normal where no finding does, and those whose word counts say so.
pub(super) fn labels(readers: &Readers, findings: &BTreeMap<String, Readers>, policy: VindrReaders) -> StudyLabels {
    let counts = |seen_by: &Readers| match policy {
        VindrReaders::Majority => 2 * seen_by.len() > readers.len(),
        VindrReaders::Any => true,
    };
    let mut present: BTreeSet<String> =
        findings.iter().filter(|(_, seen_by)| counts(seen_by)).map(|(finding, _)| finding.clone()).collect();
    if present.len() > 1 {
        present.remove(NO_FINDING);
    }
    StudyLabels::from_iter(present)
}
