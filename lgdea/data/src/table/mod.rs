//! A CSV or Parquet file as a table of text.

mod content;
mod header;
mod missing;
mod parquet;
mod shown;
mod text;
mod vocabulary;

use std::iter;
use std::path::{Path, PathBuf};

use csv::{ErrorKind, ReaderBuilder, StringRecord};

use crate::DataError;

pub use content::{content, decoded, zip_files};
pub use header::shown_names;
pub use missing::is_missing;
pub(crate) use missing::is_missing_text;
pub(crate) use shown::shown_path;
pub use shown::{shown, shown_id};
pub(crate) use text::{is_image_file, is_no_identifier, is_personal_name, is_rounded, is_sentence, whole, words};
pub use vocabulary::Vocabulary;

/// Similarity (Jaro–Winkler) from which a column's name looks like a misspelt one.
const SIMILAR: f64 = 0.85;

/// A CSV file with a header, or a Parquet file.
pub struct Table {
    pub(crate) path: PathBuf,
    /// Names of the columns, without spaces around them.
    pub header: Vec<String>,
    /// The lines below the header, in their order.
    pub rows: Vec<Row>,
}

/// A row, as long as the header.
pub struct Row {
    /// Line in the file, counted from 1; of a Parquet file as if the names of the columns were the first.
    pub line: u64,
    cells: StringRecord,
}

impl Row {
    /// The cell in a column, without spaces around it; empty where there is no such column, and where the file says that the
    /// value is missing (`nan`, `None`, `NA`, …).
    pub fn cell(&self, column: Option<usize>) -> &str {
        self.text(column).trim()
    }

    /// As [`Row::cell`], with the spaces that the file has.
    pub fn text(&self, column: Option<usize>) -> &str {
        column.and_then(|column| self.cells.get(column)).filter(|cell| !is_missing(cell)).unwrap_or("")
    }

    /// The cell in a column as the file has it, without spaces around it: `NA` may be a name.
    pub fn written(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or_default().trim()
    }

    /// Numbers in columns.
    ///
    /// # Errors
    /// A cell is no number, or none that is finite.
    pub(crate) fn numbers<const N: usize>(&self, table: &Table, columns: [usize; N]) -> Result<[f64; N], DataError> {
        let mut numbers = [0.0; N];
        for (number, column) in numbers.iter_mut().zip(columns) {
            let cell = self.cell(Some(column));
            *number = cell.parse().ok().filter(|number: &f64| number.is_finite()).ok_or_else(|| {
                let name = &table.header[column];
                self.error(&table.path, format!("{name} = `{}` must be a number; correct it", shown(cell)))
            })?;
        }
        Ok(numbers)
    }

    /// An error in this row.
    pub(crate) fn error(&self, path: &Path, reason: String) -> DataError {
        DataError::Csv { path: path.to_owned(), line: self.line, reason }
    }
}

impl Table {
    /// Reads a file in UTF-8, or in UTF-16 with a byte order mark, separated by comma, semicolon or tab; also packed by gzip
    /// or alone in a zip archive. Or a Parquet file.
    ///
    /// # Errors
    /// The file cannot be read, is no text, or its rows are of different lengths.
    pub fn read(path: &Path) -> Result<Table, DataError> {
        let mut rows = Vec::new();
        let mut table = Table::each(
            path,
            |_| Ok(()),
            |(), _, row| {
                rows.push(row);
                Ok(())
            },
        )?;
        table.rows = rows;
        Ok(table)
    }

    /// As [`Table::read`], a row at a time, for files that are too long to be kept: `columns` finds the columns in the header,
    /// and `each` is called with them, the table without its rows, and a row. Returns the table without its rows.
    ///
    /// # Errors
    /// As [`Table::read`], and those of the two.
    pub(crate) fn each<Columns>(
        path: &Path,
        columns: impl FnOnce(&Table) -> Result<Columns, DataError>,
        each: impl FnMut(&Columns, &Table, Row) -> Result<(), DataError>,
    ) -> Result<Table, DataError> {
        Table::each_in(path, content(path)?, columns, each)
    }

