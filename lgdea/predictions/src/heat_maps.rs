//! A model's heat maps of phrases.

use std::path::{Path, PathBuf};

use ndarray::{Array3, Axis};

use crate::named::{self, Kind};
use crate::{PredictionError, Regions, Rows};

/// A model's heat maps of phrases.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMaps {
    /// Their file.
    pub path: PathBuf,
    /// `[phrases, rows, columns]`, greater where the phrase applies more. Finite, and none without pixels.
    pub maps: Array3<f32>,
    ids: Option<Vec<String>>,
}

impl HeatMaps {
    /// Reads the arrays `maps` (`[phrases, rows, columns]`) and `ids`; a safetensors file has the last in its metadata, as a
    /// JSON list. A `.npy` is the maps alone, in the order of the reference.
    pub fn read(path: &Path) -> Result<Self, PredictionError> {
        let unusable = |problem: String| PredictionError::unusable(path, problem);
        let kind = Kind::of(path)?;
        if kind == Kind::Csv {
            return Err(unusable("heat maps do not fit into a table; save them by `numpy.savez`".to_owned()));
        }
        let mut arrays = named::read(path, kind, "maps")?;
        let ids = named::names(&mut arrays, "ids").map_err(unusable)?;
        let maps = named::take(&mut arrays, "maps").and_then(|maps| maps.heat_maps("maps")).map_err(unusable)?;
        Ok(Self { path: path.to_owned(), maps, ids })
    }

    /// The maps of the reference's phrases.
    pub fn rows(&self, reference: &Regions) -> Result<Rows, PredictionError> {
        let count = self.maps.len_of(Axis(0));
        Rows::find(&self.path, "heat maps", self.ids.as_deref(), count, (&reference.path, &reference.ids))
    }
}
