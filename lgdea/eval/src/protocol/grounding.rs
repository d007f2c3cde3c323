//! A protocol of phrase grounding.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::switch::{Interval, Kind, twice};

/// How heat maps of phrases become numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct GroundingProtocol {
    /// Raised whenever a switch changes.
    pub version: u32,
    /// The task: `grounding`.
    pub task: Kind,
    /// What it is for.
    pub description: String,
    /// Standard deviation of the Gaussian that smooths the map, in its own pixels, before it is upsampled; 0 for none.
    pub smoothing: f64,
    /// How the map comes to the frame.
    pub upsampling: Upsampling,
    /// The frame in which maps and boxes are compared.
    pub frame: Frame,
    /// What becomes of the map before thresholds are applied; pointing and CNR are of the map without that.
    pub normalise: Normalise,
    /// What several boxes of a phrase are.
    pub boxes: Boxes,
    /// What is measured.
    pub metrics: Vec<GroundingMetric>,
    /// Thresholds that mean intersection over union and mean Dice are over; a pixel of at least the threshold is predicted.
    pub thresholds: Vec<f64>,
    /// How many pixels of the frame the maximum may be away from the region.
    pub pointing_tolerance: f64,
    /// How several maxima of a map count.
    pub maxima: Maxima,
    /// What the means are over.
    pub mean_over: MeanOver,
    /// Intervals.
    pub interval: Interval,
}

/// How the map comes to the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Upsampling {
    /// Between the centres of its pixels, linearly.
    Bilinear,
    /// Row `i` of `H` as row `⌊i h / H⌋` of the map's `h`, and columns so: torch's `nearest`.
    Nearest,
}

/// The frame in which maps and boxes are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Frame {
    /// A square of so many pixels.
    Square(usize),
    /// A frame that has a name.
    Named(NamedFrame),
}

/// A frame that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NamedFrame {
    /// The image in its own size, which the reference must say.
    Image,
}

/// What becomes of the map before thresholds are applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Normalise {
    /// Nothing.
    None,
    /// Its least value becomes 0, its greatest 1; a constant map is all 0.
    MinMax,
    /// Its least value becomes −1, its greatest 1; a constant map is all −1.
    Symmetric,
    /// Values below 0 become 0.
    ClampAtZero,
}

/// What several boxes of a phrase are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Boxes {
    /// One region.
    Union,
    /// A phrase each.
    Each,
}

/// How several maxima of a map count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Maxima {
    /// By the share of them that is right: what one of them, drawn at random, would give on average.
    Share,
    /// As right if any of them is: a constant map is always right.
    Any,
}

/// What the means are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MeanOver {
    /// Over phrases.
    Phrases,
    /// Over the phrases of each class, then over classes.
    Classes,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GroundingMetric {
    /// Whether the map's maximum lies in the region.
    Pointing,
    /// Absolute contrast-to-noise ratio.
    Cnr,
    /// The same with its sign.
    CnrSigned,
    /// Mean intersection over union, over thresholds.
    Miou,
    /// Mean Dice coefficient, over thresholds.
    Dice,
    /// AUROC of the map's maximum (as the model gives it), for whether the image shows what the phrase says.
    Groundability,
}

impl GroundingProtocol {
    pub(super) fn problem(&self) -> Option<String> {
        let metrics = &self.metrics;
        let thresholded = metrics.contains(&GroundingMetric::Miou) || metrics.contains(&GroundingMetric::Dice);
        let not_positive = |value: f64| !(value.is_finite() && value >= 0.0);
        let ascending = self.thresholds.windows(2).all(|pair| pair[0] < pair[1]);
        let problems = [
            (metrics.is_empty(), "`metrics` is empty; name at least one"),
            (twice(metrics).is_some(), "`metrics` has one twice; remove it"),
            (
                thresholded == self.thresholds.is_empty(),
                "`thresholds` is what \"miou\" and \"dice\" need, and nothing else; change it or `metrics`",
            ),
            (
                !ascending || self.thresholds.iter().any(|threshold| !threshold.is_finite()),
                "`thresholds` must be numbers that rise; sort them, each once",
            ),
            (
                not_positive(self.smoothing) || self.smoothing > 1000.0,
                "`smoothing` must be from 0 (for none) to 1000; change it",
            ),
            (
                not_positive(self.pointing_tolerance) || self.pointing_tolerance > 1000.0,
                "`pointing-tolerance` must be from 0 (for none) to 1000; change it",
            ),
            (
                matches!(self.frame, Frame::Square(side) if !(1..=20_000).contains(&side)),
                "`frame` must be from 1 to 20000 pixels, or \"image\"; change it",
            ),
        ];
        problems.into_iter().find(|(is_wrong, _)| *is_wrong).map(|(_, problem)| problem.to_owned())
    }
}
