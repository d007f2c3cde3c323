//! A Parquet file as a table of text, as pandas and Polars write it.

use std::path::Path;

use csv::StringRecord;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, ListAccessor, Row};

use crate::DataError;

/// First bytes of a file.
pub(super) const MAGIC: &[u8] = b"PAR1";

/// The header of a file, and its rows one after the other. A list of numbers, as of an embedding, is a column a number:
/// `image_0`, `image_1`, ….
pub(super) struct Lines {
    pub(super) header: Vec<String>,
    rows: Box<dyn Iterator<Item = Result<Row, ParquetError>>>,
    first: Option<Row>,
    /// The length of the list in each column; none where it has no lists.
    lengths: Vec<Option<usize>>,
    read: u64,
}

impl Lines {
    pub(super) fn new(path: &Path, bytes: Vec<u8>) -> Result<Self, DataError> {
        let broken = |error: ParquetError| refused(path, 1, &format!("the Parquet file cannot be read: {error}"));
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).map_err(broken)?;
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        let names: Vec<String> = schema.root_schema().get_fields().iter().map(|field| field.name().to_owned()).collect();
        let mut rows = Box::new(reader.into_iter());
        let first = rows.next().transpose().map_err(broken)?;
        let lengths: Vec<Option<usize>> = match &first {
            None => vec![None; names.len()],
            Some(row) => row.get_column_iter().map(|(_, field)| length(field)).collect(),
        };
        let mut header = Vec::new();
        for (name, length) in names.iter().zip(&lengths) {
            match length {
                None => header.push(name.trim().to_owned()),
                Some(length) => header.extend((0..*length).map(|at| format!("{}_{at}", name.trim()))),
            }
        }
        Ok(Self { header, rows, first, lengths, read: 0 })
    }

    /// The cells of the next row and its number, as if the names of the columns were line 1.
    pub(super) fn next(&mut self, path: &Path) -> Result<Option<(u64, StringRecord)>, DataError> {
        let Some(row) = self.first.take().map(Ok).or_else(|| self.rows.next()) else { return Ok(None) };
        self.read += 1;
        let line = self.read + 1;
        let row = row.map_err(|error| refused(path, line, &format!("the Parquet file is broken here: {error}")))?;
        let mut cells = StringRecord::new();
        for ((name, field), expected) in row.get_column_iter().zip(&self.lengths) {
            let wrong = |problem: String| refused(path, line, &format!("the column `{name}` {problem}"));
            if length(field) != *expected && !matches!((field, expected), (Field::Null, None)) {
                let (found, first) = (in_words(length(field)), in_words(*expected));
                return Err(wrong(format!("has {found}, and in the first row {first}; give all rows the same")));
            }
            if let Field::ListInternal(list) = field {
                for at in 0..list.len() {
                    cells.push_field(&number(list, at).map_err(|error| wrong(format!("has no number: {error}")))?);
                }
            } else {
                let cell = text(field).ok_or_else(|| {
                    wrong("is of a kind that a table of text has not; write numbers, texts or lists of numbers".to_owned())
                })?;
                cells.push_field(&cell);
            }
        }
        Ok(Some((line, cells)))
    }
}

fn refused(path: &Path, line: u64, reason: &str) -> DataError {
    DataError::Csv { path: path.to_owned(), line, reason: reason.to_owned() }
}

fn length(field: &Field) -> Option<usize> {
    if let Field::ListInternal(list) = field { Some(list.len()) } else { None }
}

fn in_words(length: Option<usize>) -> String {
    length.map_or_else(|| "no list".to_owned(), |length| format!("a list of {length}"))
}

/// A number of a list.
fn number(list: &dyn ListAccessor, at: usize) -> Result<String, ParquetError> {
    let single = list.get_float(at).map(|value| value.to_string());
    let double = || list.get_double(at).map(|value| value.to_string());
    let half = || list.get_float16(at).map(|value| value.to_string());
    let long = || list.get_long(at).map(|value| value.to_string());
    let int = || list.get_int(at).map(|value| value.to_string());
    single.or_else(|_| double()).or_else(|_| half()).or_else(|_| long()).or_else(|_| int())
}

/// What a cell of a CSV file would have; none of what has no place in one.
fn text(field: &Field) -> Option<String> {
    Some(match field {
        Field::Null => String::new(),
        Field::Bool(truth) => u8::from(*truth).to_string(),
        Field::Byte(value) => value.to_string(),
        Field::Short(value) => value.to_string(),
        Field::Int(value) => value.to_string(),
        Field::Long(value) => value.to_string(),
        Field::UByte(value) => value.to_string(),
        Field::UShort(value) => value.to_string(),
        Field::UInt(value) => value.to_string(),
        Field::ULong(value) => value.to_string(),
        Field::Float16(value) => value.to_string(),
        Field::Float(value) => value.to_string(),
        Field::Double(value) => value.to_string(),
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => bytes.as_utf8().ok()?.to_owned(),
        Field::Decimal(_) | Field::Date(_) | Field::TimestampMillis(_) | Field::TimestampMicros(_) => field.to_string(),
        _ => return None,
    })
}
