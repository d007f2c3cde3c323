//! The whole model: two towers, lesion queries, prototypes, and the learned scale of similarities.

use burn::module::{Module, Param};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Distribution, Int, Tensor};
use lgdea_spec::{Experiment, Need, Seed};

use crate::init::seeded;
use crate::memory::FeatureMemory;
use crate::{
    CrossAttention, ImageEncoder, ImageFeatures, LesionQueries, LesionTokens, Prototypes, TextEncoder, TextFeatures,
    TextShape,
};

/// What frozen networks make of known inputs.
#[derive(Debug, Clone, Default)]
pub struct Memories {
    /// Of images; none where the image network is not frozen.
    pub images: Option<FeatureMemory>,
    /// Of texts; none where the text network is not frozen.
    pub texts: Option<FeatureMemory>,
}

/// LGDEA's model, and what the methods need that it is compared with. Methods that do not use a part of LGDEA leave it at
/// its start.
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
    /// Words over regions and regions over words, where tokens are aligned.
    pub token_attention: Option<TokenAttention>,
    /// Clusters of studies `[clusters, D]`, where their assignments are aligned.
    pub clusters: Option<Param<Tensor<2>>>,
    /// Global image embedding to classes, where the labels are learned.
    pub classifier: Option<Linear>,
    /// Logarithm of the similarity scale `s`, `[1]`.
    pub log_scale: Param<Tensor<1>>,
    max_scale: f64,
}

/// Cross-attention both ways.
#[derive(Module, Debug)]
pub struct TokenAttention {
    /// Words gather from regions.
    pub words: CrossAttention,
    /// Regions gather from words.
    pub regions: CrossAttention,
}

/// What the model's shape depends on besides the experiment.
#[derive(Debug, Clone)]
pub struct ModelShape {
    /// The shape of the text encoder.
    pub text: TextShape,
    /// Number of classes to learn from labels.
    pub classes: usize,
}

impl Lgdea {
    /// A model with random weights, each component from a random stream of its own.
    pub fn new(experiment: &Experiment, shape: &ModelShape, seed: Seed, device: &Device) -> Self {
        let dim = experiment.encoder.dim;
        let narrow = experiment.encoder.narrow();
        let patch_dim = ImageEncoder::patch_width(&experiment.encoder.image, narrow);
        let needs = experiment.needs();
        let queries = experiment.evidence_space.lesion_queries;
        let initial_scale = experiment.train.initial_scale.ln() as f32;
        let adapters = &experiment.encoder.lora;
        let mut image =
            seeded(device, seed, "image", |device| ImageEncoder::new(&experiment.encoder.image, narrow, dim, device));
        if let Some(settings) = adapters.image {
            image = seeded(device, seed, "image-lora", |_| image.adapted(settings));
        }
        let mut text = seeded(device, seed, "text", |device| TextEncoder::new(&shape.text, dim, device));
        if let Some(settings) = adapters.text {
            text = seeded(device, seed, "text-lora", |_| text.adapted(settings));
        }
        Self {
            image,
            text,
            lesion: seeded(device, seed, "lesion", |device| LesionQueries::new(queries, patch_dim, dim, device)),
            prototypes: seeded(device, seed, "prototypes", |device| {
                Prototypes::new(&experiment.evidence_space, dim, device)
            }),
            token_attention: needs.has(Need::TokenAttention).then(|| {
                seeded(device, seed, "token-attention", |device| TokenAttention {
                    words: CrossAttention::new(dim, device),
                    regions: CrossAttention::new(dim, device),
                })
            }),
            clusters: needs.clusters().map(|clusters| {
                let shape = [clusters, dim];
                seeded(device, seed, "clusters", |device| {
                    Param::from_tensor(Tensor::random(shape, Distribution::Normal(0.0, 1.0), device))
                })
            }),
            classifier: needs.has(Need::Labels).then(|| {
                seeded(device, seed, "classifier", |device| LinearConfig::new(dim, shape.classes).init(device))
            }),
            log_scale: Param::from_tensor(Tensor::from_floats([initial_scale], device)),
            max_scale: experiment.train.max_scale,
        }
    }

    /// Itself with what its frozen networks make of known inputs.
    #[must_use]
    pub fn remembering(mut self, memories: &Memories) -> Self {
        self.image = self.image.remembering(memories.images.clone());
        self.text = self.text.remembering(memories.texts.clone());
        self
    }

    /// Features of standardised images `[images, size, size]`.
    pub fn encode_images(&self, images: Tensor<3>) -> ImageFeatures {
        self.image.forward(images)
    }

    /// Embeddings `[texts, D]` of padded token ids `[texts, tokens]`.
    pub fn encode_texts(&self, tokens: Tensor<2, Int>) -> Tensor<2> {
        self.text.forward(tokens)
    }

    /// As [`Self::encode_texts`], with the tokens.
    pub fn text_features(&self, tokens: Tensor<2, Int>) -> TextFeatures {
        self.text.features(tokens)
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

    /// Logits of the classes `[images, classes]` of global embeddings `[images, D]`, where there is a classifier. It reads
    /// `s · g`: on unit length alone its logits would hardly leave 0.
    pub fn classify(&self, global: Tensor<2>) -> Option<Tensor<2>> {
        let classifier = self.classifier.as_ref()?;
        Some(classifier.forward(global * self.scale().unsqueeze::<2>()))
    }

    /// Similarity scale `s = exp(log_scale)`, `[1]`.
    pub fn scale(&self) -> Tensor<1> {
        self.log_scale.val().exp()
    }

    /// The model after an update, its scale at most `train.max-scale`. Clamped where it is used, the scale would have no
    /// gradient beyond that, and never come back.
    pub fn with_bounded_scale(mut self) -> Self {
        let (learned, most) = (self.log_scale.is_require_grad(), self.max_scale.ln());
        self.log_scale =
            self.log_scale.map(|log_scale| log_scale.set_require_grad(false).clamp_max(most).set_require_grad(learned));
        self
    }
}

#[cfg(test)]
mod tests {
    use lgdea_spec::Resolved;

    use super::*;

    #[test]
    fn the_scale_is_bounded_and_can_come_back() {
        let settings = ["train.initial-scale=20", "train.max-scale=20"].map(str::to_owned);
        let experiment = Resolved::from_overrides(&settings).unwrap().experiment;
        let text = TextShape::new(&experiment.encoder.text, crate::architecture::Pieces { count: 8, padding: 0 }, None)
            .unwrap();
        let shape = ModelShape { text, classes: 0 };
        let mut model = Lgdea::new(&experiment, &shape, Seed(0), &Device::flex().autodiff());
        let id = model.log_scale.id;
        model.log_scale = model.log_scale.map(|log_scale| (log_scale.set_require_grad(false) + 1.0).require_grad());
        let model = model.with_bounded_scale();
        assert_eq!(model.log_scale.id, id);
        let gradients = model.scale().backward();
        let gradient = model.log_scale.val().grad(&gradients).unwrap().into_scalar::<f32>();
        let scale = model.scale().into_scalar::<f32>();
        assert!((scale - 20.0).abs() < 1e-4 && (gradient - 20.0).abs() < 1e-4, "{scale} {gradient}");
    }
}
