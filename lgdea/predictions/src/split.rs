//! What is true of cases of several splits: a reference with the column `split`.

use std::collections::HashMap;
use std::path::Path;

use lgdea_data::Split;

use crate::studies::{self, Cases};
use crate::{Columns, PredictionError, Reference};

/// A reference and the split of each of its cases. No patient is in two splits.
#[derive(Debug, Clone, PartialEq)]
pub struct SplitReference {
    /// All cases.
    pub all: Reference,
    splits: Vec<Split>,
}

impl SplitReference {
    /// Reads the table that [`Reference::read`] reads, with the column `split`: `train`, `validation` or `test`, or one of
    /// their usual abbreviations. A TOML file names a source.
    pub fn read(path: &Path) -> Result<Self, PredictionError> {
        Self::read_as(path, &Columns::default())
    }

    /// The same of a table with columns of other names.
    pub fn read_as(path: &Path, columns: &Columns) -> Result<Self, PredictionError> {
        let unusable = |problem: String| PredictionError::unusable(path, problem);
        let mut table = studies::reference(path, columns.id.as_ref(), Cases::Labelled)?;
        let Some(names) = table.take("split") else {
            let problem = "it has no column `split`; write train, validation or test beside each case";
            return Err(PredictionError::unusable(path, problem));
        };
        let mut splits = Vec::new();
        for (name, (line, _)) in names.iter().zip(&table.rows) {
            let problem =
                || format!("{line}: the column `split` has none of train, validation and test; write one of them");
            splits.push(Split::parse(name).ok_or_else(|| unusable(problem()))?);
        }
        let lines: Vec<_> = table.rows.iter().map(|(line, _)| *line).collect();
        let all = Reference::of_table(path, table, columns, Vec::new())?;
        let mut first_of: HashMap<&str, usize> = HashMap::new();
        for (case, patient) in all.patients.iter().flatten().enumerate() {
            let first = *first_of.entry(patient).or_insert(case);
            if splits[first] != splits[case] {
                return Err(unusable(format!(
                    "{} and {}: the patient `{patient}` is in the splits {} and {}; keep each patient in one",
                    lines[first], lines[case], splits[first], splits[case]
                )));
            }
        }
        Ok(Self { all, splits })
    }

    /// The cases of a split, as positions in [`Self::all`].
    pub fn cases(&self, split: Split) -> Vec<usize> {
        (0..self.splits.len()).filter(|&case| self.splits[case] == split).collect()
    }
}
