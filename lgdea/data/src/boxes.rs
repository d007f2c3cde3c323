//! Boxes of findings, in shares of their images.

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
}

impl FindingBox {
    /// A box given in pixels as `[left, upper, width, height]` of an image of `[width, height]`, cut at the image's edges;
    /// `None` where nothing is left. Without a phrase the finding's name is the one to ground.
    pub(crate) fn in_pixels(finding: &str, phrase: &str, edges: [f64; 4], size: [f64; 2]) -> Option<FindingBox> {
        let [x, y, width, height] = shares(edges, size)?;
        let phrase = if phrase.is_empty() { phrase_of(finding) } else { phrase.to_owned() };
        Some(FindingBox { finding: finding.to_owned(), phrase, x, y, width, height })
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
