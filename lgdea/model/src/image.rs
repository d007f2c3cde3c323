//! The image tower: an architecture and the head that makes the global embedding.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use crate::{PatchCnn, l2_normalise};

/// The image encoder of an experiment.
#[derive(Module, Debug)]
pub struct ImageEncoder {
    backbone: Backbone,
    /// `W`, patch width to embedding width.
    head: Linear,
}

/// Architectures of the image encoder.
#[derive(Module, Debug)]
enum Backbone {
    PatchCnn(PatchCnn),
}

/// What the image tower says of a batch of images.
#[derive(Debug, Clone)]
pub struct ImageFeatures {
    /// Patch features `h`, `[images, patches, d]`.
    pub patches: Tensor<3>,
    /// Projected patches `W h`, `[images, patches, D]`, not normalised.
    pub projected: Tensor<3>,
    /// Global embedding `g = norm(mean_p W h_p + max_p W h_p)`, `[images, D]`.
    pub global: Tensor<2>,
}

impl ImageEncoder {
    /// An encoder with random weights and embedding width `dim`.
    pub fn new(settings: &lgdea_spec::ImageEncoder, dim: usize, device: &Device) -> Self {
        match settings {
            lgdea_spec::ImageEncoder::PatchCnn(cnn) => Self {
                backbone: Backbone::PatchCnn(PatchCnn::new(cnn, device)),
                head: LinearConfig::new(cnn.width, dim).init(device),
            },
        }
    }

    /// Features of standardised grey images `[images, size, size]`.
    pub fn forward(&self, images: Tensor<3>) -> ImageFeatures {
        let patches = match &self.backbone {
            Backbone::PatchCnn(cnn) => cnn.forward(images),
        };
        let projected = self.head.forward(patches.clone());
        let pooled = projected.clone().mean_dim(1) + projected.clone().max_dim(1);
        ImageFeatures { patches, projected, global: l2_normalise(pooled.squeeze_dim::<2>(1)) }
    }
}
