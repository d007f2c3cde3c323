//! Open-I: the Indiana University chest X-ray collection, one XML file a report.
//!
//! The collection names no patients; each report counts as a patient of its own. Its XML does not tell frontal from
//! lateral images either: without a table of projections the first image of a report is taken for the frontal one, as it is in
//! most reports.

mod document;
mod images;

use std::collections::HashSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use lgdea_spec::{Openi, Seed};
use rayon::prelude::*;

use super::{Contents, Progress, Source};
use crate::disk;
use crate::error::expand;
use crate::examination::{self, Examination};
use crate::split::Splits;
use crate::{DataError, NO_FINDING, Report, SkipReason, Skipped, StudyLabels};
use document::Document;
use images::Images;

/// A report of the collection has about 10 kB; what is far larger is something else.
const LARGEST_XML: u64 = 4 << 20;

/// Sections that say something about the images.
const READINGS: [&str; 2] = ["findings", "impression"];

impl Source for Openi {
    fn read(&self, seed: Seed, progress: Progress<'_>) -> Result<Contents, DataError> {
        read(self, seed, progress)
    }
}

fn read(openi: &Openi, seed: Seed, progress: Progress<'_>) -> Result<Contents, DataError> {
    let splits = Splits::new(&openi.fractions, seed)?;
    let reports = expand("data.openi.reports", &openi.reports)?;
    let (root, images) = match openi.images.as_str() {
        "" => (PathBuf::new(), None),
        folder => {
            let folder = expand("data.openi.images", folder)?;
            let images = Images::read(&folder, &openi.projections)?;
            (folder, Some(images))
        }
    };
    let mut skipped = Skipped::default();
    let documents = if disk::is_folder(&reports) { folder_documents(&reports)? } else { archive_documents(&reports)? };
    progress(0, documents.len());
    let mut parsed: Vec<(String, Option<Document>)> = documents
        .into_par_iter()
        .map(|(name, bytes)| {
            let document = bytes.and_then(|bytes| Document::parse(&bytes));
            (name, document)
        })
        .collect();
    progress(parsed.len(), parsed.len());
    // The order of an archive or a folder is arbitrary.
    parsed.sort_by(|(a, _), (b, _)| a.cmp(b));

    let mut examinations = Vec::with_capacity(parsed.len());
    let mut seen = HashSet::new();
    for (name, document) in parsed {
        let Some(document) = document else {
            skipped.add(SkipReason::BrokenXml, name);
            continue;
        };
        if !seen.insert(document.id.clone()) {
            skipped.add(SkipReason::DuplicateReport, name);
            continue;
        }
        examinations.push(examination(document, images.as_ref(), &mut skipped));
    }
    let studies = examination::studies(examinations, openi.views, splits, &mut skipped);
    let studies = studies.into_iter().filter_map(|study| study.or_nothing(&mut skipped)).collect();
    Ok(Contents { name: format!("Open-I at {}", reports.display()), studies, skipped, root })
}

fn examination(document: Document, images: Option<&Images>, skipped: &mut Skipped) -> Examination {
    let Document { id, sections, major, images: names } = document;
    let report = Report::from_sections(sections)
        .filter(|report| report.sections.iter().any(|section| READINGS.contains(&section.name.as_str())));
    if report.is_none() {
        skipped.add(SkipReason::EmptyReport, &id);
    }
    let films = images.map(|images| images.films(&names, skipped)).unwrap_or_default();
    let labels = (major == ["normal"]).then(|| StudyLabels::from_iter([NO_FINDING]));
    Examination { patient: id.clone(), id, films, report, labels, ..Examination::default() }
}

/// A document's name and its content; none where it is too large to be a report.
type Content = (String, Option<Vec<u8>>);

fn folder_documents(folder: &Path) -> Result<Vec<Content>, DataError> {
    let mut documents = Vec::new();
    for disk::Entry { path, .. } in disk::list(folder).map_err(DataError::io(folder))? {
        if is_xml(&path) {
            // What is no file is no report, and is counted as a broken one.
            let content = if disk::is_file(&path) {
                let file = disk::open(&path).map_err(DataError::io(&path))?;
                read_limited(file).map_err(DataError::io(&path))?
            } else {
                None
            };
            documents.push((file_name(&path), content));
        }
    }
    Ok(documents)
}

/// Reads an archive without unpacking it to disk.
fn archive_documents(path: &Path) -> Result<Vec<Content>, DataError> {
    let failed = DataError::io(path);
    let mut archive = tar::Archive::new(GzDecoder::new(disk::open(path).map_err(failed)?));
    let mut documents = Vec::new();
    for entry in archive.entries().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.path().map_err(failed)?.into_owned();
        if entry.header().entry_type().is_file() && is_xml(&name) {
            let content = read_limited(entry).map_err(failed)?;
            documents.push((file_name(&name), content));
        }
    }
    Ok(documents)
}

fn read_limited(reader: impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    reader.take(LARGEST_XML + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= LARGEST_XML).then_some(bytes))
}

/// Whether a file is a report; macOS adds hidden `._` files to archives.
fn is_xml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xml")) && !file_name(path).starts_with('.')
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
