//! The two towers. Each architecture's settings have a file, and a line in `list.rs`.

mod image;
mod list;
mod text;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules::Findings;

pub use image::ImageEncoder;
pub(crate) use image::{
    DEFAULTS as IMAGE_DEFAULTS, ImageSettings, PublishedImage, require_multiple, require_whole_patches,
};
pub(crate) use text::{DEFAULTS as TEXT_DEFAULTS, TextSettings};
pub use text::{TextEncoder, WordPieces};

macro_rules! files {
    ($($_name:literal => $module:ident: $_Settings:ident,)*) => {
        $(mod $module; pub use $module::*;)*
    };
}
crate::for_each_image_encoder!(files);
crate::for_each_text_encoder!(files);

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

impl Encoder {
    /// The files, folders and repositories of published weights that the encoders start from, or whose word pieces they have.
    pub fn pretrained(&self) -> Vec<String> {
        let image = self.image.weights().map(|(weights, _)| weights);
        let text = match self.text.word_pieces() {
            WordPieces::Learned(_) => None,
            WordPieces::Published { model, .. } => Some(model),
        };
        image.into_iter().chain(text).map(str::to_owned).collect()
    }

    /// Whether one of the two has a published architecture.
    pub(crate) fn has_published(&self) -> bool {
        self.image.is_published() || self.text.is_published()
    }

    pub(crate) fn check(&self, findings: &mut Findings<'_>) {
        self.image.check(findings);
        self.text.check(findings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::refusal;

    #[test]
    fn sizes_that_do_not_divide_are_refused() {
        insta::assert_snapshot!(refusal(
            &[("e.toml", "[encoder.image.patch-cnn]\nsize = 60\n[encoder.text.transformer]\nheads = 5\n")],
            &["encoder.text.transformer.max-phrase-tokens=200"],
        ));
    }

    #[test]
    fn every_encoder_has_defaults_that_its_type_reads() {
        assert!(ImageEncoder::all().iter().all(|encoder| encoder.size() > 0));
        assert!(TextEncoder::all().iter().all(|encoder| encoder.max_phrase_tokens() <= encoder.max_tokens()));
    }
}
