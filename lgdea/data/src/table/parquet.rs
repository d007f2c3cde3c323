//! A Parquet file as a table of text, as pandas and Polars write it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use bytes::Bytes;
use csv::StringRecord;
use parquet::basic::{Compression, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, List, Row};
use parquet::schema::types::Type;

use crate::DataError;

/// First bytes of a file.
pub(super) const MAGIC: &[u8] = b"PAR1";

/// The header of a file, and its rows one after the other. A list of numbers, as of an embedding, is a column a number:
/// `image_0`, `image_1`, …; a list of texts, as of labels, a cell in brackets.
pub(super) struct Lines {
    pub(super) header: Vec<String>,
    rows: RowIter<'static>,
    first: Option<Row>,
    /// The length of the list in each column; none where it has no lists.
    lengths: Vec<Option<usize>>,
    /// Of the row that was read last.
    line: u64,
}

impl Lines {
    pub(super) fn new(path: &Path, bytes: Vec<u8>) -> Result<Self, DataError> {
        let broken = |problem: String| refused(path, 1, &format!("the Parquet file cannot be read: {problem}"));
        // Only the crate's reader is inside, and nothing of it is used after a panic.
        let opened = caught(|| SerializedFileReader::new(Bytes::from(bytes))).map_err(broken)?;
        let about = FileReader::metadata(&opened);
        if let Some(packing) = unread_packing(about) {
            return Err(broken(format!("it is packed by {packing}; save it with compression=\"zstd\"")));
        }
        let schema = about.file_metadata().schema_descr_ptr();
        let names: Vec<&str> = schema.root_schema().get_fields().iter().map(|field| field.name().trim()).collect();
        let mut rows = RowIter::from_file_into(Box::new(opened));
        let first = caught(|| rows.next().transpose()).map_err(broken)?;
        let of_texts = schema.root_schema().get_fields().iter().map(|field| has_texts(field));
        let lengths: Vec<Option<usize>> = match &first {
            Some(row) => {
                let fields = row.get_column_iter().map(|(_, field)| length(field)).zip(of_texts);
                fields.map(|(length, of_texts)| length.filter(|_| !of_texts)).collect()
            }
            None => vec![None; names.len()],
        };
        let mut header = Vec::new();
        for (name, length) in names.into_iter().zip(&lengths) {
            match length {
                None => header.push(name.to_owned()),
                Some(length) => header.extend((0..*length).map(|at| format!("{name}_{at}"))),
            }
        }
        Ok(Self { header, rows, first, lengths, line: 1 })
    }

    /// The cells of the next row and its number, as if the names of the columns were line 1.
    pub(super) fn next(&mut self, path: &Path) -> Result<Option<(u64, StringRecord)>, DataError> {
        self.line += 1;
        let row = match self.first.take() {
            Some(row) => Some(row),
            None => caught(|| self.rows.next().transpose())
                .map_err(|problem| refused(path, self.line, &format!("the Parquet file is broken here: {problem}")))?,
        };
        let Some(row) = row else { return Ok(None) };
        let mut cells = StringRecord::new();
        for ((name, field), &expected) in row.get_column_iter().zip(&self.lengths) {
            push(&mut cells, field, expected)
                .map_err(|problem| refused(path, self.line, &format!("the column `{name}` {problem}")))?;
        }
        Ok(Some((self.line, cells)))
    }
}

/// What a call of the crate's reader gives; or what is wrong. It panics at some broken files.
fn caught<T>(call: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|_| Err(ParquetError::General("its bytes contradict each other".to_owned())))
        .map_err(|error| format!("{error}; write it again"))
}

/// How the file is packed, where that is not read.
fn unread_packing(metadata: &ParquetMetaData) -> Option<&'static str> {
    let columns = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
    columns.into_iter().find_map(|column| match column.compression() {
        Compression::BROTLI(_) => Some("Brotli"),
        Compression::LZO => Some("LZO"),
        _ => None,
    })
}

/// Whether the values of a column, or of its lists, are texts.
fn has_texts(column: &Type) -> bool {
    match column {
        Type::GroupType { fields, .. } => fields.last().is_some_and(|inner| has_texts(inner)),
        Type::PrimitiveType { physical_type, .. } => *physical_type == PhysicalType::BYTE_ARRAY,
    }
}

/// Adds the cells of a field to a row: one, or as many as the list of numbers is to have.
fn push(cells: &mut StringRecord, field: &Field, expected: Option<usize>) -> Result<(), String> {
    if let (Field::ListInternal(list), None) = (field, expected)
        && let Some(names) = texts(list)
    {
        cells.push_field(&names);
        return Ok(());
    }
    if length(field) != expected {
        let (found, first) = (in_words(length(field)), in_words(expected));
        return Err(format!("has {found}, and in the first row {first}; give all rows the same"));
    }
    if let Field::ListInternal(list) = field {
        for element in list.elements() {
            cells.push_field(&number(element).ok_or("has a list of other things than numbers; write numbers")?);
        }
        return Ok(());
    }
    let cell = text(field).ok_or("is of a kind that tables have not; write texts, numbers or lists of numbers")?;
    cells.push_field(&cell);
    Ok(())
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

/// A list of texts as a cell has it, in brackets; none of other things.
fn texts(list: &List) -> Option<String> {
    let text = |field: &Field| if let Field::Str(text) = field { Some(text.clone()) } else { None };
    serde_json::to_string(&list.elements().iter().map(text).collect::<Option<Vec<String>>>()?).ok()
}

/// A number of a list.
fn number(element: &Field) -> Option<String> {
    let is_number = |cell: &String| cell.parse::<f64>().is_ok();
    text(element).filter(|cell| is_number(cell) && !matches!(element, Field::Bool(_)))
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
        Field::Float16(value) => value.to_f64().to_string(),
        Field::Float(value) => f64::from(*value).to_string(),
        Field::Double(value) => value.to_string(),
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => bytes.as_utf8().ok()?.to_owned(),
        Field::Decimal(_) | Field::Date(_) | Field::TimestampMillis(_) | Field::TimestampMicros(_) => field.to_string(),
        _ => return None,
    })
}
