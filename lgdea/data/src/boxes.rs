//! Boxes of findings, in shares of their images.

use std::sync::Arc;

use crate::Mask;
use crate::labels::phrase_of;

/// A finding's bounding box, in shares [0, 1] of the original image's width and height.
#[derive(Debug, Clone, PartialEq)]
pub struct FindingBox {
    /// The finding in `snake_case`.
    pub finding: String,
    /// The phrase to ground, without severity: "left pleural effusion".
    pub phrase: String,
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
    /// The finding's outline, where the source has one; the box is around it.
    pub mask: Option<Arc<Mask>>,
}

impl FindingBox {
    /// A box given in pixels as `[left, upper, width, height]` of an image of `[width, height]`, cut at the image's edges;
    /// `None` where nothing is left. Without a phrase the finding's name is the one to ground.
    pub(crate) fn in_pixels(finding: &str, phrase: &str, edges: [f64; 4], size: [f64; 2]) -> Option<FindingBox> {
        let [x, y, width, height] = shares(edges, size)?;
        let phrase = if phrase.is_empty() { phrase_of(finding) } else { phrase.to_owned() };
        Some(FindingBox { finding: finding.to_owned(), phrase, x, y, width, height, mask: None })
    }

    /// A mask with the box around it; `None` where it covers nothing. Without a phrase the finding's name is the one to
    /// ground.
    pub(crate) fn of_mask(finding: &str, phrase: &str, mask: Mask) -> Option<FindingBox> {
        let around = FindingBox::in_pixels(finding, phrase, mask.bounds()?, mask.size())?;
        Some(FindingBox { mask: Some(Arc::new(mask)), ..around })
    }
}

/// A box in shares of its image, cut at the image's edges; `None` where nothing is left.
fn shares([x, y, width, height]: [f64; 4], [image_width, image_height]: [f64; 2]) -> Option<[f32; 4]> {
    let span = |start: f64, length: f64, side: f64| {
        let (from, to) = (start.clamp(0.0, side), (start + length).clamp(0.0, side));
        (from / side, (to - from) / side)
    };
    let (x, width) = span(x, width, image_width);
    let (y, height) = span(y, height, image_height);
    (width > 0.0 && height > 0.0).then_some([x as f32, y as f32, width as f32, height as f32])
}
