//! An evaluation set, once its images can be read.

use lgdea_data::ImageStore;
use lgdea_inputs::LoadedSet;

/// An evaluation set with its images.
#[derive(Debug)]
pub struct OpenSet {
    /// Its studies that are scored.
    pub set: LoadedSet,
    /// Their images.
    pub images: ImageStore,
}

impl OpenSet {
    /// Hash, in hexadecimal, of the data and of which of their studies are scored, of which of these have images, and of what divides
    /// them where they are scored within strata.
    pub(crate) fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("lgdea scored studies, version 1");
        hasher.update(self.set.corpus.digest.as_bytes());
        for (position, study) in self.set.corpus.studies.iter().enumerate() {
            hasher.update(&(study.id.len() as u64).to_le_bytes()).update(study.id.as_bytes());
            hasher.update(&[u8::from(self.images.pixels(position).is_some())]);
        }
        if self.set.are_divided {
            hasher.update(self.set.corpus.divisions.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }
}
