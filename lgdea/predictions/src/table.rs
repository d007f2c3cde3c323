//! A table with a header and a column of identifiers.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::Path;

use lgdea_data::Split;
use lgdea_data::table::{self, is_missing, shown_names};
use ndarray::Array2;

use crate::PredictionError;
use crate::column::Column;

/// Where a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// On the line of a file on which it begins.
    Line(u64),
    /// Among the cases of a source, counted from 1.
    Case(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Case(case) => write!(f, "case {case}"),
        }
    }
}

/// A table.
pub(crate) struct Table {
    /// What its rows are of.
    pub(crate) ids: Vec<String>,
    /// Names of the other columns.
    pub(crate) columns: Vec<String>,
    /// Of each row, where it is and the cells of the other columns as they are written.
    pub(crate) rows: Vec<(Place, Vec<String>)>,
    /// The column of identifiers, and its cells as they are written.
    id: (String, Vec<String>),
    /// Columns that were taken out.
    taken: BTreeSet<usize>,
    /// Whether its rows are scored as one, whatever their splits.
    pub(crate) is_one: bool,
    /// What was left out of the studies that it is of.
    pub(crate) notes: Vec<String>,
}

impl Table {
    /// Reads a file with the column `id`.
    pub(crate) fn read(path: &Path) -> Result<Self, PredictionError> {
        Self::read_with(path, None)
    }

    /// Reads a file whose identifiers are in a column that the user names.
    pub(crate) fn read_with(path: &Path, id: Option<&Column>) -> Result<Self, PredictionError> {
        let table = table::Table::read(path).map_err(Box::new)?;
        Self::new(&table, id).map_err(|problem| PredictionError::unusable(path, problem))
    }

    /// Columns that were made, beside one of identifiers.
    pub(crate) fn of_columns(ids: Vec<String>, columns: Vec<(String, Vec<String>)>) -> Self {
        let row = |row: usize| columns.iter().map(|(_, cells)| cells[row].clone()).collect();
        let rows = (0..ids.len()).map(|at| (Place::Case(at + 1), row(at))).collect();
        let columns = columns.into_iter().map(|(name, _)| name).collect();
        let id = ("id".to_owned(), ids.clone());
        Self { id, ids, columns, rows, taken: BTreeSet::new(), is_one: false, notes: Vec::new() }
    }

    /// Whether its column `split` has several.
    pub(crate) fn has_several_splits(&self) -> bool {
        let Some(at) = position(&self.columns, "split") else { return false };
        self.rows.iter().map(|(_, cells)| &cells[at]).collect::<BTreeSet<_>>().len() > 1
    }

    /// Takes the column `split` out, and leaves out the rows of other splits than the one that is wanted; or says why that cannot
    /// be. Where none is wanted, all rows must be of one split.
    pub(crate) fn take_split(&mut self, wanted: Option<Split>) -> Result<(), String> {
        let splits = self.take("split");
        if wanted.is_some() && self.is_one {
            return Err("it is an evaluation set, whose `studies` say what is scored; leave --split out".to_owned());
        }
        let Some(wanted) = wanted else {
            return if self.has_several_splits() && !self.is_one {
                Err("its column `split` has several, but all of its cases would be scored; name one by --split"
                    .to_owned())
            } else {
                Ok(())
            };
        };
        let splits = splits.ok_or("it has no column `split`; leave --split out")?;
        let is_kept: Vec<bool> = splits.iter().map(|split| Split::parse(split) == Some(wanted)).collect();
        if !is_kept.contains(&true) {
            return Err(format!("none of its cases is of the split {wanted}; name another by --split"));
        }
        keep(&mut self.ids, &is_kept);
        keep(&mut self.id.1, &is_kept);
        keep(&mut self.rows, &is_kept);
        Ok(())
    }

