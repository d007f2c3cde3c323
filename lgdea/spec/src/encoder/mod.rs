//! The two towers: a file for each architecture.

mod bert;
mod densenet;
mod patch_cnn;
mod resnet;
mod token_cnn;
mod transformer;
mod vit;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules::Findings;

pub use bert::{Bert, BertPooling};
pub use densenet::DenseNet;
pub use patch_cnn::PatchCnn;
pub use resnet::ResNet;
pub use token_cnn::TokenCnn;
pub use transformer::Transformer;
pub use vit::{Vit, VitVariant};

/// The two towers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Encoder {
    /// D, width of the shared embedding.
    #[schemars(range(min = 1))]
    pub dim: usize,
    /// What the text encoder reads of a report, in training and evaluation alike.
    pub report_text: ReportText,
    /// The image encoder; exactly one architecture.
    pub image: ImageEncoder,
    /// The text encoder; exactly one architecture.
    pub text: TextEncoder,
}

/// What the text encoder reads of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReportText {
    /// The report as it is.
    Report,
    /// Its evidence phrases, one sentence each.
    Evidence,
}

/// Architectures of the image encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum ImageEncoder {
    /// A small residual CNN whose patches stay local; made for 64-pixel images on a CPU.
    PatchCnn(PatchCnn),
    /// ResNet-18 or ResNet-50.
    #[serde(rename = "resnet")]
    ResNet(ResNet),
    /// DenseNet-121.
    #[serde(rename = "densenet")]
    DenseNet(DenseNet),
    /// A vision transformer.
    Vit(Vit),
}

impl ImageEncoder {
    /// Side of the square input images, in pixels.
    pub fn size(&self) -> usize {
        match self {
            ImageEncoder::PatchCnn(settings) => settings.size,
            ImageEncoder::ResNet(settings) => settings.size,
            ImageEncoder::DenseNet(settings) => settings.size,
            ImageEncoder::Vit(settings) => settings.size,
        }
    }

    /// Published weights to start from and what the encoder's names begin with there; `None` for random ones.
    pub fn weights(&self) -> Option<(&str, &str)> {
        let (weights, prefix) = match self {
            ImageEncoder::PatchCnn(_) => return None,
            ImageEncoder::ResNet(settings) => (&settings.weights, &settings.weights_prefix),
            ImageEncoder::DenseNet(settings) => (&settings.weights, &settings.weights_prefix),
            ImageEncoder::Vit(settings) => (&settings.weights, &settings.weights_prefix),
        };
        (!weights.is_empty()).then_some((weights, prefix))
    }
}

/// Architectures of the text encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum TextEncoder {
    /// A small convolutional network over word pieces learned on the corpus.
    TokenCnn(TokenCnn),
    /// A small pre-norm transformer over word pieces learned on the corpus.
    Transformer(Transformer),
    /// BERT or one of its kin.
    Bert(Bert),
}

impl TextEncoder {
    /// Largest number of word pieces to learn on the corpus; `None` where the encoder brings its own.
    pub fn vocabulary(&self) -> Option<usize> {
        match self {
            TextEncoder::TokenCnn(settings) => Some(settings.vocabulary),
            TextEncoder::Transformer(settings) => Some(settings.vocabulary),
            TextEncoder::Bert(_) => None,
        }
    }

    /// Longest report in tokens; longer ones are cut.
    pub fn max_tokens(&self) -> usize {
        match self {
            TextEncoder::TokenCnn(settings) => settings.max_tokens,
            TextEncoder::Transformer(settings) => settings.max_tokens,
            TextEncoder::Bert(settings) => settings.max_tokens,
        }
    }

    /// Longest evidence phrase or prompt in tokens.
    pub fn max_phrase_tokens(&self) -> usize {
        match self {
            TextEncoder::TokenCnn(settings) => settings.max_phrase_tokens,
            TextEncoder::Transformer(settings) => settings.max_phrase_tokens,
            TextEncoder::Bert(settings) => settings.max_phrase_tokens,
        }
    }
}

impl Encoder {
    /// The files, folders and repositories of published weights that the encoders start from, or whose word pieces they have.
    pub fn pretrained(&self) -> Vec<String> {
        let image = self.image.weights().map(|(weights, _)| weights.to_owned());
        let text = match &self.text {
            TextEncoder::Bert(settings) => Some(settings.model.clone()),
            TextEncoder::TokenCnn(_) | TextEncoder::Transformer(_) => None,
        };
        image.into_iter().chain(text).collect()
    }

    /// Whether one of the two has a published architecture.
    pub(crate) fn has_published(&self) -> bool {
        !matches!(self.image, ImageEncoder::PatchCnn(_)) || matches!(self.text, TextEncoder::Bert(_))
    }

    pub(crate) fn check(&self, findings: &mut Findings<'_>) {
        match &self.image {
            ImageEncoder::PatchCnn(settings) => settings.check(findings),
            ImageEncoder::ResNet(settings) => settings.check(findings),
            ImageEncoder::DenseNet(settings) => settings.check(findings),
            ImageEncoder::Vit(settings) => settings.check(findings),
        }
        let name = match &self.text {
            TextEncoder::TokenCnn(_) => "token-cnn",
            TextEncoder::Transformer(settings) => {
                settings.check(findings);
                "transformer"
            }
            TextEncoder::Bert(_) => "bert",
        };
        let (phrase, report) = (self.text.max_phrase_tokens(), self.text.max_tokens());
        findings.require(
            phrase <= report,
            &[&format!("encoder.text.{name}.max-phrase-tokens"), &format!("encoder.text.{name}.max-tokens")],
            format!("a phrase of {phrase} tokens is longer than the longest report ({report})"),
            "make `max-phrase-tokens` at most `max-tokens`",
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::refusal;

    #[test]
    fn sizes_that_do_not_divide_are_refused() {
        insta::assert_snapshot!(refusal(
            &[("e.toml", "[encoder.image.patch-cnn]\nsize = 60\n[encoder.text.transformer]\nheads = 5\n")],
            &["encoder.text.transformer.max-phrase-tokens=200"],
        ));
    }
}
