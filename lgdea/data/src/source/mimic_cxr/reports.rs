//! The reports: a table of their sections, an archive, or a folder of files.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use lgdea_spec::{MimicCxr, MimicSection};
use rayon::prelude::*;

use super::listed::{Listed, place_of};
use super::numbers::{Letter, number, parsed};
use super::sections::{report_of, report_of_sections};
use crate::disk;
use crate::error::expand;
use crate::folder::Folder;
use crate::source::Progress;
use crate::table::{Table, decoded, shown_id, zip_files};
use crate::{DataError, Report, SkipReason, Skipped};

/// What errors call the set.
const SET: &str = "MIMIC-CXR (`data.mimic-cxr.reports` may name its reports)";
const TABLE: &str = "mimic_cxr_sectioned.csv";
const ARCHIVE: &str = "mimic-cxr-reports.zip";
const FILES: &str = "files/p10/p10000032/s50414267.txt and so on";

/// How many files are read between two calls of `progress`.
const STRIDE: usize = 1000;

/// Where the reports are.
enum Place {
    Table(PathBuf),
    Archive(PathBuf),
    Files(Folder),
}

/// What is known of a study's report.
enum Told {
    /// The file or the row is not there.
    Missing,
    /// It has none of the sections.
    Empty,
    /// The file cannot be read.
    Broken,
    Report(Report),
}

impl From<Option<Report>> for Told {
    fn from(report: Option<Report>) -> Told {
        report.map_or(Told::Empty, Told::Report)
    }
}

/// Gives the examinations their reports. Studies without one are counted.
pub(super) fn add(
    root: &Folder,
    settings: &MimicCxr,
    listed: &mut Listed,
    skipped: &mut Skipped,
    progress: Progress<'_>,
) -> Result<(), DataError> {
    let studies = listed.items().len();
    progress(0, studies);
    let place = Place::find(root, settings)?;
    let told = match &place {
        Place::Table(path) => of_table(path, &settings.sections, listed, skipped)?,
        Place::Archive(path) => of_archive(path, &settings.sections, listed, skipped)?,
        Place::Files(folder) => of_files(folder, &settings.sections, listed, progress),
    };
    if told.iter().all(|told| matches!(told, Told::Missing)) && studies > 0 {
        return Err(place.without_any());
    }
    for (examination, told) in listed.items_mut().iter_mut().zip(told) {
        let reason = match told {
            Told::Report(report) => {
                examination.report = Some(report);
                continue;
            }
            Told::Missing => SkipReason::MissingReport,
            Told::Empty => SkipReason::EmptyReport,
            Told::Broken => SkipReason::BrokenXml,
        };
        skipped.add(reason, shown_id(&examination.id));
    }
    progress(studies, studies);
    Ok(())
}

impl Place {
    fn find(root: &Folder, settings: &MimicCxr) -> Result<Place, DataError> {
        let folder = match settings.reports.as_str() {
            "" => root.clone(),
            named => {
                let path = expand("data.mimic-cxr.reports", named)?;
                if disk::is_folder(&path) {
                    Folder::open("data.mimic-cxr.reports", named)?
                } else {
                    return Ok(Place::file(path));
                }
            }
        };
        // Whole reports are not in the table.
        let table = if settings.sections.is_empty() { None } else { folder.find(&[TABLE]) };
        Ok(match (table, folder.join(ARCHIVE)) {
            (Some(table), _) => Place::Table(table),
            (None, archive) if disk::exists(&archive) => Place::Archive(archive),
            _ => Place::Files(folder),
        })
    }

    /// A zip archive is one of reports, but `….csv.zip` a packed table.
    fn file(path: PathBuf) -> Place {
        let ends = |path: &Path, ending: &str| path.extension().is_some_and(|own| own.eq_ignore_ascii_case(ending));
        let is_archive = ends(&path, "zip") && !ends(&path.with_extension(""), "csv");
        if is_archive { Place::Archive(path) } else { Place::Table(path) }
    }

