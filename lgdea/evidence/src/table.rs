//! Rows of CSV and JSONL files.

use std::io::{BufRead, Cursor};
use std::path::Path;

use lgdea_data::DataError;
use lgdea_data::table::{Table, content, is_missing, shown_names, zip_files};
use serde_json::{Map, Value};

use crate::error::EvidenceError;
use crate::quotes;

/// Identifier and content of a report, and where they stand.
pub(crate) struct Row {
    /// File and line.
    pub(crate) place: String,
    /// Without surrounding spaces; empty where it is missing.
    pub(crate) id: String,
    /// Exactly as in the file; empty where it is missing.
    pub(crate) content: String,
}

/// File and line, counted from 1, as messages name them.
pub(crate) fn place(path: &Path, line: u64) -> String {
    format!("{}, line {line}", path.display())
}

fn refused(place: String, problem: impl Into<String>) -> EvidenceError {
    EvidenceError::Input { place, problem: problem.into() }
}

/// What a file of rows is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// `.csv`, `.tsv`, `.tab`.
    Table,
    /// `.jsonl`, `.ndjson`.
    Objects,
}

impl Rows {
    /// What a file is, perhaps packed by gzip; `None` where it is no file of rows. A zip archive is what the one file in it is.
    pub(crate) fn of(path: &Path) -> Result<Option<Rows>, EvidenceError> {
        if !path.is_file() {
            return Ok(None);
        }
        if !has_ending(path, "zip") {
            return Ok(Rows::named(path));
        }
        let mut inside = None;
        zip_files(path, |name| {
            inside = inside.or_else(|| Rows::named(name));
            false
        })?;
        Ok(inside)
    }

    fn named(path: &Path) -> Option<Rows> {
        let unpacked = if has_ending(path, "gz") { path.with_extension("") } else { path.to_owned() };
        let is = |endings: &[&str]| endings.iter().any(|ending| has_ending(&unpacked, ending));
        if is(&["csv", "tsv", "tab"]) { Some(Rows::Table) } else { is(&["jsonl", "ndjson"]).then_some(Rows::Objects) }
    }

    /// The rows of a file: the identifier of a report and its content, in two columns or under two keys; `remedy` says what to
    /// do where one of them is not there.
    pub(crate) fn read(self, path: &Path, columns: [&str; 2], remedy: &str) -> Result<Vec<Row>, EvidenceError> {
        match self {
            Rows::Table => csv_rows(path, columns, remedy),
            Rows::Objects => jsonl_rows(path, columns, remedy),
        }
    }
}

/// Whether a file's name ends in `.ending`, in capitals or not.
pub(crate) fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending))
}

fn csv_rows(path: &Path, [id, text]: [&str; 2], remedy: &str) -> Result<Vec<Row>, EvidenceError> {
    let bytes = content(path)?;
    if let Some((line, problem)) = quotes::problem(&bytes) {
        return Err(refused(place(path, line), problem));
    }
    let mut rows = Vec::new();
    let columns = |table: &Table| {
        let required = |name: &str, role: String| table.required(name, &role).map_err(without_texts);
        Ok([
            required(id, format!("the report's identifier; {remedy}"))?,
            required(text, format!("what is read of a report; {remedy}"))?,
        ])
    };
    Table::each_in(path, bytes, columns, |&[id, content], _, row| {
        rows.push(Row {
            place: place(path, row.line),
            id: row.cell(Some(id)).to_owned(),
            content: row.text(Some(content)).to_owned(),
        });
        Ok(())
    })?;
    Ok(rows)
}

/// Words of which the names of columns beside reports are made.
const OF_COLUMNS: [&str; 26] = [
    "id",
    "ids",
    "uid",
    "study",
    "patient",
    "subject",
    "report",
    "reports",
    "text",
    "note",
    "findings",
    "finding",
    "impression",
    "label",
    "labels",
    "image",
    "path",
    "file",
    "filename",
    "name",
    "split",
    "view",
    "date",
    "age",
    "sex",
    "index",
];

/// An error that does not repeat a first line that may be a report: without a header, a short report looks like a column's
/// name. Names are shown where one is made of words of columns.
fn without_texts(error: DataError) -> DataError {
    match error {
        DataError::MissingColumn { column, role, files, present, suggestion } => {
            let is_usual = |name: &str| {
                let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
                let mut words = words.map(str::to_lowercase).peekable();
                words.peek().is_some() && words.all(|word| OF_COLUMNS.contains(&word.as_str()))
            };
            let known = present.split('`').skip(1).step_by(2).any(is_usual) || suggestion.is_some();
            let hidden = "not shown, because the first line looks like no header: it must name the columns";
            let present = if known { present } else { hidden.to_owned() };
            DataError::MissingColumn { column, role, files, present, suggestion }
        }
        error => error,
    }
}

/// The keys `id` (a string or a number) and `content` (a string or null) of the objects of a JSONL file.
fn jsonl_rows(path: &Path, [id, content]: [&str; 2], remedy: &str) -> Result<Vec<Row>, EvidenceError> {
    let mut rows = Vec::new();
    for line in lines(path)? {
        let (place, text) = line?;
        let object: Map<String, Value> = serde_json::from_str(&text).map_err(|cause| {
            let hint = if text.contains("NaN") { "; `NaN` is no JSON: write `null`" } else { "" };
            refused(place.clone(), format!("this is no JSON object; see column {}{hint}", cause.column()))
        })?;
        let value = |key: &str| {
            object.get(key).ok_or_else(|| {
                let keys = shown_names(object.keys().map(String::as_str));
                let problem = format!("there is no key `{key}`; the keys are: {keys}; {remedy}");
                refused(place.clone(), problem)
            })
        };
        let id = match value(id)? {
            Value::String(id) if is_missing(id) => String::new(),
            Value::String(id) => id.trim().to_owned(),
            Value::Number(id) => id.to_string(),
            Value::Null => String::new(),
            _ => return Err(refused(place, format!("`{id}` is neither a string nor a number"))),
        };
        let content = match value(content)? {
            Value::String(content) => content.clone(),
            Value::Null => String::new(),
            _ => return Err(refused(place, format!("`{content}` is not a string"))),
        };
        rows.push(Row { place, id, content });
    }
    Ok(rows)
}

/// The lines of a file that are not blank, each with its place.
pub(crate) fn lines(
    path: &Path,
) -> Result<impl Iterator<Item = Result<(String, String), EvidenceError>> + use<'_>, EvidenceError> {
    let lines = Cursor::new(content(path)?).lines();
    let numbered = lines.zip(1_u64..).map(move |(line, number)| {
        let not_utf_8 = |_| refused(place(path, number), "the text is not UTF-8; save the file as UTF-8");
        Ok((place(path, number), line.map_err(not_utf_8)?))
    });
    Ok(numbered.filter(|line| !matches!(line, Ok((_, text)) if text.trim().is_empty())))
}
