//! The user's own data through CSV files: one row an image or a report, rows of the same study joined.

mod boxes;
mod columns;
mod texts;
mod unread;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lgdea_spec::{Manifest, Seed, Views};

use super::{Contents, Progress, Source};
use crate::by_id::ById;
use crate::disk;
use crate::error::expand;
use crate::examination::{Examination, Film, studies};
use crate::folder::stem;
use crate::labels::{Indicator, SEVERAL, looks_like_several};
use crate::person::{Person, Sex};
use crate::split::{Split, Splits};
use crate::table::{Row, Table, Vocabulary, is_rounded, shown, shown_id};
use crate::view::View;
use crate::{DataError, ImageFile, NO_FINDING, Picture, Report, SkipReason, Skipped, StudyLabels, label_names};
pub(crate) use columns::configured;
use columns::{Labels, Positions, positions};
pub(crate) use texts::refuse as refuse_texts;
pub(crate) use unread::unread;

impl Source for Manifest {
    fn read(&self, seed: Seed, progress: Progress<'_>) -> Result<Contents, DataError> {
        read(self, seed, progress)
    }

    /// Views were read long before they were kept: the digests of manifests that ask for nothing of this kind stay as they were.
    fn digests_views(&self) -> bool {
        self.views != Views::default() || !self.columns.sex.is_empty() || !self.columns.age.is_empty()
    }
}

fn read(manifest: &Manifest, seed: Seed, progress: Progress<'_>) -> Result<Contents, DataError> {
    let splits = Splits::new(&manifest.fractions, seed)?;
    let root = expand("data.manifest.root", &manifest.root)?;
    let tables: Vec<Table> =
        manifest.studies.iter().map(|file| Table::read(&root.join(file))).collect::<Result<_, _>>()?;
    let positions = positions(&tables, &manifest.columns)?;
    refuse_texts(&tables, manifest)?;
    let rows = tables.iter().map(|table| table.rows.len()).sum();
    let mut drafts = ById::new();
    let mut join = Join {
        manifest,
        root: &root,
        names: names_of_findings(&tables, &positions, &manifest.label_separators),
        skipped: Skipped::default(),
    };
    unread::note(&tables, &manifest.columns, &mut join.skipped);
    let mut done = 0;
    for (table, positions) in tables.iter().zip(&positions) {
        for row in &table.rows {
            join.add(&mut drafts, &table.path, row, positions)?;
        }
        done += table.rows.len();
        progress(done, rows);
    }
    let mut skipped = join.skipped;
    let has_patients = positions.iter().any(|positions| positions.patient.is_some());
    let of = |draft: Draft| draft.examination(has_patients, &mut skipped);
    let examinations = drafts.into_items().into_iter().map(of).collect();
    let mut studies = studies(examinations, manifest.views, splits, &mut skipped);
    if !manifest.boxes.is_empty() {
        boxes::add(manifest, &root, &mut studies, &mut skipped)?;
    }
    Ok(Contents { name: format!("the manifest at {}", root.display()), studies, skipped, root })
}

/// Where the image is that a table gives the path of: from the root, or where it is not there from the table's own folder. Windows
/// writes `\`, which separates folders where no file is called so.
pub(crate) fn file_of(root: &Path, table: &Path, image: &str) -> PathBuf {
    let under = |folder: &Path| {
        let path = folder.join(image);
        if image.contains('\\') && !disk::exists(&path) { folder.join(image.replace('\\', "/")) } else { path }
    };
    let path = under(root);
    match table.parent().filter(|folder| *folder != root && !disk::exists(&path)) {
        Some(folder) => Some(under(folder)).filter(|beside| disk::exists(beside)).unwrap_or(path),
        None => path,
    }
}

/// The names of findings in columns of labels, and what several of them are joined of.
fn names_of_findings(tables: &[Table], positions: &[Positions], separators: &str) -> Vocabulary {
    let mut names = Vocabulary::default();
    for (table, positions) in tables.iter().zip(positions) {
        for (_, cell) in positions
            .labels
            .iter()
            .filter(|labels| !labels.mostly_indicates)
            .flat_map(|labels| table.filled(labels.column))
        {
            for name in label_names(cell, separators) {
                name.split(SEVERAL).for_each(|part| names.add(part, 1));
            }
        }
    }
    names
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
    /// By their paths as the files give them.
    films: ById<Film>,
    report: Option<String>,
    person: Person,
    source: Option<Arc<str>>,
    /// The file of a row that has no column for the source.
    file: Option<Arc<str>>,
    /// `None` where nothing is said of labels; empty where all are said to be absent.
    labels: Option<StudyLabels>,
}

impl Draft {
    fn new(id: &str) -> Draft {
        Draft {
            id: id.to_owned(),
            patient: None,
            split: None,
            films: ById::new(),
            report: None,
            person: Person::default(),
            source: None,
            file: None,
            labels: None,
        }
    }

    fn examination(mut self, has_patients: bool, skipped: &mut Skipped) -> Examination {
        if has_patients && self.patient.is_none() {
            skipped.add(SkipReason::StudyWithoutPatient, shown_id(&self.id));
        }
        let contradicts = |labels: &mut StudyLabels| labels.present.len() > 1 && labels.present.remove(NO_FINDING);
        if self.labels.as_mut().is_some_and(contradicts) {
            skipped.add(SkipReason::ContradictoryLabels, shown_id(&self.id));
        }
        Examination {
            patient: self.patient.map_or_else(|| self.id.clone(), |patient| patient.value),
            id: self.id,
            split: self.split.map(|split| split.value),
            films: self.films.into_items(),
            report: self.report.and_then(|report| Report::of_cell(&report)),
            labels: self.labels,
            person: self.person,
            source: self.source.or(self.file),
        }
    }
}