    /// The error of a place that has no report of any study.
    fn without_any(&self) -> DataError {
        match self {
            Place::Table(path) | Place::Archive(path) => DataError::Csv {
                path: path.clone(),
                line: 1,
                reason: "no report of any study that the metadata list; name the reports of the same set".to_owned(),
            },
            Place::Files(folder) => folder.lacks(SET, &[TABLE, ARCHIVE, FILES]),
        }
    }
}

fn nothing_told(listed: &Listed) -> Vec<Told> {
    listed.items().iter().map(|_| Told::Missing).collect()
}

fn of_table(
    path: &Path,
    sections: &[MimicSection],
    listed: &Listed,
    skipped: &mut Skipped,
) -> Result<Vec<Told>, DataError> {
    let mut told = nothing_told(listed);
    let columns = |table: &Table| {
        if sections.is_empty() {
            let reason =
                "`sections` is empty, and this table has no whole reports; name their archive or folder, or sections";
            return Err(DataError::Csv { path: path.to_owned(), line: 1, reason: reason.to_owned() });
        }
        let role =
            "a section of the reports; other sections than these are in the archive and in the folder of reports";
        let column = |section: &MimicSection| Ok((*section, table.required(section.name(), role)?));
        let study = table.required("study", "which mimic_cxr_sectioned.csv has; name that file")?;
        Ok((study, sections.iter().map(column).collect::<Result<Vec<_>, DataError>>()?))
    };
    Table::each(path, columns, |(study, columns), table, row| {
        let study = number(table, &row, *study, Letter::Study)?;
        let Some(place) = listed.place(&study) else {
            skipped.add(SkipReason::ReportWithoutStudy, study.to_string());
            return Ok(());
        };
        let texts = columns.iter().map(|&(section, column)| (section, row.cell(Some(column))));
        let report = report_of_sections(texts);
        match (&told[place], &report) {
            (Told::Report(first), Some(second)) if first != second => {
                skipped.add(SkipReason::ContradictoryReport, study.to_string());
            }
            (Told::Report(_), _) => {}
            _ => told[place] = report.into(),
        }
        Ok(())
    })?;
    Ok(told)
}

fn of_archive(
    path: &Path,
    sections: &[MimicSection],
    listed: &Listed,
    skipped: &mut Skipped,
) -> Result<Vec<Told>, DataError> {
    let mut told = nothing_told(listed);
    let files = zip_files(path, |name| name.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("txt")))?;
    let studied = |(name, bytes): (String, Vec<u8>)| {
        let study = Path::new(&name).file_stem().and_then(|stem| parsed(&stem.to_string_lossy(), Letter::Study));
        match study.and_then(|study| listed.place(&study)) {
            Some(place) => Ok((place, read(path, bytes, sections))),
            None => Err(name),
        }
    };
    for found in files.into_par_iter().map(studied).collect::<Vec<_>>() {
        match found {
            Ok((place, report)) => told[place] = report,
            Err(name) => skipped.add(SkipReason::ReportWithoutStudy, shown_id(&name)),
        }
    }
    Ok(told)
}

fn of_files(folder: &Folder, sections: &[MimicSection], listed: &Listed, progress: Progress<'_>) -> Vec<Told> {
    let (files, done, all) = (folder.join("files"), AtomicUsize::new(0), listed.items().len());
    let told = listed.items().par_iter().map(|examination| {
        let path = files.join(format!("{}.txt", place_of(&examination.patient, &examination.id)));
        let told = match disk::read(&path) {
            Ok(bytes) => read(&path, bytes, sections),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Told::Missing,
            Err(_) => Told::Broken,
        };
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(STRIDE) {
            progress(done, all);
        }
        told
    });
    told.collect()
}

/// What a file of a report says.
fn read(path: &Path, bytes: Vec<u8>, sections: &[MimicSection]) -> Told {
    match decoded(path, bytes).map(String::from_utf8) {
        Ok(Ok(text)) => report_of(&text, sections).into(),
        _ => Told::Broken,
    }
}
