//! Text and XML files, from a folder, an archive, or alone.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use lgdea_data::table::{decoded, zip_files};

use crate::error::EvidenceError;
use crate::table::has_ending;

/// A report has some kilobytes; what is far larger is something else.
const LARGEST: u64 = 4 << 20;

/// A file with one report.
#[derive(Debug)]
pub(crate) struct Document {
    /// Its path, for messages.
    pub(crate) path: String,
    /// Its name without ending.
    pub(crate) stem: String,
    pub(crate) format: Format,
    pub(crate) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// XML of Open-I.
    Openi,
    Text,
}

/// All `.xml` and `.txt` files of a folder and those within it or of a `.tgz`, `.tar.gz` or `.zip` archive, or the file at
/// `path`, in the order of their paths. Hidden files are left out; macOS adds some to archives.
pub(crate) fn documents(path: &Path) -> Result<Vec<Document>, EvidenceError> {
    let mut documents = if path.is_dir() {
        folder(path)?
    } else if has_ending(path, "zip") {
        zip(path)?
    } else if is_archive(path) {
        archive(path)?
    } else {
        let file = File::open(path).map_err(failed(path))?;
        document(path, file).transpose()?.into_iter().collect()
    };
    documents.sort_by(|a, b| a.path.cmp(&b.path));
    if documents.is_empty() {
        let problem = if path.is_dir() || is_archive(path) || has_ending(path, "zip") {
            "it holds no .xml or .txt file, nor do the folders within it"
        } else {
            "its name ends in none of .xml, .txt, .tgz, .tar.gz, .zip, .csv, .tsv and .jsonl (the last three also with .gz); \
             name it for what it is"
        };
        return Err(EvidenceError::Input { place: path.display().to_string(), problem: problem.to_owned() });
    }
    Ok(documents)
}

fn is_archive(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    [".tgz", ".tar.gz"].iter().any(|ending| name.ends_with(ending))
}

fn folder(path: &Path) -> Result<Vec<Document>, EvidenceError> {
    let read = |path: PathBuf| {
        let file = File::open(&path).map_err(failed(&path))?;
        document(&path, file).transpose()
    };
    report_files(path)?.into_iter().filter_map(|path| read(path).transpose()).collect()
}

/// The files of reports, `.xml` and `.txt`, in a folder and in those within it. What is hidden is left out.
///
/// # Errors
/// A folder cannot be read.
pub fn report_files(folder: &Path) -> Result<Vec<PathBuf>, EvidenceError> {
    let (mut files, mut open, mut seen) = (Vec::new(), vec![folder.to_owned()], BTreeSet::new());
    while let Some(folder) = open.pop() {
        // A link may lead to where it stands.
        if !seen.insert(folder.canonicalize().map_err(failed(&folder))?) {
            continue;
        }
        for entry in fs::read_dir(&folder).map_err(failed(&folder))? {
            let path = entry.map_err(failed(&folder))?.path();
            if path.is_dir() && !is_hidden(&path) {
                open.push(path);
            } else if path.is_file() && format(&path).is_some() {
                files.push(path);
            }
        }
    }
    Ok(files)
}

fn archive(path: &Path) -> Result<Vec<Document>, EvidenceError> {
    let file = File::open(path).map_err(failed(path))?;
    let mut archive = tar::Archive::new(GzDecoder::new(file));
    let mut documents = Vec::new();
    for entry in archive.entries().map_err(failed(path))? {
        let entry = entry.map_err(failed(path))?;
        let inner = entry.path().map_err(failed(path))?.into_owned();
        if entry.header().entry_type().is_file() {
            documents.extend(document(&path.join(inner), entry).transpose()?);
        }
    }
    Ok(documents)
}

fn zip(path: &Path) -> Result<Vec<Document>, EvidenceError> {
    let files = zip_files(path, |name| format(name).is_some())?.into_iter();
    files.filter_map(|(name, bytes)| document(&path.join(name), bytes.as_slice())).collect()
}

/// Reads a file; none where its ending says that it is no report.
fn document(path: &Path, content: impl Read) -> Option<Result<Document, EvidenceError>> {
    format(path).map(|format| {
        let mut bytes = Vec::new();
        content.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed(path))?;
        let refused = |problem: &str| {
            let place = path.display().to_string();
            EvidenceError::Input { place, problem: problem.to_owned() }
        };
        if bytes.len() as u64 > LARGEST {
            return Err(refused(
                "it has more than 4 MiB, which no report has; take it out, or give a CSV or JSONL file",
            ));
        }
        let text = String::from_utf8(decoded(path, bytes)?).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            refused(&format!("byte {at} is not UTF-8; save the file as UTF-8"))
        })?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Document { path: path.display().to_string(), stem, format, text })
    })
}

fn format(path: &Path) -> Option<Format> {
    if is_hidden(path) {
        return None;
    }
    match path.extension()?.to_string_lossy().to_lowercase().as_str() {
        "xml" => Some(Format::Openi),
        "txt" => Some(Format::Text),
        _ => None,
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> EvidenceError {
    move |source| EvidenceError::Read { path: path.to_owned(), source }
}
