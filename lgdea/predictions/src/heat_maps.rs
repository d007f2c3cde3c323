//! A model's heat maps of phrases.

use std::path::{Path, PathBuf};

use ndarray::{Array3, Axis};

use crate::ids::Ids;
use crate::named::{self, Kind};
use crate::{PredictionError, Regions, Rows};

/// A model's heat maps of phrases.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMaps {
    /// `[phrases, rows, columns]` over the whole image, greater where the phrase applies more. Finite, and never empty.
    pub values: Array3<f32>,
    path: PathBuf,
    ids: Ids,
}

impl HeatMaps {
    /// Reads heat maps. The arrays are called `maps` (`[phrases, rows, columns]`) and `ids`; a safetensors file has the ids in
    /// its metadata, as a JSON list. A single array has the phrases in the order of the reference.
    pub fn read(path: &Path) -> Result<Self, PredictionError> {
        let unusable = |problem: String| PredictionError::unusable(path, problem);
        let kind = Kind::of(path)?;
        if kind == Kind::Table {
            return Err(unusable("maps have three dimensions, a table has two; save them as .npz".to_owned()));
        }
        let mut arrays = named::read(path, kind, "maps")?;
        let ids = named::names(&mut arrays, "ids").map_err(unusable)?;
        let values = named::take(&mut arrays, "maps").and_then(|maps| maps.maps("maps")).map_err(unusable)?;
        Ok(Self { values, path: path.to_owned(), ids: ids.into() })
    }

    /// Maps of a reference's phrases in its order, finite and not empty; `path` is what they come from.
    pub fn of_phrases(path: &Path, values: Array3<f32>) -> Self {
        Self { values, path: path.to_owned(), ids: Ids::OfReference }
    }

    /// Of each phrase of the reference, which map is its own.
    pub fn rows(&self, regions: &Regions) -> Result<Rows, PredictionError> {
        Rows::find(&self.path, "maps", &self.ids, self.values.len_of(Axis(0)), &regions.phrases)
    }
}
