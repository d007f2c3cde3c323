//! An evaluation set, once its images can be read.

use lgdea_data::ImageStore;
use lgdea_inputs::LoadedSet;

/// An evaluation set with its images.
pub struct OpenSet {
    /// Its studies that are scored.
    pub set: LoadedSet,
    /// Their images.
    pub images: ImageStore,
}
