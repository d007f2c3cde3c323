//! A table with a header and a column `id`.

use std::collections::BTreeSet;
use std::path::Path;

use lgdea_data::table;

use crate::PredictionError;

/// A table.
pub(crate) struct Table {
    /// What its rows are of.
    pub(crate) ids: Vec<String>,
    /// Names of the other columns.
    pub(crate) columns: Vec<String>,
    /// Of each row, the line on which it begins and the cells of the other columns.
    pub(crate) rows: Vec<(u64, Vec<String>)>,
}

impl Table {
    pub(crate) fn read(path: &Path) -> Result<Self, PredictionError> {
        let table = table::Table::read(path).map_err(Box::new)?;
        Self::new(&table).map_err(|problem| PredictionError::unusable(path, problem))
    }

    fn new(table: &table::Table) -> Result<Self, String> {
        let header = &table.header;
        let Some(id) = header.iter().position(|name| name.eq_ignore_ascii_case("id")) else {
            return Err("line 1: there is no column `id`; name the column of identifiers so".to_owned());
        };
        // A column without a name is the index that pandas writes.
        let kept: Vec<usize> = (0..header.len()).filter(|&column| column != id && !header[column].is_empty()).collect();
        let columns: Vec<String> = kept.iter().map(|&column| header[column].clone()).collect();
        let mut names = BTreeSet::new();
        if let Some(twice) = columns.iter().find(|name| !names.insert(name.as_str())) {
            return Err(format!("line 1: the column `{twice}` occurs twice; name each column once"));
        }
        let cells = |row: &table::Row| kept.iter().map(|&column| row.cell(Some(column)).to_owned()).collect();
        let ids = table.rows.iter().map(|row| row.cell(Some(id)).to_owned()).collect();
        Ok(Self { ids, columns, rows: table.rows.iter().map(|row| (row.line, cells(row))).collect() })
    }

    /// Takes a column out, if it is there; whatever its name's letters.
    pub(crate) fn take(&mut self, name: &str) -> Option<Vec<String>> {
        let at = self.position(name)?;
        self.columns.remove(at);
        Some(self.rows.iter_mut().map(|(_, cells)| cells.remove(at)).collect())
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.eq_ignore_ascii_case(name))
    }

    /// The cells as numbers, row by row; or the line and the column of the first that is none.
    pub(crate) fn numbers(&self) -> Result<Vec<f64>, String> {
        let cells =
            self.rows.iter().flat_map(|(line, cells)| cells.iter().zip(&self.columns).map(move |cell| (line, cell)));
        let number = |(line, (cell, column)): (&u64, (&String, &String))| match cell.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            Ok(number) => {
                Err(format!("line {line}: column `{column}` has {number}: remove the case, or mend the model"))
            }
            Err(_) => Err(format!("line {line}: column `{column}` has no number; write one, such as 0.25")),
        };
        cells.map(number).collect()
    }
}
