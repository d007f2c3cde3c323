//! Identifiers of studies that one file has and another lacks.

use std::collections::HashSet;
use std::slice;

use lgdea_spec::Columns;

use crate::table::{Table, is_somewhere, shown_id};

/// Identifiers in a column of files, in their order, each once.
pub(super) struct Ids<'a> {
    first: Option<&'a str>,
    all: HashSet<&'a str>,
}

impl Ids<'_> {
    pub(super) fn first(&self) -> Option<&str> {
        self.first
    }

    /// Whether a column has one of them; also where one of both has none, of which nothing can be said.
    pub(super) fn join(&self, table: &Table, column: usize) -> bool {
        let mut cells = table.filled(column).map(|(_, cell)| cell).peekable();
        self.all.is_empty() || cells.peek().is_none() || cells.any(|cell| self.all.contains(cell))
    }
}

/// The identifiers in a column of files.
pub(super) fn of<'a>(tables: impl IntoIterator<Item = &'a Table>, column: &str) -> Ids<'a> {
    let mut ids = Ids { first: None, all: HashSet::new() };
    for table in tables {
        let Ok(Some(position)) = table.column(column) else { continue };
        for (_, cell) in table.filled(position) {
            ids.first = ids.first.or(Some(cell));
            ids.all.insert(cell);
        }
    }
    ids
}

/// What is said of a file whose identifiers are no studies'.
pub(super) fn without_join(table: &Table, column: usize, studies: &Ids<'_>) -> Option<String> {
    if studies.join(table, column) {
        return None;
    }
    let (_, first) = table.filled(column).next()?;
    Some(format!(
        "none of the studies in {} is in the files of studies: the first is `{}` there, and `{}` here",
        table.path.display(),
        shown_id(first),
        shown_id(studies.first()?)
    ))
}

/// What is said of files without images (or reports) some of whose studies are in no file that has images (or reports).
pub(super) fn unjoined(tables: &[Table], columns: &Columns) -> Vec<String> {
    let has = |table: &Table, names: &[&String]| names.iter().any(|name| is_somewhere(slice::from_ref(table), name));
    let reports: Vec<&String> =
        if columns.sections.is_empty() { vec![&columns.report] } else { columns.sections.iter().collect() };
    let mut notes: Vec<String> = Vec::new();
    for (what, names) in [("images", vec![&columns.image]), ("reports", reports)] {
        let (with, without): (Vec<&Table>, Vec<&Table>) = tables.iter().partition(|table| has(table, &names));
        let known = of(with.iter().copied(), &columns.study);
        let (Some(here), false) = (known.first(), without.is_empty()) else { continue };
        for table in without {
            let Ok(Some(column)) = table.column(&columns.study) else { continue };
            let mut seen = HashSet::new();
            let ids: Vec<&str> = table.filled(column).map(|(_, id)| id).filter(|id| seen.insert(*id)).collect();
            let missing: Vec<&str> = ids.iter().copied().filter(|id| !known.all.contains(id)).collect();
            if let Some(first) = missing.first() {
                notes.push(format!(
                    "{} of the {} studies in {} are in no file with {what}; the first is `{}` there, and `{}` here",
                    missing.len(),
                    ids.len(),
                    table.path.display(),
                    shown_id(first),
                    shown_id(here)
                ));
            }
        }
    }
    notes
}
