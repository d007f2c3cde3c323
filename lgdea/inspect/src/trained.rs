//! A trained model with all that is needed to ask it something.

use std::path::Path;

use burn::tensor::Device;
use lgdea_eval::task::grounding::MapName;
use lgdea_model::{ImageFeatures, Lgdea};
use lgdea_prepared::{Images, Prepared};
use lgdea_spec::{Experiment, Need};
use ndarray::Array2;

use crate::heat_map::{HeatMaps, PatchMaps};
use crate::local_fit::{LocalFit, LocalTexts};
use crate::{InspectError, inference};

/// A model in validation mode, what it was trained by and on, and where its tensors live.
#[derive(Clone, Copy)]
pub struct Trained<'a> {
    /// The model.
    pub model: &'a Lgdea,
    /// The experiment that trained it.
    pub experiment: &'a Experiment,
    /// The experiment's data.
    pub prepared: &'a Prepared,
    /// Where the model's tensors live.
    pub device: &'a Device,
}

impl Trained<'_> {
    /// Whether the model's images have evidence: patches and lesion queries with distributions over prototypes.
    pub fn has_image_evidence(&self) -> bool {
        self.experiment.needs().has(Need::ImageEvidence)
    }

    /// Whether the model's prototypes mean anything.
    pub fn has_prototypes(&self) -> bool {
        self.experiment.needs().has(Need::Prototypes)
    }

    /// The single heat maps `[patches, patches]` that the method has, of each phrase on an image `[size * size]` of the
    /// data's size. [`lgdea_eval::task::grounding::chosen_map`] fuses them, as the evaluation does.
    ///
    /// # Panics
    ///
    /// If the image has not the size of the data's.
    pub fn heat_maps(&self, image: &[u8], phrases: &[&str]) -> Result<Vec<HeatMaps>, InspectError> {
        let image = Images::single(image, self.prepared.images.size()).into_tensor(self.device);
        let maps = self.patch_maps(self.model.encode_images(image));
        self.maps_of(&maps, 0, phrases)
    }

    /// Writes the model into a folder as PyTorch, timm and transformers read it, see [`lgdea_model::export`].
    ///
    /// # Errors
    /// What the file system says.
    pub fn export(&self, folder: &Path) -> Result<(), InspectError> {
        let (prepared, shape) = (self.prepared, self.prepared.model_shape());
        Ok(lgdea_model::export(self.model, self.experiment, &shape, &prepared.tokenizer, folder, self.device)?)
    }

    /// What the heat maps of a chunk of images are made from.
    pub(crate) fn patch_maps(&self, features: ImageFeatures) -> PatchMaps {
        PatchMaps::new(self.model, features, self.has_image_evidence())
    }

    /// The maps of each phrase on one image of a chunk.
    pub(crate) fn maps_of(
        &self,
        maps: &PatchMaps,
        image: usize,
        phrases: &[&str],
    ) -> Result<Vec<HeatMaps>, InspectError> {
        let embeddings = self.embed(phrases)?;
        let distributions = inference::phrase_evidence(self.model, &embeddings, self.device);
        let rows = embeddings.rows().into_iter().zip(distributions.rows());
        let mut found: Vec<HeatMaps> =
            rows.map(|(embedding, distribution)| maps.of(image, embedding, distribution)).collect();
        if self.experiment.needs().has(Need::WordRegions) {
            let local = &self.experiment.loss.local;
            for (maps_of_phrase, phrase) in found.iter_mut().zip(phrases) {
                let words = inference::words(self.model, &self.prepared.prompt(phrase)?, self.device);
                let map = maps.word_attention(image, words.view(), local.attention_temperature);
                maps_of_phrase.push((MapName::WordAttention, map));
            }
        }
        Ok(found)
    }

    /// Prompts or phrases as the method compares them with regions.
    pub(crate) fn local_texts<'b>(&self, fit: LocalFit<'b>, texts: &[&str]) -> Result<LocalTexts<'b>, InspectError> {
        Ok(fit.texts(self.model, &self.prepared.prompts(texts)?, self.device))
    }

    /// Unit-length embeddings of prompts or phrases, `[texts, D]`.
    pub(crate) fn embed(&self, texts: &[&str]) -> Result<Array2<f32>, InspectError> {
        Ok(inference::texts(self.model, &self.prepared.prompts(texts)?, self.device))
    }
}
