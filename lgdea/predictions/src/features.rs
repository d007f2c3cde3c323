//! Features of a frozen model: a row a case.

use std::path::{Path, PathBuf};

use ndarray::{Array2, Axis};

use crate::embeddings::Side;
use crate::ids::Ids;
use crate::{PredictionError, Reference, Rows};

/// Features of a frozen model.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// Their file.
    pub path: PathBuf,
    ids: Ids,
    /// `[cases, width]`. Finite.
    values: Array2<f32>,
}

impl Features {
    /// Reads the array `features` (or where there is none, `image` or `embeddings`), `[cases, width]`, and `ids`; or a table
    /// with the column `id` and one a dimension.
    pub fn read(path: &Path) -> Result<Self, PredictionError> {
        let Side { ids, values, .. } = Side::read(path, &["features", "image", "embeddings"])?;
        if values.ncols() == 0 {
            return Err(PredictionError::unusable(path, "its rows have no number; save at least one feature"));
        }
        Ok(Self { path: path.to_owned(), ids: ids.into(), values })
    }

    /// The features of the reference's cases, in their order; and the rows that they are.
    pub fn of(&self, reference: &Reference) -> Result<(Array2<f32>, Rows), PredictionError> {
        let rows = Rows::find(&self.path, "rows of features", &self.ids, self.values.nrows(), reference)?;
        Ok((self.values.select(Axis(0), &rows.rows), rows))
    }
}