    /// The same of a file whose [`content`] was read before.
    ///
    /// # Errors
    /// As [`Table::read`], and those of the two.
    pub fn each_in<Columns>(
        path: &Path,
        bytes: Vec<u8>,
        columns: impl FnOnce(&Table) -> Result<Columns, DataError>,
        mut each: impl FnMut(&Columns, &Table, Row) -> Result<(), DataError>,
    ) -> Result<Table, DataError> {
        if bytes.starts_with(parquet::MAGIC) {
            let mut lines = parquet::Lines::new(path, bytes)?;
            let table = Table { path: path.to_owned(), header: std::mem::take(&mut lines.header), rows: Vec::new() };
            let columns = columns(&table)?;
            while let Some((line, cells)) = lines.next(path)? {
                each(&columns, &table, Row { line, cells })?;
            }
            return Ok(table);
        }
        let bytes = bytes.as_slice();
        let delimiter = delimiter(bytes);
        let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(bytes);
        let header = reader.headers().map_err(|error| csv_error(path, &error))?;
        let header: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
        if header.iter().all(String::is_empty) {
            let reason = "no header; the first line must name the columns".to_owned();
            return Err(DataError::Csv { path: path.to_owned(), line: 1, reason });
        }
        let table = Table { path: path.to_owned(), header, rows: Vec::new() };
        let columns = columns(&table)?;
        let mut last = None;
        for record in reader.records() {
            let cells = record.map_err(|error| match error.position() {
                Some(at) if ends_in_quotes(rest(bytes, at), delimiter) => open_quotes(path, line_of(bytes, at)),
                _ => csv_error(path, &error),
            })?;
            let line = cells.position().map_or(0, |position| line_of(bytes, position));
            last = cells.position().cloned();
            each(&columns, &table, Row { line, cells })?;
        }
        match last {
            Some(at) if ends_in_quotes(rest(bytes, &at), delimiter) => Err(open_quotes(path, line_of(bytes, &at))),
            _ => Ok(table),
        }
    }

    /// The position of a column that the file needs; `role` says what for.
    ///
    /// # Errors
    /// The file lacks it or has two.
    pub fn required(&self, name: &str, role: &str) -> Result<usize, DataError> {
        let alone = std::slice::from_ref(self);
        self.column(name)?.ok_or_else(|| missing(alone, name, role, closest(alone, name)))
    }

    /// The first that the file has of the names in `name`, which [`alternatives`] tells apart; the last where it has none.
    fn named<'n>(&self, name: &'n str) -> &'n str {
        let has = |name: &&str| self.header.iter().any(|column| column == name);
        alternatives(name).find(has).or_else(|| alternatives(name).last()).unwrap_or(name)
    }

    /// The names of the columns that a message may show; none where the first line looks like no header.
    pub(crate) fn column_names(&self) -> Vec<&str> {
        let names = header::column_names(&self.header).unwrap_or_default();
        names.into_iter().filter(|name| !name.is_empty()).collect()
    }

    /// The columns of [`Table::column_names`], with their positions.
    pub(crate) fn named_columns(&self) -> impl Iterator<Item = (usize, &str)> {
        let names = self.column_names();
        self.header.iter().map(String::as_str).enumerate().filter(move |(_, name)| names.contains(name))
    }

    /// The cells of a column that are not empty, with their rows.
    pub(crate) fn filled(&self, column: usize) -> impl Iterator<Item = (&Row, &str)> {
        self.rows.iter().map(move |row| (row, row.cell(Some(column)))).filter(|(_, cell)| !cell.is_empty())
    }

    /// The positions of columns that a file of the data set `set` has.
    ///
    /// # Errors
    /// The file lacks one or has two.
    pub(crate) fn columns<const N: usize>(&self, set: &str, names: [&str; N]) -> Result<[usize; N], DataError> {
        let mut positions = [0; N];
        for (position, name) in positions.iter_mut().zip(names) {
            *position = self.required(name, &format!("which {set} has; fetch the file again, as it is distributed"))?;
        }
        Ok(positions)
    }

    /// Position of a column; none where the table lacks it or `name` is empty.
    pub(crate) fn column(&self, name: &str) -> Result<Option<usize>, DataError> {
        let name = self.named(name);
        let mut found = (0..self.header.len()).filter(|&column| !name.is_empty() && self.header[column] == name);
        match (found.next(), found.next()) {
            (first, None) => Ok(first),
            _ => Err(DataError::Csv {
                path: self.path.clone(),
                line: 1,
                reason: format!("two columns are named `{name}`; rename one of them"),
            }),
        }
    }
}

