use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Optimisation: a text-only warm-up, then joint steps; AdamW, linear warm-up and cosine decay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Train {
    /// Joint steps after the text warm-up.
    pub steps: usize,
    /// Pairs in a batch; all of them where there are fewer.
    pub batch: usize,
    /// Unpaired images in a batch.
    pub unpaired_images: usize,
    /// Unpaired reports in a batch.
    pub unpaired_reports: usize,
    /// Steps of `L_txt` alone before the joint steps; skipped where that term is off.
    pub text_warmup_steps: usize,
    /// Reports in a batch of the text warm-up.
    pub text_warmup_batch: usize,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// AdamW's decoupled weight decay; vectors (biases, norms, scales) are never decayed.
    pub weight_decay: f64,
    /// Steps of linear learning-rate warm-up, in each of the two stages.
    pub warmup: usize,
    /// Largest global norm of the gradient.
    pub clip_norm: f64,
    /// Ceiling of the moving average of the encoders, `min(ema, (t+1)/(t+10))`; the average is what is evaluated.
    pub ema: f64,
    /// Initial value of the learned scale `s = exp(log_scale)` of similarities.
    pub initial_scale: f64,
    /// Ceiling of that scale.
    pub max_scale: f64,
    /// Steps between logged metrics.
    pub log_every: usize,
    /// Steps between checkpoints; 0 keeps only the last.
    pub checkpoint_every: usize,
    /// Augmentation of training images.
    pub augment: Augment,
}

/// Augmentation, on standardised images. There is no flip: laterality is diagnostic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Augment {
    /// Largest shift, as a share of the image's side.
    pub shift: f64,
    /// Standard deviation of the contrast factor around 1.
    pub gain: f64,
    /// Standard deviation of the brightness offset.
    pub offset: f64,
    /// Largest standard deviation of pixel noise.
    pub noise: f64,
    /// Standard deviation of the slope of a linear illumination field.
    pub illumination: f64,
}
