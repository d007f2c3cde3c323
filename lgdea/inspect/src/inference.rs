//! The model's outputs for many studies, chunk by chunk, as host arrays.

use burn::tensor::Device;
use lgdea_model::{ImageFeatures, Lgdea};
use lgdea_prepared::{Images, Prepared, Tokens};
use ndarray::Array2;

use crate::arrays::{matrix, stack, tensor};

/// Studies sent through the model at a time.
const CHUNK: usize = 128;

/// What the evaluation and the relation graph need of images.
pub struct ImageArrays {
    /// `g`, `[images, D]`.
    pub global: Array2<f32>,
    /// `Q̄_I`, `[images, K]`.
    pub evidence: Array2<f32>,
    /// Logits of the classes `[images, classes]`, where they are learned from labels.
    pub classes: Option<Array2<f32>>,
}

/// Embeds the images of studies that have one. `model` is in validation mode.
pub fn images(model: &Lgdea, prepared: &Prepared, studies: &[usize], device: &Device) -> ImageArrays {
    images_and(model, prepared, studies, device, |_| ())
}

/// As [`images`], and calls `use_chunk` with the features of each chunk.
pub fn images_and(
    model: &Lgdea,
    prepared: &Prepared,
    studies: &[usize],
    device: &Device,
    mut use_chunk: impl FnMut(&ImageFeatures),
) -> ImageArrays {
    let mut global = Vec::new();
    let mut evidence = Vec::new();
    let mut classes = Vec::new();
    each_chunk(model, prepared, studies, device, |_, features| {
        use_chunk(&features);
        evidence.push(matrix(model.image_evidence(features.patches)));
        classes.extend(model.classify(features.global.clone()).map(matrix));
        global.push(matrix(features.global));
    });
    let classes = model.classifier.is_some().then(|| stack(classes));
    ImageArrays { global: stack(global), evidence: stack(evidence), classes }
}

/// Calls `use_chunk` with the studies and features of each chunk.
pub fn each_chunk(
    model: &Lgdea,
    prepared: &Prepared,
    studies: &[usize],
    device: &Device,
    mut use_chunk: impl FnMut(&[usize], ImageFeatures),
) {
    for chunk in studies.chunks(CHUNK) {
        let pixels = Images::clean(prepared, chunk).into_tensor(device);
        use_chunk(chunk, model.encode_images(pixels));
    }
}

/// Embeds texts given by their token ids, `[texts, D]`.
pub fn texts<T: AsRef<[i32]>>(model: &Lgdea, tokens: &[T], device: &Device) -> Array2<f32> {
    let chunk = |rows: &[T]| {
        let padded = Tokens::pad(rows.iter().map(AsRef::as_ref)).to_tensor(device);
        matrix(model.encode_texts(padded))
    };
    stack(tokens.chunks(CHUNK).map(chunk).collect())
}

/// The unit-length words of a text given by its token ids, `[tokens, D]`.
pub fn words(model: &Lgdea, tokens: &[i32], device: &Device) -> Array2<f32> {
    let text = Tokens::pad(std::iter::once(tokens)).to_tensor(device);
    matrix(model.text_features(text).tokens.squeeze_dim::<2>(0))
}

/// `p(k | z)` (equation 4) of embedded phrases, `[phrases, K]`.
pub fn phrase_evidence(model: &Lgdea, phrases: &Array2<f32>, device: &Device) -> Array2<f32> {
    matrix(model.prototypes.of_phrases(tensor(phrases, device)))
}
