//! The stage before training that asks frozen networks once for all runs.

use std::path::Path;

use burn::tensor::Device;
use lgdea_cache::{Cache, CacheError, Stage};
use lgdea_data::ImageStore;
use lgdea_inspect::{InspectError, arrays};
use lgdea_model::memory::{FeatureFile, FeatureMemory};
use lgdea_model::{Lgdea, Memories};
use lgdea_prepared::{Images, Prepared, PublishedFeatures};
use lgdea_spec::Tower;
use lgdea_train::{Frozen, published_images, start};

use crate::{Preparation, RunError};

/// Images whose features are looked at at a time.
const CHUNK: usize = 64;

impl Preparation<'_> {
    /// What frozen networks make of the images and texts of the experiment's data and of evaluation sets, from the cache or made now.
    ///
    /// # Errors
    /// Published weights that are not there; the cache cannot be written.
    pub(crate) fn memories<'p>(
        &self,
        prepared: &'p Prepared,
        sets: impl Iterator<Item = &'p Prepared>,
        device: &Device,
    ) -> Result<Memories, RunError> {
        if self.experiment.encoder.frozen.is_empty() {
            return Ok(Memories::default());
        }
        let all: Vec<&Prepared> = [prepared].into_iter().chain(sets).collect();
        self.memories_of(&start(self.experiment, prepared, device)?, &all, Some(device))
    }

    /// A trained model with what the cache has of what its frozen networks make of studies; it is asked for the rest.
    ///
    /// # Errors
    /// As of [`Preparation::memories`], though what is broken in the cache is left out.
    pub(crate) fn reminded(&self, model: Lgdea, all: &[&Prepared]) -> Result<Lgdea, RunError> {
        let memories = self.memories_of(&model, all, None)?;
        Ok(model.remembering(&memories))
    }

    /// What a model's frozen networks make of images and texts; what the cache does not have is made on `device`, or left out.
    fn memories_of(&self, model: &Lgdea, all: &[&Prepared], device: Option<&Device>) -> Result<Memories, RunError> {
        let (encoder, mut memories) = (&self.experiment.encoder, Memories::default());
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

    /// What the published image encoder makes of the images, where the relation graph views them so; from the cache or made now.
    ///
    /// # Errors
    /// As of [`Preparation::published_features`].
    pub(crate) fn image_view(
        &self,
        images: &ImageStore,
        device: &Device,
    ) -> Result<Option<PublishedFeatures>, RunError> {
        if self.experiment.views_published_features() { self.published_features(images, device) } else { Ok(None) }
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
        let memory = self.memory("features of images", [frozen].into_iter(), Some(device))?;
        let encoder = encoder.remembering(Some(memory));
        let studies = images.studies();
        let mean = |chunk: &[usize]| {
            let patches = encoder.features(Images::of(images, chunk).into_tensor(device));
            arrays::matrix(patches.mean_dim(1).squeeze_dim::<2>(1))
        };
        let features = arrays::stack(studies.chunks(CHUNK).map(mean).collect());
        Ok(Some(PublishedFeatures { studies, features }))
    }

    /// What a frozen network makes of inputs of several origins; what the cache does not have is made on `device`, or left out.
    fn memory<'f>(
        &self,
        name: &'static str,
        all: impl Iterator<Item = Frozen<'f>>,
        device: Option<&Device>,
    ) -> Result<FeatureMemory, RunError> {
        let (cache, mut files) = (Cache::of_results(self.results), Vec::new());
        for frozen in all.filter(|frozen| !frozen.is_empty()) {
            let key = frozen.digest(self.experiment);
            let Some(device) = device else {
                files.extend(FeatureFile::open(&cache.path(Stage::Features, &key)).ok());
                continue;
            };
            let make = |path: &Path| {
                let counter = self.audience.counter(name);
                let failed = |source| RunError::from(CacheError { path: path.to_owned(), source });
                frozen.write(path, device, &*counter).map_err(failed)
            };
            let waiting =
                |holder: &str| self.audience.say(&format!("{holder} is making the same features: waiting for it"));
            files.push(cache.get_or_make(Stage::Features, &key, FeatureFile::open, make, &waiting)?);
        }
        Ok(FeatureMemory::new(files))
    }
}
