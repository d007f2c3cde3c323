//! The model's outputs for many studies, chunk by chunk, as host arrays.

use burn::tensor::{Device, Tensor};
use lgdea_model::{ImageFeatures, Lgdea};
use ndarray::{Array1, Array2, Array3, ArrayView1, Axis, concatenate};

use crate::Prepared;
use crate::batch::{Images, Tokens};

/// Studies sent through the model at a time.
const CHUNK: usize = 128;

/// What the evaluation and the relation graph need of images.
pub(crate) struct ImageArrays {
    /// `g`, `[images, D]`.
    pub(crate) global: Array2<f32>,
    /// `Q̄_I`, `[images, K]`.
    pub(crate) evidence: Array2<f32>,
    /// Logits of the classes `[images, classes]`, where they are learned from labels.
    pub(crate) classes: Option<Array2<f32>>,
}

/// Embeds the images of studies that have one. `model` is in validation mode.
pub(crate) fn images(model: &Lgdea, prepared: &Prepared, studies: &[usize], device: &Device) -> ImageArrays {
    images_and(model, prepared, studies, device, |_| ())
}

/// As [`images`], and calls `use_chunk` with the features of each chunk.
pub(crate) fn images_and(
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
pub(crate) fn each_chunk(
    model: &Lgdea,
    prepared: &Prepared,
    studies: &[usize],
    device: &Device,
    mut use_chunk: impl FnMut(&[usize], ImageFeatures),
) {
    for chunk in studies.chunks(CHUNK) {
        let pixels = Images::clean(prepared, chunk).to_tensor(device);
        use_chunk(chunk, model.encode_images(pixels));
    }
}

/// Embeds texts given by their token ids, `[texts, D]`.
pub(crate) fn texts<T: AsRef<[i32]>>(model: &Lgdea, tokens: &[T], device: &Device) -> Array2<f32> {
    let chunk = |rows: &[T]| {
        let padded = Tokens::pad(rows.iter().map(AsRef::as_ref)).to_tensor(device);
        matrix(model.encode_texts(padded))
    };
    stack(tokens.chunks(CHUNK).map(chunk).collect())
}

/// The unit-length words of a text given by its token ids, `[tokens, D]`.
pub(crate) fn words(model: &Lgdea, tokens: &[i32], device: &Device) -> Array2<f32> {
    let text = Tokens::pad(std::iter::once(tokens)).to_tensor(device);
    matrix(model.text_features(text).tokens.squeeze_dim::<2>(0))
}

/// `p(k | z)` (equation 4) of embedded phrases, `[phrases, K]`.
pub(crate) fn phrase_evidence(model: &Lgdea, phrases: &Array2<f32>, device: &Device) -> Array2<f32> {
    matrix(model.prototypes.of_phrases(tensor(phrases, device)))
}

/// A host matrix of a tensor.
pub(crate) fn matrix(tensor: Tensor<2>) -> Array2<f32> {
    let [rows, columns] = tensor.dims();
    let values: Vec<f32> = tensor.into_data().iter::<f32>().collect();
    let mut matrix = Array2::zeros((rows, columns));
    matrix.iter_mut().zip(values).for_each(|(place, value)| *place = value);
    matrix
}

/// A host array of a tensor.
pub(crate) fn cube(tensor: Tensor<3>) -> Array3<f32> {
    let [depth, rows, columns] = tensor.dims();
    let values: Vec<f32> = tensor.into_data().iter::<f32>().collect();
    let mut cube = Array3::zeros((depth, rows, columns));
    cube.iter_mut().zip(values).for_each(|(place, value)| *place = value);
    cube
}

/// A tensor of a host matrix.
pub(crate) fn tensor(matrix: &Array2<f32>, device: &Device) -> Tensor<2> {
    let values: Vec<f32> = matrix.iter().copied().collect();
    Tensor::from_data(burn::tensor::TensorData::new(values, [matrix.nrows(), matrix.ncols()]), device)
}

/// Position and value of the greatest of a row's values, the first of equal ones.
pub(crate) fn greatest(row: ArrayView1<'_, f32>) -> (usize, f32) {
    let first = (0, f32::NEG_INFINITY);
    row.iter().copied().enumerate().fold(first, |best, one| if one.1 > best.1 { one } else { best })
}

/// Mean of some rows of a matrix, such as those of a report's phrases; 0 where there are none.
pub(crate) fn mean_of_rows(matrix: &Array2<f32>, rows: impl ExactSizeIterator<Item = usize>) -> Array1<f32> {
    let count = rows.len().max(1) as f32;
    let mut mean = Array1::zeros(matrix.ncols());
    for row in rows {
        mean += &matrix.row(row);
    }
    mean / count
}

/// Chunks one below the other.
pub(crate) fn stack(chunks: Vec<Array2<f32>>) -> Array2<f32> {
    let views: Vec<_> = chunks.iter().map(|chunk| chunk.view()).collect();
    // Chunks of one model are equally wide; there are none where there is nothing to embed.
    concatenate(Axis(0), &views).unwrap_or_else(|_| Array2::zeros((0, 0)))
}
