//! The choice of an image encoder, and what the settings of each must say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::defaults;
use crate::rules::Findings;

/// What the settings of an image encoder say.
pub(crate) trait ImageSettings {
    /// Side of the square input images, in pixels.
    fn size(&self) -> usize;

    /// The weights that the encoder starts from; `None` where nobody publishes such an encoder.
    fn published(&self) -> Option<PublishedImage<'_>> {
        None
    }

    /// Whether the network has matrices, which adapters of low rank can be of; one of convolutions has none.
    fn has_matrices(&self) -> bool {
        true
    }

    /// Notes the rules that the settings break.
    fn check(&self, _findings: &mut Findings<'_>) {}
}

/// Weights of a published image encoder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PublishedImage<'a> {
    /// A file or a repository; empty starts from random weights.
    pub(crate) weights: &'a str,
    /// What the encoder's names begin with there.
    pub(crate) prefix: &'a str,
}

/// Notes that images of an encoder do not divide into its patches, where they do not.
pub(crate) fn require_whole_patches(encoder: &str, size: usize, patch: usize, findings: &mut Findings<'_>) {
    findings.require(
        size.is_multiple_of(patch),
        &[&format!("encoder.image.{encoder}.size"), &format!("encoder.image.{encoder}.patch")],
        format!("images of {size} pixels do not divide into patches of {patch} pixels"),
        "make `size` a multiple of `patch`",
    );
}

/// Notes that the images of an encoder do not divide into its `parts` of `side` pixels, where they do not; `keys` say the size.
pub(crate) fn require_multiple(keys: &[&str], size: usize, (parts, side): (&str, usize), findings: &mut Findings<'_>) {
    findings.require(
        size.is_multiple_of(side),
        keys,
        format!("images of {size} pixels do not divide into {parts} of {side} pixels"),
        &format!("make `size` a multiple of {side}"),
    );
}

macro_rules! declare {
    ($($name:literal => $module:ident: $Settings:ident,)*) => {
        /// Architectures of the image encoder.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[expect(missing_docs, reason = "the types of their settings say what they are")]
        pub enum ImageEncoder {
            $(#[serde(rename = $name)] $Settings(super::$module::$Settings),)*
        }

        /// The default settings of each encoder, as TOML.
        pub(crate) const DEFAULTS: &[&str] = &[$(super::$module::DEFAULTS),*];
        const NAMES: &[&str] = &[$($name),*];

        impl ImageEncoder {
            /// The name of its architecture in TOML.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$Settings(_) => $name,)* }
            }

            fn settings(&self) -> &dyn ImageSettings {
                match self { $(Self::$Settings(settings) => settings,)* }
            }
        }
    };
}
crate::for_each_image_encoder!(declare);

impl ImageEncoder {
    /// All architectures, each with its default settings.
    pub fn all() -> Vec<ImageEncoder> {
        NAMES.iter().map(|name| defaults::choice("/encoder/image", name)).collect()
    }

    /// Side of the square input images, in pixels.
    pub fn size(&self) -> usize {
        self.settings().size()
    }

    /// Published weights to start from and what the encoder's names begin with there; `None` for random ones.
    pub fn weights(&self) -> Option<(&str, &str)> {
        let PublishedImage { weights, prefix } = self.settings().published()?;
        (!weights.is_empty()).then_some((weights, prefix))
    }

    pub(super) fn has_matrices(&self) -> bool {
        self.settings().has_matrices()
    }

    /// Whether there are published weights of this architecture.
    pub fn is_published(&self) -> bool {
        self.settings().published().is_some()
    }

    pub(super) fn check(&self, findings: &mut Findings<'_>) {
        self.settings().check(findings);
    }
}
