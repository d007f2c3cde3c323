//! The whole model: two towers, lesion queries, prototypes, and the learned scale of similarities.

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor};
use lgdea_spec::{Experiment, Seed};

use crate::init::seeded;
use crate::{ImageEncoder, ImageFeatures, LesionQueries, LesionTokens, Prototypes, TextEncoder};

/// LGDEA's model. Methods that do not use a part leave it at its start.
#[derive(Module, Debug)]
pub struct Lgdea {
    /// Image tower.
    pub image: ImageEncoder,
    /// Text tower.
    pub text: TextEncoder,
    /// Lesion queries.
    pub lesion: LesionQueries,
    /// Prototypes.
    pub prototypes: Prototypes,
    /// Logarithm of the similarity scale `s`, `[1]`.
    pub log_scale: Param<Tensor<1>>,
    max_scale: f64,
}

/// What the model's shape depends on besides the experiment.
#[derive(Debug, Clone, Copy)]
pub struct ModelShape {
    /// Number of token ids.
    pub vocabulary: usize,
}

impl Lgdea {
    /// A model with random weights, each component from a random stream of its own.
    pub fn new(experiment: &Experiment, shape: ModelShape, seed: Seed, device: &Device) -> Self {
        let dim = experiment.encoder.dim;
        let patch_dim = match &experiment.encoder.image {
            lgdea_spec::ImageEncoder::PatchCnn(cnn) => cnn.width,
        };
        let queries = experiment.evidence_space.lesion_queries;
        let initial_scale = experiment.train.initial_scale.ln() as f32;
        Self {
            image: seeded(device, seed, "image", |device| ImageEncoder::new(&experiment.encoder.image, dim, device)),
            text: seeded(device, seed, "text", |device| {
                TextEncoder::new(&experiment.encoder.text, shape.vocabulary, dim, device)
            }),
            lesion: seeded(device, seed, "lesion", |device| LesionQueries::new(queries, patch_dim, dim, device)),
            prototypes: seeded(device, seed, "prototypes", |device| {
                Prototypes::new(&experiment.evidence_space, dim, device)
            }),
            log_scale: Param::from_tensor(Tensor::from_floats([initial_scale], device)),
            max_scale: experiment.train.max_scale,
        }
    }

    /// Features of standardised images `[images, size, size]`.
    pub fn encode_images(&self, images: Tensor<3>) -> ImageFeatures {
        self.image.forward(images)
    }

    /// Embeddings `[texts, D]` of padded token ids `[texts, tokens]`.
    pub fn encode_texts(&self, tokens: Tensor<2, Int>) -> Tensor<2> {
        self.text.forward(tokens)
    }

    /// Lesion tokens of patch features `[images, patches, d]`.
    pub fn lesion_tokens(&self, patches: Tensor<3>) -> LesionTokens {
        self.lesion.forward(patches)
    }

    /// `Q̄_I = mean_l Q_I(l, ·)` (equation 7), `[images, K]`, of patch features `[images, patches, d]`.
    pub fn image_evidence(&self, patches: Tensor<3>) -> Tensor<2> {
        let tokens = self.lesion_tokens(patches).tokens;
        self.prototypes.of_tokens(tokens).mean_dim(1).squeeze_dim::<2>(1)
    }

    /// Similarity scale `s = exp(log_scale)`, clamped, `[1]`.
    pub fn scale(&self) -> Tensor<1> {
        self.log_scale.val().exp().clamp_max(self.max_scale)
    }
}
