//! Rows of CSV and JSONL files.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use csv::{ErrorKind, StringRecord};
use serde_json::{Map, Value};

use crate::error::EvidenceError;

/// Identifier and content of a report, and where they stand.
pub(crate) struct Row {
    /// File and line.
    pub(crate) place: String,
    /// Without surrounding spaces; perhaps empty.
    pub(crate) id: String,
    /// Exactly as in the file; perhaps empty.
    pub(crate) content: String,
}

/// File and line, counted from 1, as messages name them.
pub(crate) fn place(path: &Path, line: u64) -> String {
    format!("{}, line {line}", path.display())
}

fn refused(place: String, problem: impl Into<String>) -> EvidenceError {
    EvidenceError::Input { place, problem: problem.into() }
}

/// The columns `report_id` and `column` of a CSV file with a header, in UTF-8, separated by commas.
pub(crate) fn csv_rows(path: &Path, column: &str) -> Result<Vec<Row>, EvidenceError> {
    let file = File::open(path).map_err(|source| EvidenceError::Read { path: path.to_owned(), source })?;
    let mut reader = csv::Reader::from_reader(file);
    let header = reader.headers().map_err(|error| csv_error(path, &error))?.clone();
    let (ids, contents) = (position(path, &header, "report_id")?, position(path, &header, column)?);
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| csv_error(path, &error))?;
        let place = place(path, record.position().map_or(0, csv::Position::line));
        let cell = |column| record.get(column).unwrap_or_default();
        rows.push(Row { place, id: cell(ids).trim().to_owned(), content: cell(contents).to_owned() });
    }
    Ok(rows)
}

fn position(path: &Path, header: &StringRecord, name: &str) -> Result<usize, EvidenceError> {
    let mut found = header.iter().enumerate().filter(|(_, column)| column.trim() == name);
    match (found.next(), found.next()) {
        (Some((position, _)), None) => Ok(position),
        (Some(_), Some(_)) => {
            Err(refused(place(path, 1), format!("two columns are named `{name}`; rename one of them")))
        }
        (None, _) => {
            let columns: Vec<&str> = header.iter().map(str::trim).collect();
            let problem = format!(
                "there is no column `{name}`; the columns, separated by commas, are: {}; rename one of them",
                columns.join(", ")
            );
            Err(refused(place(path, 1), problem))
        }
    }
}

fn csv_error(path: &Path, error: &csv::Error) -> EvidenceError {
    let problem = match error.kind() {
        ErrorKind::Utf8 { .. } => "the text is not UTF-8; save the file as UTF-8".to_owned(),
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} cells where the header has {expected_len}; put quotes around a cell with a comma in it")
        }
        _ => error.to_string(),
    };
    refused(place(path, error.position().map_or(1, csv::Position::line)), problem)
}

/// The keys `report_id` (a string or a number) and `key` (a string or null) of the objects of a JSONL file.
pub(crate) fn jsonl_rows(path: &Path, key: &str) -> Result<Vec<Row>, EvidenceError> {
    let mut rows = Vec::new();
    for line in lines(path)? {
        let (place, text) = line?;
        let object: Map<String, Value> = serde_json::from_str(&text).map_err(|cause| {
            refused(place.clone(), format!("this is no JSON object; see column {}", cause.column()))
        })?;
        let value = |key: &str| {
            object.get(key).ok_or_else(|| {
                let keys: Vec<&str> = object.keys().map(String::as_str).collect();
                refused(place.clone(), format!("there is no key `{key}`; the keys are: {}", keys.join(", ")))
            })
        };
        let id = match value("report_id")? {
            Value::String(id) => id.trim().to_owned(),
            Value::Number(id) => id.to_string(),
            _ => return Err(refused(place, "`report_id` is neither a string nor a number")),
        };
        let content = match value(key)? {
            Value::String(content) => content.clone(),
            Value::Null => String::new(),
            _ => return Err(refused(place, format!("`{key}` is not a string"))),
        };
        rows.push(Row { place, id, content });
    }
    Ok(rows)
}

/// The lines of a file that are not blank, each with its place.
pub(crate) fn lines(
    path: &Path,
) -> Result<impl Iterator<Item = Result<(String, String), EvidenceError>> + use<'_>, EvidenceError> {
    let failed = |source| EvidenceError::Read { path: path.to_owned(), source };
    let lines = BufReader::new(File::open(path).map_err(failed)?).lines();
    let numbered = lines.zip(1_u64..).map(move |(line, number)| match line {
        Ok(line) => Ok((place(path, number), line)),
        Err(cause) if cause.kind() == std::io::ErrorKind::InvalidData => {
            Err(refused(place(path, number), "the text is not UTF-8; save the file as UTF-8"))
        }
        Err(source) => Err(failed(source)),
    });
    Ok(numbered.filter(|line| !matches!(line, Ok((_, text)) if text.trim().is_empty())))
}
