//! The user's own data through CSV files: one row an image or a report, rows of the same study joined.

mod boxes;
mod columns;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use lgdea_spec::{Manifest, Seed};

use super::{Contents, Progress, Source};
use crate::error::expand;
use crate::labels::labels_of;
use crate::split::{Split, Splits};
use crate::table::{Row, Table};
use crate::view::is_lateral;
use crate::{DataError, NO_FINDING, Picture, Report, SkipReason, Skipped, Study};
use columns::{Labels, Positions, positions};

impl Source for Manifest {
    fn read(&self, seed: Seed, progress: Progress<'_>) -> Result<Contents, DataError> {
        read(self, seed, progress)
    }
}

fn read(manifest: &Manifest, seed: Seed, progress: Progress<'_>) -> Result<Contents, DataError> {
    let mut splits = Splits::new(&manifest.fractions, seed)?;
    let root = expand("data.manifest.root", &manifest.root)?;
    let tables: Vec<Table> =
        manifest.studies.iter().map(|file| Table::read(&root.join(file))).collect::<Result<_, _>>()?;
    let positions = positions(&tables, &manifest.columns)?;
    let rows = tables.iter().map(|table| table.rows.len()).sum();
    let mut join = Join::default();
    let mut done = 0;
    for (table, positions) in tables.iter().zip(&positions) {
        for row in &table.rows {
            join.add(&table.path, row, positions)?;
        }
        done += table.rows.len();
        progress(done, rows);
    }
    let Join { drafts, mut skipped, .. } = join;
    for draft in &drafts {
        if let Some(split) = &draft.split {
            splits.give(draft.patient(), split.value);
        }
    }
    let mut studies: Vec<Study> = drafts.iter().map(|draft| draft.study(&root, &splits, &mut skipped)).collect();
    if !manifest.boxes.is_empty() {
        boxes::add(manifest, &root, &mut studies, &mut skipped)?;
    }
    Ok(Contents { name: format!("the manifest at {}", root.display()), studies, skipped, root })
}

/// A value and the place it comes from.
struct Given<T> {
    value: T,
    path: PathBuf,
    line: u64,
}

/// What the rows of a study say so far.
struct Draft {
    id: String,
    patient: Option<Given<String>>,
    split: Option<Given<Split>>,
    image: Option<String>,
    report: Option<String>,
    /// `None` where nothing is said of labels; empty where all are said to be absent.
    labels: Option<BTreeSet<String>>,
}

impl Draft {
    fn patient(&self) -> &str {
        self.patient.as_ref().map_or(&self.id, |patient| &patient.value)
    }

    fn study(&self, root: &Path, splits: &Splits<'_>, skipped: &mut Skipped) -> Study {
        let mut labels = self.labels.clone();
        if labels.as_mut().is_some_and(|labels| labels.len() > 1 && labels.remove(NO_FINDING)) {
            skipped.add(SkipReason::ContradictoryLabels, &self.id);
        }
        // A study keeps its own split even where a patient is divided, so that the error can name both.
        let own = self.split.as_ref().map(|split| split.value);
        Study {
            id: self.id.clone(),
            patient: self.patient().to_owned(),
            split: own.unwrap_or_else(|| splits.of(self.patient())),
            image: self.image.as_ref().map(|image| Picture::File(root.join(image))),
            report: self.report.as_deref().and_then(Report::parse),
            labels,
            boxes: Vec::new(),
        }
    }
}

/// Rows joined into studies, in order of their first rows.
#[derive(Default)]
struct Join {
    drafts: Vec<Draft>,
    position: HashMap<String, usize>,
    lateral: HashSet<String>,
    additional: HashSet<String>,
    skipped: Skipped,
}

impl Join {
    fn add(&mut self, path: &Path, row: &Row, positions: &Positions) -> Result<(), DataError> {
        let id = row.cell(Some(positions.study));
        if id.is_empty() {
            let place = format!("{}, line {}", path.display(), row.line);
            self.skipped.add(SkipReason::RowWithoutStudy, place);
            return Ok(());
        }
        let next = self.drafts.len();
        let position = *self.position.entry(id.to_owned()).or_insert(next);
        if position == next {
            self.drafts.push(Draft {
                id: id.to_owned(),
                patient: None,
                split: None,
                image: None,
                report: None,
                labels: None,
            });
        }
        let draft = &mut self.drafts[position];

        let patient = row.cell(positions.patient);
        if !patient.is_empty() {
            settle(&mut draft.patient, patient.to_owned(), path, row, "patient")?;
        }
        let split = row.cell(positions.split);
        if !split.is_empty() {
            let parsed = Split::parse(split)
                .ok_or_else(|| row.error(path, format!("split `{split}` must be `train`, `validation` or `test`")))?;
            settle(&mut draft.split, parsed, path, row, "split")?;
        }
        for Labels { column, name, indicates } in &positions.labels {
            let cell = row.cell(Some(*column));
            let mut found = labels_of(cell, name);
            if *indicates || !found.is_empty() {
                draft.labels.get_or_insert_default().append(&mut found);
            }
        }
        self.add_image(position, row, positions);
        self.add_report(position, row, positions);
        Ok(())
    }

    fn add_image(&mut self, position: usize, row: &Row, positions: &Positions) {
        let (image, view) = (row.cell(positions.image), row.cell(positions.view));
        if image.is_empty() {
            return;
        }
        let draft = &mut self.drafts[position];
        if is_lateral(view) {
            if self.lateral.insert(image.to_owned()) {
                self.skipped.add(SkipReason::LateralView, &draft.id);
            }
            return;
        }
        match &draft.image {
            None => draft.image = Some(image.to_owned()),
            Some(first) if first == image => {}
            Some(_) => {
                if self.additional.insert(image.to_owned()) {
                    self.skipped.add(SkipReason::AdditionalImage, &draft.id);
                }
            }
        }
    }

    fn add_report(&mut self, position: usize, row: &Row, positions: &Positions) {
        let text = match (positions.sections.as_slice(), positions.report) {
            ([], None) => return,
            ([], report) => row.cell(report).to_owned(),
            // As headers, which reports have before their sections.
            (sections, _) => sections
                .iter()
                .map(|(section, name)| (name, row.cell(Some(*section))))
                .filter(|(_, text)| !text.is_empty())
                .map(|(name, text)| format!("{}: {text}", name.to_uppercase()))
                .collect::<Vec<_>>()
                .join("\n"),
        };
        let draft = &mut self.drafts[position];
        match &draft.report {
            _ if Report::parse(&text).is_none() => self.skipped.add(SkipReason::EmptyReport, &draft.id),
            None => draft.report = Some(text),
            Some(first) if *first == text => {}
            Some(_) => self.skipped.add(SkipReason::ContradictoryReport, &draft.id),
        }
    }
}

/// Notes a value that all rows of a study must agree on.
fn settle<T: PartialEq + std::fmt::Display>(
    slot: &mut Option<Given<T>>,
    value: T,
    path: &Path,
    row: &Row,
    what: &str,
) -> Result<(), DataError> {
    match slot {
        Some(first) if first.value != value => Err(row.error(
            path,
            format!(
                "{what} `{value}`, but `{}` for the same study in {}, line {}; correct one of them",
                first.value,
                first.path.display(),
                first.line
            ),
        )),
        Some(_) => Ok(()),
        None => {
            *slot = Some(Given { value, path: path.to_owned(), line: row.line });
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
