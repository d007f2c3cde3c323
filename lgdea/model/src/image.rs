//! The image tower: an architecture and the head that makes the global embedding.

use std::path::Path;

use burn::module::Module;
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, FloatDType, Tensor};
use lgdea_kernel::l2_normalise;
use lgdea_spec::{ImageEncoder as Settings, Lora};

use crate::architecture::{self, ImageArchitecture, PyTorch};
use crate::lora;
use crate::memory::{self, FeatureMemory};
use crate::precision;
use crate::precision::linear;
use crate::weights::{self, Loaded, WeightsError, WeightsFile};

/// The image encoder of an experiment.
#[derive(Module, Debug)]
pub struct ImageEncoder {
    backbone: Backbone,
    neck: Option<Neck>,
    /// `W`, patch width to embedding width.
    head: Linear,
    /// What the network makes of known images, where it is frozen.
    #[module(skip)]
    memory: Option<FeatureMemory>,
}

/// Makes patch features narrower, where they are to be: standardised by their channels, as of a probe on features that are not trained
/// (He et al. 2022, arXiv 2111.06377), since those of published networks are of very different sizes.
#[derive(Module, Debug)]
struct Neck {
    norm: BatchNorm,
    linear: Linear,
}

impl Neck {
    fn new(width: usize, narrow: usize, device: &Device) -> Self {
        let norm = BatchNormConfig::new(width).init(device);
        Self { norm, linear: LinearConfig::new(width, narrow).init(device) }
    }

    /// `[images, patches, width]` to `[images, patches, narrow]`.
    fn forward(&self, features: Tensor<3>) -> Tensor<3> {
        linear(&self.linear, self.norm.forward(features.swap_dims(1, 2)).swap_dims(1, 2))
    }
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
    /// An encoder with random weights and embedding width `dim`; its patch features are made `narrow`, where that is given.
    pub fn new(settings: &Settings, narrow: Option<usize>, dim: usize, device: &Device) -> Self {
        let backbone = Backbone::new(settings, device);
        let width = Self::patch_width(settings, narrow);
        let neck = narrow.map(|narrow| Neck::new(Backbone::width(settings), narrow, device));
        Self { backbone, neck, head: LinearConfig::new(width, dim).init(device), memory: None }
    }

    /// Itself with a network in another precision ([`precision::cast`]) where it is a published one; the head stays as it is.
    pub fn cast(self, to: FloatDType) -> Self {
        Self { backbone: self.backbone.cast(to), ..self }
    }

    /// d, width of the patch features of an encoder.
    pub fn patch_width(settings: &Settings, narrow: Option<usize>) -> usize {
        narrow.unwrap_or_else(|| Backbone::width(settings))
    }

    /// Itself with what its network, which is frozen, makes of known images.
    #[must_use]
    pub fn remembering(self, memory: Option<FeatureMemory>) -> Self {
        Self { memory, ..self }
    }

    /// Itself with adapters of low rank, which are trained in the place of its network.
    #[must_use]
    pub(crate) fn adapted(self, settings: Lora) -> Self {
        Self { backbone: lora::adapted(self.backbone, settings), ..self }
    }

    /// Replaces the architecture's weights by those of a file; the head stays as it is.
    ///
    /// # Errors
    /// The file cannot be read or does not fit.
    pub fn load(&mut self, place: WeightsFile<'_>) -> Result<Loaded, WeightsError> {
        self.backbone.load(place)
    }

    /// Writes the architecture's weights, without the head, with the names that its files have.
    ///
    /// # Errors
    /// What the file system says.
    pub fn save(&self, path: &Path) -> Result<(), WeightsError> {
        self.backbone.save(path)
    }

    /// The architecture in PyTorch, where it is known.
    pub(crate) fn pytorch(settings: &Settings) -> Option<PyTorch> {
        Backbone::pytorch(settings)
    }

    /// Features of standardised grey images `[images, size, size]`.
    pub fn forward(&self, images: Tensor<3>) -> ImageFeatures {
        self.embed(self.patches(images))
    }

    /// Patch features `h`, `[images, patches, d]`, of standardised grey images `[images, size, size]`.
    pub fn patches(&self, images: Tensor<3>) -> Tensor<3> {
        let features = self.features(images);
        match &self.neck {
            Some(neck) => neck.forward(features),
            None => features,
        }
    }

    /// What the architecture makes of standardised grey images `[images, size, size]`: `[images, patches, its width]`.
    pub fn features(&self, images: Tensor<3>) -> Tensor<3> {
        let known = self.memory.as_ref().and_then(|memory| memory.of_images(&images));
        known.unwrap_or_else(|| self.backbone.forward(images))
    }

    /// Hash of the network's parameters, in hexadecimal.
    pub fn digest(&self) -> String {
        memory::digest(&self.backbone)
    }

    /// What the head makes of patch features `h`, `[images, patches, d]`.
    pub fn embed(&self, patches: Tensor<3>) -> ImageFeatures {
        let projected = linear(&self.head, patches.clone());
        let pooled = projected.clone().mean_dim(1) + projected.clone().max_dim(1);
        ImageFeatures { patches, projected, global: l2_normalise(pooled.squeeze_dim::<2>(1)) }
    }
}

macro_rules! declare {
    ($($_name:literal => $_module:ident: $Network:ident,)*) => {
        /// Architectures of the image encoder. A variant's name is part of the names of its parameters in checkpoints.
        #[derive(Module, Debug)]
        #[expect(clippy::large_enum_variant, reason = "there is one of it in a model, and it holds handles")]
        enum Backbone {
            $($Network(architecture::$Network),)*
        }

        /// Each asks the [`ImageArchitecture`] that an encoder has.
        impl Backbone {
            fn new(settings: &Settings, device: &Device) -> Self {
                match settings { $(
                    Settings::$Network(settings) => {
                        let shape = architecture::$Network::shape(settings);
                        Self::$Network(architecture::$Network::new(&shape, device))
                    }
                )* }
            }

            fn width(settings: &Settings) -> usize {
                match settings { $(
                    Settings::$Network(settings) => architecture::$Network::width(&architecture::$Network::shape(settings)),
                )* }
            }

            fn pytorch(settings: &Settings) -> Option<PyTorch> {
                match settings { $(Settings::$Network(settings) => architecture::$Network::pytorch(settings),)* }
            }

            fn cast(self, to: FloatDType) -> Self {
                match self { $(
                    Self::$Network(network) => {
                        let is_published = architecture::$Network::NAMING.is_some();
                        Self::$Network(if is_published { precision::cast(network, to) } else { network })
                    }
                )* }
            }

            fn load(&mut self, place: WeightsFile<'_>) -> Result<Loaded, WeightsError> {
                match self { $(
                    Self::$Network(network) => weights::load(network, architecture::$Network::NAMING, place),
                )* }
            }

            fn save(&self, path: &Path) -> Result<(), WeightsError> {
                match self { $(
                    Self::$Network(network) => weights::save(network, architecture::$Network::NAMING, path),
                )* }
            }

            fn forward(&self, images: Tensor<3>) -> Tensor<3> {
                match self { $(Self::$Network(network) => network.forward(images),)* }
            }
        }
    };
}
lgdea_spec::for_each_image_encoder!(declare);
