//! A model's scores of classes.

use std::path::{Path, PathBuf};

use ndarray::{Array2, Array3, Axis};

use crate::ids::Ids;
use crate::named::{self, Kind};
use crate::table::Table;
use crate::{PredictionError, Reference, Rows};

/// A model's scores of classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// Their file.
    pub path: PathBuf,
    /// Names of the classes; none where the file does not say, and they are in the order of the reference.
    pub classes: Option<Vec<String>>,
    /// `[cases, classes, prompts]`, of one prompt where the file has two dimensions. Finite.
    pub values: Array3<f64>,
    ids: Ids,
}

impl Scores {
    /// Reads scores. Arrays are called `scores` (`[cases, classes]`, or `[cases, classes, prompts]`), `ids` and `classes`; a
    /// safetensors file has the last two in its metadata, as JSON lists. A table has the column `id` and one a class.
    pub fn read(path: &Path) -> Result<Self, PredictionError> {
        let unusable = |problem: String| PredictionError::unusable(path, problem);
        let kind = Kind::of(path)?;
        let (ids, classes, values) = if kind == Kind::Table {
            let table = Table::read(path)?;
            let shape = (table.rows.len(), table.columns.len(), 1);
            let all: Vec<usize> = (0..table.columns.len()).collect();
            let values = table.numbers(&all).map_err(unusable)?;
            let values = Array3::from_shape_vec(shape, values).map_err(|error| unusable(error.to_string()))?;
            (Some(table.ids), Some(table.columns), values)
        } else {
            let mut arrays = named::read(path, kind, "scores")?;
            let ids = named::names(&mut arrays, "ids").map_err(unusable)?;
            let classes = named::names(&mut arrays, "classes").map_err(unusable)?;
            let values = named::take(&mut arrays, "scores").and_then(|scores| scores.three_dimensional("scores"));
            (ids, classes, values.map_err(unusable)?)
        };
        if let Some(classes) = &classes
            && classes.len() != values.len_of(Axis(1))
        {
            let problem = format!(
                "`scores` has the shape {:?}, but `classes` the length {}; save a name for each column",
                &values.shape()[..2],
                classes.len()
            );
            return Err(unusable(problem));
        }
        Ok(Self { path: path.to_owned(), classes, values, ids: ids.into() })
    }

    /// Scores of a reference's cases in their order, `[cases, classes]`, finite; `path` is what they come from.
    pub fn of_cases(path: &Path, classes: Vec<String>, values: Array2<f64>) -> Self {
        Self {
            path: path.to_owned(),
            classes: Some(classes),
            values: values.insert_axis(Axis(2)),
            ids: Ids::OfReference,
        }
    }

    /// The rows of the reference's cases.
    pub fn rows(&self, reference: &Reference) -> Result<Rows, PredictionError> {
        Rows::find(&self.path, "rows of scores", &self.ids, self.values.len_of(Axis(0)), reference)
    }
}
