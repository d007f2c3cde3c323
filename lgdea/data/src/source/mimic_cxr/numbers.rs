//! The numbers of patients and studies, as the set writes them.

use crate::DataError;
use crate::table::{Row, Table, shown, whole};

/// The letter before a number.
#[derive(Clone, Copy)]
pub(super) enum Letter {
    Patient,
    Study,
}

/// The number of a patient or a study, which is written with and without its letter, and by pandas as `50414267.0`.
pub(super) fn parsed(text: &str, letter: Letter) -> Option<u64> {
    let letters = match letter {
        Letter::Patient => ['p', 'P'],
        Letter::Study => ['s', 'S'],
    };
    let digits = text.strip_prefix(letters).unwrap_or(text);
    let digits = whole(digits);
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// As [`parsed`], of a cell.
pub(super) fn number(table: &Table, row: &Row, column: usize, letter: Letter) -> Result<u64, DataError> {
    let cell = row.cell(Some(column));
    parsed(cell, letter).ok_or_else(|| {
        let name = &table.header[column];
        row.error(&table.path, format!("{name} = `{}` is no number; fetch the file again", shown(cell)))
    })
}