    fn new(table: &table::Table, id: Option<&Column>) -> Result<Self, String> {
        let header = &table.header;
        let at = match id {
            Some(column) => named_in(header, column).map(|(at, _)| at).ok_or_else(|| lacks(header, &column.name))?,
            None => position(header, "id").ok_or_else(|| {
                format!(
                    "{}; call the column of identifiers so (that of a reference can be named by --id)",
                    lacks(header, "id")
                )
            })?,
        };
        // A column without a name is the index that pandas writes.
        let kept: Vec<usize> = (0..header.len()).filter(|&column| column != at && !header[column].is_empty()).collect();
        let columns: Vec<String> = kept.iter().map(|&column| header[column].clone()).collect();
        let mut names = BTreeSet::new();
        if let Some(twice) = columns.iter().find(|name| !names.insert(name.as_str())) {
            return Err(format!("line 1: the column `{twice}` occurs twice; name each column once"));
        }
        let cells = |row: &table::Row| kept.iter().map(|&column| row.written(column).to_owned()).collect();
        let ids = table.rows.iter().map(|row| row.written(at).to_owned()).collect();
        let rows = table.rows.iter().map(|row| (Place::Line(row.line), cells(row))).collect();
        let mut read = Self {
            ids: Vec::new(),
            columns,
            rows,
            id: (header[at].clone(), ids),
            taken: BTreeSet::new(),
            is_one: false,
            notes: Vec::new(),
        };
        read.ids = identifiers(match id {
            Some(column) => read.named(column)?,
            None => read.id.1.clone(),
        });
        Ok(read)
    }

    /// The cells of a column that the user names, or what its pattern finds in them, as they are written; the column is taken
    /// out. One column may be named twice, that of identifiers, too.
    pub(crate) fn named(&mut self, column: &Column) -> Result<Vec<String>, String> {
        let header: Vec<String> = self.columns.iter().chain([&self.id.0]).cloned().collect();
        let (at, by_pattern) = named_in(&header, column).ok_or_else(|| lacks(&header, &column.name))?;
        let cells: Vec<&String> = if at == self.columns.len() {
            self.id.1.iter().collect()
        } else {
            self.rows.iter().map(|(_, cells)| &cells[at]).collect()
        };
        let found = |(cell, (line, _)): (&String, &(Place, Vec<String>))| {
            if !by_pattern {
                return Ok(cell.clone());
            }
            column.found(cell).map(str::to_owned).ok_or_else(|| {
                let name = &header[at];
                format!("{line}: the pattern of `{}` finds nothing in the column `{name}`; mend one", column.name)
            })
        };
        let found = cells.into_iter().zip(&self.rows).map(found).collect::<Result<_, String>>()?;
        self.taken.insert(at);
        Ok(found)
    }

    /// The cells of the column that the user names, or else of the one of this name, if it is there; as they are written.
    pub(crate) fn named_or(&mut self, column: Option<&Column>, name: &str) -> Result<Option<Vec<String>>, String> {
        match column {
            Some(column) => self.named(column).map(Some),
            None => Ok(self.take_written(name)),
        }
    }

    /// Takes a column out, if it is there, whatever its name's letters. Cells that say that a value is missing are empty.
    pub(crate) fn take(&mut self, name: &str) -> Option<Vec<String>> {
        self.take_written(name).map(known)
    }

    /// The same of a column that may have been taken out.
    pub(crate) fn take_again(&mut self, name: &str) -> Option<Vec<String>> {
        let at = position(&self.columns, name)?;
        self.taken.insert(at);
        Some(known(self.rows.iter().map(|(_, cells)| cells[at].clone()).collect()))
    }

    fn take_written(&mut self, name: &str) -> Option<Vec<String>> {
        let at = position(&self.columns, name).filter(|at| !self.taken.contains(at))?;
        self.taken.insert(at);
        Some(self.rows.iter().map(|(_, cells)| cells[at].clone()).collect())
    }

