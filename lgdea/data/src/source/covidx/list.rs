//! A list of `COVIDx`: patient, file, class and source, separated by spaces; early releases have no source.

use std::path::Path;

use super::Class;
use crate::DataError;
use crate::table::{content, not_utf_8, shown};

/// An image of a list.
#[derive(Debug, PartialEq)]
pub(super) struct Entry {
    /// Line in the file, counted from 1.
    pub(super) line: u64,
    patient: String,
    pub(super) file: String,
    pub(super) class: Class,
    source: String,
}

impl Entry {
    /// The patient, told apart from those of other sources: each source counts its own.
    pub(super) fn patient(&self) -> String {
        if self.source.is_empty() { self.patient.clone() } else { format!("{}/{}", self.source, self.patient) }
    }

    /// An entry of a line; `None` where it is none.
    fn parse(line: u64, text: &str) -> Option<Entry> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (patient, file, class, source) = match words[..] {
            [patient, file, class] => (patient, file.to_owned(), class, ""),
            // A file's name may have spaces in it.
            [patient, ref file @ .., class, source] if !file.is_empty() => (patient, file.join(" "), class, source),
            _ => return None,
        };
        let class = Class::parse(class)?;
        Some(Entry { line, patient: patient.to_owned(), file, class, source: source.to_owned() })
    }
}

/// The images of a list, in its order.
pub(super) fn read(path: &Path) -> Result<Vec<Entry>, DataError> {
    let bytes = content(path)?;
    let text = str::from_utf8(&bytes).map_err(|_| not_utf_8(path))?;
    let lines = (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty());
    let entry = |(line, text)| Entry::parse(line, text).ok_or_else(|| refused(path, line, text));
    let entries: Vec<Entry> = lines.map(entry).collect::<Result<_, _>>()?;
    if entries.is_empty() {
        let reason = "no image is listed; fetch the file again".to_owned();
        return Err(DataError::Csv { path: path.to_owned(), line: 1, reason });
    }
    Ok(entries)
}

fn refused(path: &Path, line: u64, text: &str) -> DataError {
    let reason = format!(
        "`{}` is no line of patient, file, class (normal, pneumonia, COVID-19, positive or negative) and source; correct it",
        shown(text)
    );
    DataError::Csv { path: path.to_owned(), line, reason }
}
