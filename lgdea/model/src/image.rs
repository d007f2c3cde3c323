//! The image tower: an architecture and the head that makes the global embedding.

use std::path::Path;

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, FloatDType, Tensor};
use lgdea_kernel::l2_normalise;

use crate::densenet::DenseNetShape;
use crate::precision::linear;
use crate::resnet::ResNetShape;
use crate::vit::VitShape;
use crate::weights::{self, Loaded, Naming, Place, WeightsError};
use crate::{DenseNet, PatchCnn, ResNet, Vit, precision};

/// The image encoder of an experiment.
#[derive(Module, Debug)]
pub struct ImageEncoder {
    backbone: Backbone,
    /// `W`, patch width to embedding width.
    head: Linear,
}

/// Architectures of the image encoder.
#[derive(Module, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one of it in a model, and it holds handles")]
enum Backbone {
    PatchCnn(PatchCnn),
    ResNet(ResNet),
    DenseNet(DenseNet),
    Vit(Vit),
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
        let backbone = match settings {
            lgdea_spec::ImageEncoder::PatchCnn(cnn) => Backbone::PatchCnn(PatchCnn::new(cnn, device)),
            lgdea_spec::ImageEncoder::ResNet(resnet) => {
                Backbone::ResNet(ResNet::new(&ResNetShape::of_depth(resnet.depth), resnet.stage, device))
            }
            lgdea_spec::ImageEncoder::DenseNet(_) => {
                Backbone::DenseNet(DenseNet::new(&DenseNetShape::densenet_121(), device))
            }
            lgdea_spec::ImageEncoder::Vit(vit) => Backbone::Vit(Vit::new(&VitShape::of(vit), device)),
        };
        Self { backbone, head: LinearConfig::new(Self::patch_width(settings), dim).init(device) }
    }

    /// Itself with a network in another precision ([`precision::cast`]) where it is a published one; the head stays as it is.
    pub fn cast(self, to: FloatDType) -> Self {
        let backbone = match self.backbone {
            small @ Backbone::PatchCnn(_) => small,
            Backbone::ResNet(resnet) => Backbone::ResNet(precision::cast(resnet, to)),
            Backbone::DenseNet(densenet) => Backbone::DenseNet(precision::cast(densenet, to)),
            Backbone::Vit(vit) => Backbone::Vit(precision::cast(vit, to)),
        };
        Self { backbone, ..self }
    }

    /// d, width of the patch features of an encoder.
    pub fn patch_width(settings: &lgdea_spec::ImageEncoder) -> usize {
        match settings {
            lgdea_spec::ImageEncoder::PatchCnn(cnn) => cnn.width,
            lgdea_spec::ImageEncoder::ResNet(resnet) => ResNetShape::of_depth(resnet.depth).channels(resnet.stage),
            lgdea_spec::ImageEncoder::DenseNet(_) => DenseNetShape::densenet_121().channels(),
            lgdea_spec::ImageEncoder::Vit(vit) => VitShape::of(vit).width,
        }
    }

    /// Replaces the architecture's weights by those of a file; the head stays as it is.
    ///
    /// # Errors
    /// The file cannot be read or does not fit.
    pub fn load(&mut self, place: Place<'_>) -> Result<Loaded, WeightsError> {
        match &mut self.backbone {
            Backbone::PatchCnn(cnn) => weights::load(cnn, Naming::OURS, place),
            Backbone::ResNet(resnet) => weights::load(resnet, ResNet::NAMING, place),
            Backbone::DenseNet(densenet) => weights::load(densenet, DenseNet::NAMING, place),
            Backbone::Vit(vit) => weights::load(vit, Vit::NAMING, place),
        }
    }

    /// Writes the architecture's weights, without the head, with the names that its files have.
    ///
    /// # Errors
    /// What the file system says.
    pub fn save(&self, path: &Path) -> Result<(), WeightsError> {
        match &self.backbone {
            Backbone::PatchCnn(cnn) => weights::save(cnn, Naming::OURS, path),
            Backbone::ResNet(resnet) => weights::save(resnet, ResNet::NAMING, path),
            Backbone::DenseNet(densenet) => weights::save(densenet, DenseNet::NAMING, path),
            Backbone::Vit(vit) => weights::save(vit, Vit::NAMING, path),
        }
    }

    /// Features of standardised grey images `[images, size, size]`.
    pub fn forward(&self, images: Tensor<3>) -> ImageFeatures {
        self.embed(self.patches(images))
    }

    /// The architecture's patch features `h`, `[images, patches, d]`, of standardised grey images `[images, size, size]`.
    pub fn patches(&self, images: Tensor<3>) -> Tensor<3> {
        match &self.backbone {
            Backbone::PatchCnn(cnn) => cnn.forward(images),
            Backbone::ResNet(resnet) => resnet.forward(images),
            Backbone::DenseNet(densenet) => densenet.forward(images),
            Backbone::Vit(vit) => vit.forward(images),
        }
    }

    /// What the head makes of patch features `h`, `[images, patches, d]`.
    pub fn embed(&self, patches: Tensor<3>) -> ImageFeatures {
        let projected = linear(&self.head, patches.clone());
        let pooled = projected.clone().mean_dim(1) + projected.clone().max_dim(1);
        ImageFeatures { patches, projected, global: l2_normalise(pooled.squeeze_dim::<2>(1)) }
    }
}
