//! What is true of the cases: a CSV file with a row each.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use ndarray::{Array2, Axis};

use crate::PredictionError;
use crate::table::Table;
use crate::{GroupBy, Groups};

/// What is known of a class in a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// 1: it is there.
    Positive,
    /// 0: it is not.
    Negative,
    /// −1: nobody can say.
    Uncertain,
    /// Nobody said.
    Blank,
}

/// The reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// Its file.
    pub path: PathBuf,
    /// The cases, each once.
    pub ids: Vec<String>,
    /// The patient of each case; none where the file does not say.
    pub patients: Option<Vec<String>>,
    /// What tells the cases' texts apart: the texts themselves, or any mark of them. None where the file does not say.
    pub texts: Option<Vec<String>>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// `[cases, classes]`.
    pub labels: Array2<Label>,
    /// Subgroups of the cases, by each column that they were asked for.
    pub groups: Vec<Groups>,
}

impl Reference {
    /// Reads a CSV file with the column `id`, the columns `patient` and `text` where they are known, and a column for each
    /// class with 1, 0, −1 (uncertain) or nothing; or instead of these one column `label` with the name of the case's class.
    pub fn read(path: &Path) -> Result<Self, PredictionError> {
        Self::read_by(path, &[])
    }

    /// Reads a file, and from columns that are no classes the subgroups of its cases.
    pub fn read_by(path: &Path, by: &[GroupBy]) -> Result<Self, PredictionError> {
        let mut table = Table::read(path)?;
        let groups: Result<_, String> = by.iter().map(|by| by.take(&mut table)).collect();
        Self::of_all(path, table, groups.map_err(|problem| PredictionError::unusable(path, problem))?)
    }

    /// Reads a file of other cases, of which no subgroups are asked: where it has the columns, they are no classes either.
    pub fn read_without(path: &Path, by: &[GroupBy]) -> Result<Self, PredictionError> {
        let mut table = Table::read(path)?;
        for by in by {
            table.take(&by.column);
        }
        Self::of_all(path, table, Vec::new())
    }

    /// The reference of a table whose cases are all scored, so that they must be of one split.
    fn of_all(path: &Path, mut table: Table, groups: Vec<Groups>) -> Result<Self, PredictionError> {
        let splits: BTreeSet<String> = table.take("split").into_iter().flatten().collect();
        if splits.len() > 1 {
            let problem = "its column `split` has several, but all of its cases would be scored; keep those of the split to be \
                           scored";
            return Err(PredictionError::unusable(path, problem));
        }
        Self::of_table(path, table, groups)
    }

    pub(crate) fn of_table(path: &Path, mut table: Table, groups: Vec<Groups>) -> Result<Self, PredictionError> {
        let unusable = |problem: String| PredictionError::unusable(path, problem);
        let mut seen: HashMap<&str, u64> = HashMap::new();
        for (id, (line, _)) in table.ids.iter().zip(&table.rows) {
            if id.is_empty() {
                return Err(unusable(format!("line {line}: the column `id` is empty; give each case an identifier")));
            }
            if let Some(first) = seen.insert(id, *line) {
                return Err(unusable(format!("lines {first} and {line} are both of the case `{id}`; keep one")));
            }
        }
        if table.ids.is_empty() {
            return Err(unusable("it has no case; write a row each".to_owned()));
        }
        let patients = table.take("patient");
        let lines = table.rows.iter().map(|(line, _)| line);
        let nobody = patients.iter().flatten().zip(lines).find(|(patient, _)| patient.is_empty());
        if let Some((_, line)) = nobody {
            return Err(unusable(format!("line {line}: the column `patient` is empty; name the patient of each case")));
        }
        let texts = table.take("text");
        let (classes, labels) = match table.take("label") {
            Some(labels) if table.columns.is_empty() => one_of(&labels),
            Some(_) => {
                let problem =
                    format!("it has a column `label` and others (`{}`); keep the one or the others", table.columns[0]);
                return Err(unusable(problem));
            }
            None => columns(&table).map_err(unusable)?,
        };
        Ok(Self { path: path.to_owned(), ids: table.ids, patients, texts, classes, labels, groups })
    }

    /// Some of the cases, with all classes.
    pub fn select(&self, cases: &[usize]) -> Self {
        let of = |values: &Vec<String>| cases.iter().map(|&case| values[case].clone()).collect();
        Self {
            path: self.path.clone(),
            ids: of(&self.ids),
            patients: self.patients.as_ref().map(of),
            texts: self.texts.as_ref().map(of),
            classes: self.classes.clone(),
            labels: self.labels.select(Axis(0), cases),
            groups: self.groups.iter().map(|groups| groups.select(cases)).collect(),
        }
    }

    /// The patient of each case as a number, and how many there are; each case is a patient of its own where the file does
    /// not say.
    pub fn units(&self) -> (Vec<usize>, usize) {
        let mut known = HashMap::new();
        let Some(patients) = &self.patients else { return ((0..self.ids.len()).collect(), self.ids.len()) };
        let number = |patient: &String| {
            let next = known.len();
            *known.entry(patient.clone()).or_insert(next)
        };
        let units = patients.iter().map(number).collect();
        (units, known.len())
    }
}

/// The classes of a column of their names, and which case has which.
fn one_of(labels: &[String]) -> (Vec<String>, Array2<Label>) {
    let classes: BTreeSet<&String> = labels.iter().filter(|label| !label.is_empty()).collect();
    let classes: Vec<String> = classes.into_iter().cloned().collect();
    let label = |(case, class): (usize, usize)| match &labels[case] {
        found if found.is_empty() => Label::Blank,
        found if *found == classes[class] => Label::Positive,
        _ => Label::Negative,
    };
    let labels = Array2::from_shape_fn((labels.len(), classes.len()), label);
    (classes, labels)
}

/// The classes that are columns, and their labels; or what is wrong.
fn columns(table: &Table) -> Result<(Vec<String>, Array2<Label>), String> {
    let mut labels = Vec::new();
    for (line, cells) in &table.rows {
        for (cell, column) in cells.iter().zip(&table.columns) {
            labels.push(label(cell).ok_or_else(|| {
                format!("line {line}: column `{column}` has neither 1, 0, -1 nor nothing; write one of them, or remove the column")
            })?);
        }
    }
    let shape = (table.rows.len(), table.columns.len());
    let labels = Array2::from_shape_vec(shape, labels).map_err(|error| error.to_string())?;
    Ok((table.columns.clone(), labels))
}

fn label(cell: &str) -> Option<Label> {
    if cell.is_empty() {
        return Some(Label::Blank);
    }
    match cell.parse::<f64>() {
        Ok(1.0) => Some(Label::Positive),
        Ok(0.0) => Some(Label::Negative),
        Ok(-1.0) => Some(Label::Uncertain),
        _ => None,
    }
}
