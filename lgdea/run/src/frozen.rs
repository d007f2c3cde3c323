//! The stage before training that asks frozen networks once for all runs.

use std::path::Path;

use burn::tensor::Device;
use lgdea_cache::{Cache, CacheError, Stage};
use lgdea_data::ImageStore;
use lgdea_inspect::{InspectError, arrays};
use lgdea_model::Memories;
use lgdea_model::memory::{FeatureFile, FeatureMemory};
use lgdea_prepared::{Images, Prepared, PublishedFeatures};
use lgdea_spec::Tower;
use lgdea_train::{Frozen, published_images, start};

use crate::{Preparation, RunError};

/// Images whose features are looked at at a time.
const CHUNK: usize = 64;

impl Preparation<'_> {
    /// What frozen networks make of the images and texts of the experiment's data and of evaluation sets, and what the published image
    /// encoder makes of its images where the relation graph views them so; from the cache or made now.
    ///
    /// # Errors
    /// Published weights that are not there; the cache cannot be written.
    pub(crate) fn features<'p>(
        &self,
        prepared: &'p Prepared,
        sets: impl Iterator<Item = &'p Prepared>,
        device: &Device,
    ) -> Result<(Memories, Option<PublishedFeatures>), RunError> {
        let memories = self.memories(prepared, sets, device)?;
        let is_viewed = self.experiment.views_published_features();
        let view = if is_viewed { self.published_features(&prepared.images, device)? } else { None };
        Ok((memories, view))
    }

    /// What the frozen networks of the experiment make of the images and texts.
    fn memories<'p>(
        &self,
        prepared: &'p Prepared,
        sets: impl Iterator<Item = &'p Prepared>,
        device: &Device,
    ) -> Result<Memories, RunError> {
        let (encoder, mut memories) = (&self.experiment.encoder, Memories::default());
        if encoder.frozen.is_empty() {
            return Ok(memories);
        }
        let model = start(self.experiment, prepared, device)?;
        let all: Vec<&Prepared> = [prepared].into_iter().chain(sets).collect();
        if encoder.is_frozen(Tower::Image) {
            let frozen = all.iter().map(|of| Frozen::images(&model.image, &of.images));
            memories.images = Some(self.memory("features of images", frozen, device)?);
        }
        if encoder.is_frozen(Tower::Text) {
            let frozen = all.iter().flat_map(|of| [Frozen::reports(&model.text, of), Frozen::phrases(&model.text, of)]);
            memories.texts = Some(self.memory("features of texts", frozen, device)?);
        }
        Ok(memories)
    }

    /// What the published image encoder that the experiment starts from makes of images. None where it starts from
    /// random weights.
    ///
    /// # Errors
    /// These weights are not there; the cache cannot be written; there is no image.
    pub fn published_features(
        &self,
        images: &ImageStore,
        device: &Device,
    ) -> Result<Option<PublishedFeatures>, RunError> {
        let Some(encoder) = published_images(self.experiment, device)? else { return Ok(None) };
        let frozen = Frozen::images(&encoder, images);
        if frozen.is_empty() {
            return Err(InspectError::NoImages.into());
        }
        let memory = self.memory("features of images", [frozen].into_iter(), device)?;
        let encoder = encoder.remembering(Some(memory));
        let studies = images.studies();
        let mean = |chunk: &[usize]| {
            let patches = encoder.features(Images::of(images, chunk).to_tensor(device));
            arrays::matrix(patches.mean_dim(1).squeeze_dim::<2>(1))
        };
        let features = arrays::stack(studies.chunks(CHUNK).map(mean).collect());
        Ok(Some(PublishedFeatures { studies, features }))
    }

    /// What a frozen network makes of inputs of several origins.
    fn memory<'f>(
        &self,
        name: &'static str,
        all: impl Iterator<Item = Frozen<'f>>,
        device: &Device,
    ) -> Result<FeatureMemory, RunError> {
        let mut files = Vec::new();
        for frozen in all.filter(|frozen| !frozen.is_empty()) {
            let key = frozen.digest(self.experiment);
            let make = |path: &Path| {
                let counter = self.audience.counter(name);
                let failed = |source| RunError::from(CacheError { path: path.to_owned(), source });
                frozen.write(path, device, &*counter).map_err(failed)
            };
            let waiting =
                |holder: &str| self.audience.say(&format!("{holder} is making the same features: waiting for it"));
            let cache = Cache::of_results(self.results);
            files.push(cache.get_or_make(Stage::Features, &key, FeatureFile::open, make, &waiting)?);
        }
        Ok(FeatureMemory::new(files))
    }
}
