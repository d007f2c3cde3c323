//! `EfficientNet` (Tan and Le 2019) and `EfficientNet`-Lite without their classifiers, in timm's form.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ImageSettings, PublishedImage, require_multiple};
use crate::rules::Findings;

/// Default settings.
pub(crate) const DEFAULTS: &str = r#"
[encoder.image.efficientnet]
variant = "lite0"
trained-in = "tensorflow"
size = 224
weights = ""
weights-prefix = ""
"#;

/// Pixels that a cell of the last map covers.
const CELL: usize = 32;

/// An `EfficientNet`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EfficientNet {
    /// Which one: `b0` to `b4`, or `lite0` to `lite4`, which have no squeeze-and-excitation and ReLU6 for SiLU.
    pub variant: EfficientNetVariant,
    /// Where its weights were trained, on which the padding of its convolutions and the ε of its batch norms depend. Files do
    /// not say it: the names of the parameters are the same.
    pub trained_in: TrainedIn,
    /// Side of the square input images, in pixels.
    #[schemars(range(min = 32))]
    pub size: usize,
    /// Published weights to start from: a `.safetensors`, `.pt`, `.pth` or `.bin` file, or a repository in the Hugging Face cache
    /// of this machine (`owner/name`). Empty starts from random ones.
    #[schemars(extend("x-path" = "weights"))]
    pub weights: String,
    /// What the encoder's names begin with in that file, such as `module.image_encoder.`; empty where it holds nothing else.
    pub weights_prefix: String,
}

/// Published variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are those of the publications")]
pub enum EfficientNetVariant {
    Lite0,
    Lite1,
    Lite2,
    Lite3,
    Lite4,
    B0,
    B1,
    B2,
    B3,
    B4,
}

impl EfficientNetVariant {
    /// Whether it is one of the lite ones, and its number.
    pub fn family(self) -> (bool, usize) {
        match self {
            Self::Lite0 => (true, 0),
            Self::Lite1 => (true, 1),
            Self::Lite2 => (true, 2),
            Self::Lite3 => (true, 3),
            Self::Lite4 => (true, 4),
            Self::B0 => (false, 0),
            Self::B1 => (false, 1),
            Self::B2 => (false, 2),
            Self::B3 => (false, 3),
            Self::B4 => (false, 4),
        }
    }
}

/// Where the weights of an `EfficientNet` were trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrainedIn {
    /// The authors' weights: timm's `tf_efficientnet_*`, all of `EfficientNet-PyTorch` and its `EfficientNet`-Lite. Where a
    /// convolution halves the image, there is one row and one column more of zeros behind than before; ε is 1e-3.
    Tensorflow,
    /// timm's `efficientnet_*` and torchvision's. As many zeros on each side; ε is 1e-5.
    Pytorch,
}

impl ImageSettings for EfficientNet {
    fn has_matrices(&self) -> bool {
        false
    }

    fn size(&self) -> usize {
        self.size
    }

    fn published(&self) -> Option<PublishedImage<'_>> {
        Some(PublishedImage { weights: &self.weights, prefix: &self.weights_prefix })
    }

    fn check(&self, findings: &mut Findings<'_>) {
        require_multiple(&["encoder.image.efficientnet.size"], self.size, ("cells", CELL), findings);
        // Of timm's repositories the name tells.
        if let Some(name) = self.weights.strip_prefix("timm/") {
            let (found, other) = if name.starts_with("tf_") {
                (TrainedIn::Tensorflow, "tensorflow")
            } else {
                (TrainedIn::Pytorch, "pytorch")
            };
            findings.require(
                self.trained_in == found,
                &["encoder.image.efficientnet.trained-in", "encoder.image.efficientnet.weights"],
                format!("the weights of `timm/{name}` were trained in {other}"),
                &format!("write `trained-in = \"{other}\"`"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Resolved;

    #[test]
    fn where_the_weights_of_timm_were_trained_must_be_said_right() {
        let resolve = |weights: &str, place: &str| {
            Resolved::from_overrides(&[format!(
                "encoder.image={{efficientnet={{weights=\"timm/{weights}\", trained-in=\"{place}\"}}}}"
            )])
        };
        for (weights, right, wrong) in [
            ("tf_efficientnet_lite0.in1k", "tensorflow", "pytorch"),
            ("efficientnet_b0.ra_in1k", "pytorch", "tensorflow"),
        ] {
            assert!(resolve(weights, right).is_ok(), "{weights}");
            let error = resolve(weights, wrong).unwrap_err().to_string();
            assert!(error.contains(&format!("were trained in {right}")), "{error}");
        }
    }
}