/// The names of all columns of files.
pub(crate) fn names(tables: &[Table]) -> impl Iterator<Item = &String> {
    tables.iter().flat_map(|table| &table.header)
}

/// The names that a setting gives a column: itself, and where it has several joined by `|`, as files of several origins call the
/// same thing differently, each of these.
pub(crate) fn alternatives(name: &str) -> impl Iterator<Item = &str> {
    let several = name.contains('|').then(|| name.split('|').map(str::trim).filter(|name| !name.is_empty()));
    iter::once(name).chain(several.into_iter().flatten())
}

/// Whether one of the files has a column.
pub(crate) fn is_somewhere(tables: &[Table], name: &str) -> bool {
    names(tables).any(|column| alternatives(name).any(|name| name == column))
}

/// The column whose name is most like a misspelling of `name`.
pub(crate) fn closest(tables: &[Table], name: &str) -> Option<String> {
    let similarity = |column: &String| strsim::jaro_winkler(&column.to_lowercase(), &name.to_lowercase());
    names(tables)
        .map(|column| (similarity(column), column))
        .filter(|&(similarity, _)| similarity >= SIMILAR)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, column)| column.clone())
}

/// Files and the columns that they have, as a message shows them.
pub(crate) fn described(tables: &[Table]) -> (String, String) {
    let files: Vec<String> = tables.iter().map(|table| table.path.display().to_string()).collect();
    (files.join(", "), header::shown_headers(tables.iter().map(|table| table.header.as_slice())))
}

/// The error of a column that none of some files has.
pub(crate) fn missing(tables: &[Table], name: &str, role: &str, suggestion: Option<String>) -> DataError {
    let (files, present) = described(tables);
    DataError::MissingColumn { column: name.to_owned(), role: role.to_owned(), files, present, suggestion }
}

/// Line of a record, counted from 1. The reader counts blank lines before a record as part of it.
fn line_of(bytes: &[u8], position: &csv::Position) -> u64 {
    let blank = rest(bytes, position).iter().take_while(|byte| matches!(byte, b'\n' | b'\r'));
    position.line() + blank.filter(|&&byte| byte == b'\n').count() as u64
}

/// A file from a record on.
fn rest<'b>(bytes: &'b [u8], at: &csv::Position) -> &'b [u8] {
    bytes.get(at.byte() as usize..).unwrap_or_default()
}

fn open_quotes(path: &Path, line: u64) -> DataError {
    let reason = "a cell of this row begins with a quotation mark and nothing ends it, so that the rest of the file is read as this cell: \
                  end it, or take the file again where it was cut off";
    DataError::Csv { path: path.to_owned(), line, reason: reason.to_owned() }
}

/// Whether the last record of a file ends within quotation marks: what is written after it then becomes a part of it.
fn ends_in_quotes(record: &[u8], delimiter: u8) -> bool {
    let records = |text: &[u8]| {
        let mut reader = ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text);
        reader.byte_records().count()
    };
    records(&[record, b"\n0"].concat()) == records(record)
}

/// The separator that the header line has most of, outside of quotes.
fn delimiter(bytes: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for &byte in bytes {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if quoted => {}
            _ => {
                for (separator, count) in &mut counts {
                    *count += u32::from(*separator == byte);
                }
            }
        }
    }
    let [first, others @ ..] = counts;
    others.into_iter().fold(first, |best, next| if next.1 > best.1 { next } else { best }).0
}

const NOT_UTF_8: &str = "the text is not UTF-8; save the file as UTF-8, or, where it is Windows-1252, run `iconv -f cp1252 -t utf-8 FILE > NEW`";

/// The error of a text file that is no text.
pub(crate) fn not_utf_8(path: &Path) -> DataError {
    DataError::Csv { path: path.to_owned(), line: 1, reason: NOT_UTF_8.to_owned() }
}

fn csv_error(path: &Path, error: &csv::Error) -> DataError {
    let line = error.position().map_or(1, csv::Position::line);
    let reason = match error.kind() {
        ErrorKind::Utf8 { .. } => NOT_UTF_8.to_owned(),
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} cells where the header has {expected_len}; put quotes around a cell with a separator in it")
        }
        _ => error.to_string(),
    };
    DataError::Csv { path: path.to_owned(), line, reason }
}
