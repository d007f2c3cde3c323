//! What frozen networks make of all images and texts of studies, written into files before training.

use std::collections::BTreeSet;
use std::io;
use std::ops::Range;
use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use lgdea_data::ImageStore;
use lgdea_model::memory::{FeatureWriter, Key, image_key, text_key};
use lgdea_model::{ImageEncoder, Lgdea, TextEncoder};
use lgdea_prepared::{Images, Prepared, Tokens};
use lgdea_spec::{Encoder, Experiment};
use rayon::prelude::*;

use crate::state::State;
use crate::{TrainError, pretrained};

/// Inputs that go through a network at a time.
const CHUNK: usize = 32;

/// The model that training starts from, in validation mode.
///
/// # Errors
/// Published weights that are not there or do not fit.
pub fn start(experiment: &Experiment, prepared: &Prepared, device: &Device) -> Result<Lgdea, TrainError> {
    Ok(State::fresh(experiment, prepared, device)?.0.model.valid())
}

/// The image encoder that training starts from, where it starts from published weights.
///
/// # Errors
/// These are not there or do not fit.
pub fn published_images(experiment: &Experiment, device: &Device) -> Result<Option<ImageEncoder>, TrainError> {
    let Encoder { image, dim, .. } = &experiment.encoder;
    if image.weights().is_none() {
        return Ok(None);
    }
    // What follows the network is not asked.
    let mut encoder = ImageEncoder::new(image, None, *dim, device);
    pretrained::load_images(&mut encoder, image)?;
    Ok(Some(encoder))
}

/// A frozen network and all of its inputs, each once.
pub struct Frozen<'a> {
    network: Network<'a>,
    keys: Vec<Key>,
}

enum Network<'a> {
    /// Of images, with the studies that have one.
    Images { encoder: &'a ImageEncoder, store: &'a ImageStore, studies: Vec<usize> },
    /// Of texts, with their token ids, short ones first.
    Texts { encoder: &'a TextEncoder, texts: Vec<&'a [i32]> },
}

impl<'a> Frozen<'a> {
    /// The image network, and all images of a store.
    pub fn images(encoder: &'a ImageEncoder, store: &'a ImageStore) -> Self {
        let studies = store.studies();
        let key = |study: &usize| image_key(Images::of(store, &[*study]).pixels());
        let keys = studies.par_iter().map(key).collect();
        Self { network: Network::Images { encoder, store, studies }, keys }
    }

    /// The text network, and all reports.
    pub fn reports(encoder: &'a TextEncoder, prepared: &'a Prepared) -> Self {
        Self::texts(encoder, prepared.reports.iter().flatten().map(|report| report.tokens.as_slice()))
    }

    /// The text network, and the phrases of the training reports, which other pairs and splits have others of.
    pub fn phrases(encoder: &'a TextEncoder, prepared: &'a Prepared) -> Self {
        Self::texts(encoder, prepared.phrases.iter().map(Vec::as_slice))
    }

    fn texts(encoder: &'a TextEncoder, texts: impl Iterator<Item = &'a [i32]>) -> Self {
        let distinct: BTreeSet<(usize, &[i32])> = texts.map(|tokens| (tokens.len(), tokens)).collect();
        let texts: Vec<&[i32]> = distinct.into_iter().map(|(_, tokens)| tokens).collect();
        let keys = texts.par_iter().map(|tokens| text_key(tokens)).collect();
        Self { network: Network::Texts { encoder, texts }, keys }
    }

    /// Whether there are no inputs.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Hash of the network and its inputs, in hexadecimal.
    pub fn digest(&self, experiment: &Experiment) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("lgdea features of a frozen network 1");
        let (settings, parameters) = match &self.network {
            Network::Images { encoder, .. } => (serde_json::to_vec(&experiment.encoder.image), encoder.digest()),
            Network::Texts { encoder, .. } => (serde_json::to_vec(&experiment.encoder.text), encoder.digest()),
        };
        // What parameters do not say, such as how positions are counted; and who computes, which tells last digits.
        hasher.update(&settings.unwrap_or_default());
        hasher.update(experiment.device.name.as_bytes());
        hasher.update(parameters.as_bytes());
        for key in &self.keys {
            hasher.update(key);
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Writes what the network makes of each. `progress` is called with how many are done, and of how many.
    ///
    /// # Errors
    /// The file system's.
    pub fn write(&self, path: &Path, device: &Device, progress: &dyn Fn(usize, usize)) -> io::Result<()> {
        let (all, mut writer) = (self.keys.len(), None);
        for start in (0..all).step_by(CHUNK) {
            let end = all.min(start + CHUNK);
            let (features, lengths) = self.features(start..end, device);
            let [_, length, width] = features.dims();
            let values = features.into_data().convert::<f32>().try_into_vec::<f32>().map_err(io::Error::other)?;
            let writer = match &mut writer {
                Some(writer) => writer,
                none => none.insert(FeatureWriter::create(path, width)?),
            };
            for ((key, row), own) in self.keys[start..end].iter().zip(values.chunks(length * width)).zip(lengths) {
                writer.add(key, &row[..own.unwrap_or(length) * width])?;
            }
            progress(end, all);
        }
        writer.map_or(Ok(()), FeatureWriter::finish)
    }

    /// Features of some inputs, and how many rows of each are its own, where not all are.
    fn features(&self, some: Range<usize>, device: &Device) -> (Tensor<3>, Vec<Option<usize>>) {
        match &self.network {
            Network::Images { encoder, store, studies } => {
                let images = Images::of(store, &studies[some.clone()]).into_tensor(device);
                (encoder.features(images), vec![None; some.len()])
            }
            Network::Texts { encoder, texts } => {
                let texts = &texts[some];
                let tokens = Tokens::pad(texts.iter().copied()).to_tensor(device);
                (encoder.hidden(tokens), texts.iter().map(|tokens| Some(tokens.len())).collect())
            }
        }
    }
}