    /// Writes it with all of its columns.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let mut table = csv::Writer::from_path(path)?;
        table.write_record([&self.id.0].into_iter().chain(&self.columns))?;
        for (id, (_, cells)) in self.ids.iter().zip(&self.rows) {
            table.write_record([id].into_iter().chain(cells))?;
        }
        table.flush()
    }

    /// What the column of identifiers is called.
    pub(crate) fn id(&self) -> &str {
        &self.id.0
    }

    /// The columns that were not taken out, with their positions.
    pub(crate) fn others(&self) -> impl Iterator<Item = (usize, &String)> {
        self.columns.iter().enumerate().filter(|(at, _)| !self.taken.contains(at))
    }

    /// The columns `name_0`, `name_1`, … as far as they go; none where there is no `name_0`.
    pub(crate) fn numbered(&self, name: &str) -> Option<Vec<usize>> {
        let position = |wanted: String| self.columns.iter().position(|column| *column == wanted);
        let at: Vec<usize> = (0..).map_while(|number| position(format!("{name}_{number}"))).collect();
        Some(at).filter(|at| !at.is_empty())
    }

    /// The cells of columns as numbers in single precision, `[rows, columns]`; or what is wrong.
    pub(crate) fn matrix(&self, columns: &[usize]) -> Result<Array2<f32>, String> {
        let numbers = self.numbers(columns)?.into_iter().map(|number| number as f32).collect();
        let values =
            Array2::from_shape_vec((self.rows.len(), columns.len()), numbers).map_err(|error| error.to_string())?;
        match values.indexed_iter().find(|(_, value)| !value.is_finite()) {
            Some(((row, column), _)) => {
                let (line, name) = (self.rows[row].0, &self.columns[columns[column]]);
                Err(format!("{line}: column `{name}` has a number that is too large; write one below 3.4e38"))
            }
            None => Ok(values),
        }
    }

    /// The cells of columns as numbers, row by row; or the line and the column of the first that is none.
    pub(crate) fn numbers(&self, columns: &[usize]) -> Result<Vec<f64>, String> {
        let cells = self
            .rows
            .iter()
            .flat_map(|(line, cells)| columns.iter().map(move |&at| (line, (&cells[at], &self.columns[at]))));
        let number = |(line, (cell, column)): (&Place, (&String, &String))| match cell.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            Ok(number) if !number.is_nan() => {
                Err(format!("{line}: column `{column}` has {number}: remove the case, or mend the model"))
            }
            _ => Err(format!(
                "{line}: column `{column}` has no number; write one, such as 0.25, or take the column out if it is none of the model's numbers"
            )),
        };
        cells.map(number).collect()
    }
}

/// Takes out what is not kept.
fn keep<T>(items: &mut Vec<T>, is_kept: &[bool]) {
    let mut is_kept = is_kept.iter();
    items.retain(|_| is_kept.next() == Some(&true));
}

/// Cells with those empty that say that their value is missing.
pub(crate) fn known(mut cells: Vec<String>) -> Vec<String> {
    cells.iter_mut().filter(|cell| is_missing(cell)).for_each(String::clear);
    cells
}

/// Identifiers, empty where one is missing. Where all of them are whole numbers with `.0`, as pandas writes a column that once lacked
/// one, they are these numbers: others have them so.
pub(crate) fn identifiers(cells: Vec<String>) -> Vec<String> {
    let mut cells = known(cells);
    let number = |cell: &str| {
        let digits = cell.trim().strip_suffix(".0")?;
        (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits.len())
    };
    if cells.iter().all(|cell| cell.is_empty() || number(cell).is_some()) {
        for cell in &mut cells {
            cell.truncate(number(cell).unwrap_or_default());
        }
    }
    cells
}

/// Cells that name classes: `NA` and `None` may be names, but nobody calls a class `nan`, which pandas makes of a missing one.
pub(crate) fn names(mut cells: Vec<String>) -> Vec<String> {
    cells.iter_mut().filter(|cell| cell.eq_ignore_ascii_case("nan")).for_each(String::clear);
    cells
}

/// The position of a column, whatever the letters of its name; the one that is written so if there are two.
fn position(header: &[String], name: &str) -> Option<usize> {
    let exact = header.iter().position(|column| column == name);
    exact.or_else(|| header.iter().position(|column| column.eq_ignore_ascii_case(name)))
}

/// The position of a column that the user names, and whether its pattern applies: not where a column is called as a whole so.
fn named_in(header: &[String], column: &Column) -> Option<(usize, bool)> {
    let whole = position(header, &column.name).map(|at| (at, false));
    whole.or_else(|| Some((position(header, column.bare()?)?, true)))
}

/// What is said of a column that is not there.
pub(crate) fn lacks(header: &[String], name: &str) -> String {
    let columns = shown_names(header.iter().map(String::as_str).filter(|name| !name.is_empty()));
    format!("there is no column `{name}`; its columns: {columns}")
}
