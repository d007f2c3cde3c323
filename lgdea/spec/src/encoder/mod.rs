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
    /// d, to which the features of the image network's patches are made narrower before all that follows reads them, by a batch norm and
    /// a linear layer; 0 where they stay as wide as they are. Heads and lesion queries of wide networks are then several times faster.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub patch_width: usize,
    /// What the text encoder reads of a report, in training and evaluation alike.
    pub report_text: ReportText,
    /// Towers whose network stays as it starts, such as `["image", "text"]`. What it makes of each image, as it is and not augmented,
    /// and of each text is made once and kept in the cache; only what follows the network is trained.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frozen: Vec<Tower>,
    /// Adapters of low rank (Hu et al. 2022, arXiv 2106.09685) that are trained in the place of a network: `[encoder.lora.image]`,
    /// `[encoder.lora.text]`.
    #[serde(default, skip_serializing_if = "Adapters::are_none")]
    pub lora: Adapters,
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

/// Which networks have adapters of low rank.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Adapters {
    /// Those of the image encoder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Lora>,
    /// Those of the text encoder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Lora>,
}

impl Adapters {
    fn are_none(&self) -> bool {
        self.of(Tower::Image).or(self.of(Tower::Text)).is_none()
    }

    /// Those of a tower.
    pub fn of(&self, tower: Tower) -> Option<Lora> {
        match tower {
            Tower::Image => self.image,
            Tower::Text => self.text,
        }
    }
}

/// Adapters of low rank: each matrix `W` of a network, which stays as it starts, becomes `W + alpha / rank · A B`. Embeddings and
/// convolutions have none. An export has the sums.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Lora {
    /// Width of the two narrow matrices: 4 to 16 is usual. Each adapts `W` of `m × n` by `rank · (m + n)` numbers.
    #[schemars(range(min = 1))]
    pub rank: usize,
    /// How strongly the adapters count, as a multiple of `1 / rank`; 16 where it is left out.
    #[serde(default = "twice_eight")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub alpha: f64,
}

fn twice_eight() -> f64 {
    16.0
}

/// One of the two encoders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tower {
    /// The image encoder.
    Image,
    /// The text encoder.
    Text,
}

impl Tower {
    /// Both.
    pub const ALL: [Tower; 2] = [Tower::Image, Tower::Text];

    /// Its name in TOML.
    pub fn name(self) -> &'static str {
        match self {
            Tower::Image => "image",
            Tower::Text => "text",
        }
    }

    /// What the names of its network's parameters begin with.
    pub fn network(self) -> &'static str {
        match self {
            Tower::Image => "image.backbone.",
            Tower::Text => "text.backbone.",
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Encoder {
    /// d, where patch features are made narrower.
    pub fn narrow(&self) -> Option<usize> {
        (self.patch_width > 0).then_some(self.patch_width)
    }

    /// Whether the network of a tower stays as it starts.
    pub fn is_frozen(&self, tower: Tower) -> bool {
        self.frozen.contains(&tower)
    }

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
        let count = |tower| self.frozen.iter().filter(|frozen| **frozen == tower).count();
        findings.require(
            Tower::ALL.into_iter().all(|tower| count(tower) < 2),
            &["encoder.frozen"],
            "a tower is named twice".to_owned(),
            "name each once",
        );
        for (tower, name) in Tower::ALL.map(|tower| (tower, tower.name())) {
            findings.require(
                !self.is_frozen(tower) || self.lora.of(tower).is_none(),
                &[&format!("encoder.lora.{name}"), "encoder.frozen"],
                format!("the {name} network is frozen, and has adapters to be trained"),
                "take one of the two out",
            );
        }
        findings.require(
            self.lora.image.is_none() || self.image.has_matrices(),
            &["encoder.lora.image"],
            format!("`{}` is made of convolutions, which have no adapters of low rank", self.image.name()),
            "take another network (`vit`, `swin`, `convnext`), or train this one at a lower rate by `train.learning-rate-factors`",
        );
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
