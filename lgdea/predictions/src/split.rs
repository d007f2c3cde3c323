//! What is true of cases of several splits: a reference with the column `split`.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use crate::table::Table;
use crate::{Columns, PredictionError, Reference};

/// What a case is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Something is fitted on it.
    Train,
    /// Settings are chosen by it.
    Validation,
    /// It is scored.
    Test,
}

impl Part {
    /// The split of this name, as data sets write it.
    fn of(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "train" => Some(Self::Train),
            "validation" | "validate" | "valid" | "val" => Some(Self::Validation),
            "test" => Some(Self::Test),
            _ => None,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        })
    }
}

/// A reference and the split of each of its cases. No patient is in two splits.
#[derive(Debug, Clone, PartialEq)]
pub struct SplitReference {
    /// All cases.
    pub all: Reference,
    parts: Vec<Part>,
}

impl SplitReference {
    /// Reads the table that [`Reference::read`] reads, with the column `split`: `train`, `validation` (also `validate`,
    /// `valid`, `val`) or `test`.
    pub fn read(path: &Path) -> Result<Self, PredictionError> {
        Self::read_as(path, &Columns::default())
    }

    /// The same of a table with columns of other names.
    pub fn read_as(path: &Path, columns: &Columns) -> Result<Self, PredictionError> {
        let unusable = |problem: String| PredictionError::unusable(path, problem);
        let mut table = Table::read_with(path, columns.id.as_ref())?;
        let Some(names) = table.take("split") else {
            let problem = "it has no column `split`; write train, validation or test beside each case";
            return Err(PredictionError::unusable(path, problem));
        };
        let mut parts = Vec::new();
        for (name, (line, _)) in names.iter().zip(&table.rows) {
            let problem =
                || format!("line {line}: the column `split` has none of train, validation and test; write one of them");
            parts.push(Part::of(name).ok_or_else(|| unusable(problem()))?);
        }
        let lines: Vec<u64> = table.rows.iter().map(|(line, _)| *line).collect();
        let all = Reference::of_table(path, table, columns, Vec::new())?;
        let mut first_of: HashMap<&str, usize> = HashMap::new();
        for (case, patient) in all.patients.iter().flatten().enumerate() {
            let first = *first_of.entry(patient).or_insert(case);
            if parts[first] != parts[case] {
                return Err(unusable(format!(
                    "lines {} and {}: the patient `{patient}` is in the splits {} and {}; keep each patient in one",
                    lines[first], lines[case], parts[first], parts[case]
                )));
            }
        }
        Ok(Self { all, parts })
    }

    /// The cases of a split, as positions in [`Self::all`].
    pub fn cases(&self, part: Part) -> Vec<usize> {
        (0..self.parts.len()).filter(|&case| self.parts[case] == part).collect()
    }
}