/// How rows are joined into studies, and what they hold besides.
struct Join<'a> {
    manifest: &'a Manifest,
    root: &'a Path,
    names: Vocabulary,
    skipped: Skipped,
}

impl Join<'_> {
    fn add(
        &mut self,
        drafts: &mut ById<Draft>,
        path: &Path,
        row: &Row,
        positions: &Positions,
    ) -> Result<(), DataError> {
        let id = row.cell(Some(positions.study));
        if id.is_empty() {
            let place = format!("{}, line {}", path.display(), row.line);
            self.skipped.add(SkipReason::RowWithoutStudy, place);
            return Ok(());
        }
        if is_rounded(id) || is_rounded(row.cell(positions.patient)) {
            let reason = "an identifier was rounded to a number (`1.00000E+11`), so that others became the same; save the table again \
                          with its identifiers as text";
            return Err(row.error(path, reason.to_owned()));
        }
        let draft = drafts.entry(id, || Draft::new(id));

        let patient = row.cell(positions.patient);
        if !patient.is_empty() {
            settle(&mut draft.patient, patient.to_owned(), path, row, "patient")?;
        }
        let split = row.cell(positions.split);
        if !split.is_empty() {
            let refused = || format!("split `{}` must be `train`, `validation` or `test`", shown(split));
            let parsed = Split::parse(split).ok_or_else(|| row.error(path, refused()))?;
            settle(&mut draft.split, parsed, path, row, "split")?;
        }
        self.add_image(draft, path, row, positions);
        self.add_person(draft, row, positions);
        self.add_source(draft, path, row, positions);
        self.add_labels(draft, row, positions);
        self.add_report(draft, row, positions);
        Ok(())
    }

    /// Adds an image with its view; another row may tell the view of one that is there.
    fn add_image(&self, draft: &mut Draft, path: &Path, row: &Row, positions: &Positions) {
        let (image, view) = (row.cell(positions.image), row.cell(positions.view));
        if image.is_empty() {
            return;
        }
        let film = draft.films.entry(image, || {
            let percentiles = self.manifest.deep_percentiles;
            let picture = Picture::File(ImageFile { path: file_of(self.root, path, image), percentiles });
            Film::new(image, picture, view)
        });
        if View::parse(&film.view) == View::Untold {
            view.clone_into(&mut film.view);
        }
    }

    /// Adds the sex and the age that a row tells; what an earlier row tells of a study stands.
    fn add_person(&mut self, draft: &mut Draft, row: &Row, positions: &Positions) {
        let (sex, age) = (row.cell(positions.sex), row.cell(positions.age));
        let person = Person::parse(sex, age);
        for (cell, is_read, reason) in [
            (sex, person.sex.is_some() || Sex::is_other(sex), SkipReason::UnknownSex),
            (age, person.age.is_some(), SkipReason::UnknownAge),
        ] {
            if !cell.is_empty() && !is_read {
                self.skipped.add_value(reason, shown(cell));
            }
        }
        draft.person = draft.person.or(person);
    }

    /// Adds what a row tells of the source; what an earlier row tells stands. A file without the column is a source of its own.
    fn add_source(&self, draft: &mut Draft, path: &Path, row: &Row, positions: &Positions) {
        let cell = row.cell(positions.source);
        if !cell.is_empty() {
            draft.source.get_or_insert_with(|| Arc::from(cell));
        } else if positions.source.is_none() && !self.manifest.columns.source.is_empty() {
            draft.file.get_or_insert_with(|| Arc::from(stem(path)));
        }
    }

    fn add_labels(&mut self, draft: &mut Draft, row: &Row, positions: &Positions) {
        for Labels { column, name, indicates, mostly_indicates, is_of_one } in &positions.labels {
            let cell = row.cell(Some(*column));
            let said = Indicator::parse(cell);
            let found =
                if let Some(said) = said.or((*mostly_indicates && !cell.is_empty()).then_some(Indicator::Unknown)) {
                    if said == Indicator::Unknown {
                        self.skipped.add_value(SkipReason::UnknownLabel, shown(cell));
                    }
                    said.labels(name, self.manifest.uncertain_labels)
                } else {
                    let names = label_names(cell, &self.manifest.label_separators);
                    if *is_of_one && !names.is_empty() {
                        self.skipped.add_value(SkipReason::WordForLabel, format!("`{}` in `{name}`", shown(cell)));
                    }
                    for several in names.iter().filter(|name| looks_like_several(name)) {
                        let shown = self.names.shown_parts(several, SEVERAL);
                        self.skipped.add_value(SkipReason::JoinedLabels, format!("\"{shown}\""));
                    }
                    StudyLabels::named(&names)
                };
            if *indicates || !found.is_empty() {
                draft.labels.get_or_insert_default().join(found);
            }
        }
    }

    fn add_report(&mut self, draft: &mut Draft, row: &Row, positions: &Positions) {
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
        match &draft.report {
            _ if !Report::is_in(&text) => self.skipped.add(SkipReason::EmptyReport, shown_id(&draft.id)),
            None => draft.report = Some(text),
            Some(first) if *first == text => {}
            Some(_) => self.skipped.add(SkipReason::ContradictoryReport, shown_id(&draft.id)),
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
                "{what} `{}`, but `{}` for the same study in {}, line {}; correct one of them",
                shown_id(&value.to_string()),
                shown_id(&first.value.to_string()),
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
