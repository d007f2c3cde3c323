//! `[train]`: the optimisation.

use std::collections::BTreeMap;

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::patience::Patience;
use crate::rules::Findings;
use crate::{Encoder, Eval};

/// Optimisation: a text-only warm-up, then joint steps; `AdamW`, linear warm-up and cosine decay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Train {
    /// Joint steps after the text warm-up.
    #[schemars(range(min = 1))]
    pub steps: usize,
    /// Rounds of this training. From the second on it begins anew, and what the round before ended with teaches the unpaired images from
    /// the first joint step on, in the place of the moving average and of the relation graph. The last round's model is the result.
    #[serde(skip_serializing_if = "is_one")]
    #[schemars(range(min = 1))]
    pub rounds: usize,
    /// Pairs in a batch; all of them where there are fewer.
    #[schemars(range(min = 1))]
    pub batch: usize,
    /// Unpaired images in a batch.
    pub unpaired_images: usize,
    /// Unpaired reports in a batch.
    pub unpaired_reports: usize,
    /// Steps of `L_txt` alone before the joint steps; skipped where that term is off.
    pub text_warmup_steps: usize,
    /// Reports in a batch of the text warm-up.
    #[schemars(range(min = 1))]
    pub text_warmup_batch: usize,
    /// Peak learning rate.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub learning_rate: f64,
    /// Factors of the learning rate by regular expressions over names of parameters, such as `"^image\\.backbone\\." = 0.1` and
    /// `"^text\\.backbone\\." = 0`. What several match has the product of theirs; 0 freezes, batch norms included.
    pub learning_rate_factors: BTreeMap<String, f64>,
    /// `AdamW`'s decoupled weight decay; vectors (biases, norms, scales) are never decayed.
    #[schemars(range(min = 0.0))]
    pub weight_decay: f64,
    /// Steps of linear learning-rate warm-up, in each of the two stages.
    pub warmup: usize,
    /// Largest global norm of the gradient.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub clip_norm: f64,
    /// Ceiling of the moving average of the encoders, `min(ema, (t+1)/(t+10))`; the average is what is evaluated.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub ema: f64,
    /// Initial value of the learned scale `s = exp(log_scale)` of similarities.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub initial_scale: f64,
    /// Ceiling of that scale.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub max_scale: f64,
    /// Images, and texts, that an encoder's network sees at a time; 0 for the whole batch. Losses still compare all of a batch
    /// (`GradCache`, Gao et al. 2021): less memory for one more forward pass. Batch norms see a part's statistics.
    pub micro_batch: usize,
    /// Whether cheap intermediate values are computed again for the gradient instead of being kept in memory.
    pub gradient_checkpointing: bool,
    /// Precision of matrix products and convolutions in the networks of published encoders while training. Weights, losses
    /// and evaluation are `f32`.
    pub precision: Precision,
    /// When a training that gets no better ends.
    #[serde(skip_serializing_if = "Patience::is_off")]
    pub patience: Patience,
    /// Steps between logged metrics.
    #[schemars(range(min = 1))]
    pub log_every: usize,
    /// Steps between checkpoints; 0 keeps only the last.
    pub checkpoint_every: usize,
    /// Augmentation of training images.
    pub augment: Augment,
}

/// Precision of matrix products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// Single precision.
    F32,
    /// Half precision with the range of single precision, which GPUs since Ampere multiply many times faster.
    Bf16,
}

/// Augmentation, on standardised images. There is no flip: laterality is diagnostic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Augment {
    /// Largest shift, as a share of the image's side.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub shift: f64,
    /// Largest turn either way, in degrees.
    #[schemars(range(min = 0.0, max = 180.0))]
    pub rotation: f64,
    /// Largest change of size either way, as a share: 0.1 is from 0.9 to 1.1 times.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub scale: f64,
    /// Standard deviation of the contrast factor around 1.
    #[schemars(range(min = 0.0))]
    pub gain: f64,
    /// Standard deviation of the brightness offset.
    #[schemars(range(min = 0.0))]
    pub offset: f64,
    /// Largest standard deviation of pixel noise.
    #[schemars(range(min = 0.0))]
    pub noise: f64,
    /// Standard deviation of the slope of a linear illumination field.
    #[schemars(range(min = 0.0))]
    pub illumination: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_one(number: &usize) -> bool {
    *number == 1
}

impl Train {
    /// The joint steps of all rounds.
    pub fn all_steps(&self) -> usize {
        self.steps * self.rounds
    }

    pub(crate) fn check(&self, encoder: &Encoder, eval: &Eval, findings: &mut Findings<'_>) {
        self.patience.check(eval, findings);
        let Train { initial_scale, max_scale, precision, .. } = self;
        findings.require(
            *precision == Precision::F32 || encoder.has_published(),
            &["train.precision"],
            "neither encoder is a published one, and no other computes in `bf16`".to_owned(),
            "leave `precision` at \"f32\", or take a published encoder, such as a ResNet or a BERT",
        );
        findings.require(
            initial_scale <= max_scale,
            &["train.initial-scale", "train.max-scale"],
            format!("the scale starts at {initial_scale}, above its ceiling of {max_scale}"),
            "lower `initial-scale` or raise `max-scale`",
        );
        for (pattern, factor) in &self.learning_rate_factors {
            let key = format!("train.learning-rate-factors.{pattern}");
            if let Err(error) = Regex::new(pattern) {
                let reason = format!("`{pattern}` is no regular expression: {}", last_line(&error.to_string()));
                findings.require(
                    false,
                    &[&key, "train.learning-rate-factors"],
                    reason,
                    "quote special signs with `\\`",
                );
            }
            findings.require(
                factor.is_finite() && *factor >= 0.0,
                &[&key, "train.learning-rate-factors"],
                format!("a factor of the learning rate cannot be {factor}"),
                "give 0, which freezes, or more",
            );
        }
    }
}

/// The library's messages show the pattern in their first lines.
fn last_line(message: &str) -> &str {
    message.lines().last().unwrap_or_default().trim_start_matches("error: ")
}

#[cfg(test)]
mod tests {
    use crate::testing::refusal;

    #[test]
    fn a_scale_above_its_ceiling_is_refused() {
        insta::assert_snapshot!(refusal(&[("t.toml", "[train]\nmax-scale = 5\n")], &["train.initial-scale=20"]));
    }

    #[test]
    fn half_precision_needs_an_encoder_that_has_it() {
        insta::assert_snapshot!(refusal(&[("t.toml", "[train]\nprecision = \"bf16\"\n")], &[]));
    }

    #[test]
    fn factors_are_regular_expressions_and_not_negative() {
        insta::assert_snapshot!(refusal(
            &[("t.toml", "[train.learning-rate-factors]\n'image.(' = 0.1\n'text' = -1\n")],
            &[],
        ));
    }

    #[test]
    fn the_problem_points_at_what_someone_wrote_and_not_at_a_default() {
        let refusal = refusal(&[("t.toml", "[train]\nmax-scale = 5\n")], &[]);
        assert!(refusal.contains("t.toml:2:13"), "{refusal}");
    }
}
