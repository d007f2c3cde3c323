//! An evaluation set, once its images can be read.

use lgdea_data::ImageStore;
use lgdea_inputs::LoadedSet;

/// An evaluation set with its images.
pub(crate) struct OpenSet {
    pub(crate) set: LoadedSet,
    pub(crate) images: ImageStore,
}
