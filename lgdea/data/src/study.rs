//! The one type that every source of studies is read into.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::decode::{dimensions, read_square};
use crate::labels::{NO_FINDING, phrase_of};
use crate::phantom::Scene;
use crate::{Frame, Report, SkipReason, Skipped, Split};

/// One examination of one patient: at most one frontal image and one report.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// Identifier, unique in a corpus.
    pub id: String,
    /// Identifier of the patient; splits and pairs never divide a patient.
    pub patient: String,
    /// The split that the study belongs to.
    pub split: Split,
    /// The frontal image.
    pub image: Option<Picture>,
    /// The report.
    pub report: Option<Report>,
    /// Findings in `snake_case`, for evaluation; `None` where the study is unlabelled. A study that is known to be normal
    /// has an empty set (phantom) or `no_finding` (real data that says so).
    pub labels: Option<BTreeSet<String>>,
    /// Where findings lie in the image.
    pub boxes: Vec<FindingBox>,
}

/// Where an image comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Picture {
    /// An image file (PNG, JPEG, BMP, TIFF or WebP).
    File(PathBuf),
    /// A radiograph that the phantom renders at any size.
    Phantom(Box<Scene>),
}

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

impl Study {
    /// What is known to be on the image, as people read it; `None` where the study is unlabelled.
    pub fn labels_in_words(&self) -> Option<String> {
        let labels: Vec<String> = self.labels.as_ref()?.iter().map(|label| phrase_of(label)).collect();
        Some(if labels.is_empty() { phrase_of(NO_FINDING) } else { labels.join(", ") })
    }
}

impl Picture {
    /// Draws the image into `square`, `[size * size]` grey pixels that are all 0: fitted in, in the middle.
    ///
    /// # Panics
    ///
    /// If `square` does not have `size * size` pixels, or none.
    pub fn draw(&self, size: usize, square: &mut [u8]) -> Result<Frame, SkipReason> {
        assert!(size > 0 && square.len() == size * size, "a square of {size} × {size} pixels");
        match self {
            Picture::File(path) => read_square(path, size, square),
            Picture::Phantom(scene) => {
                scene.render(size, square);
                Ok(Frame::FULL)
            }
        }
    }

    /// Width and height in pixels of an image file; `None` where its header cannot be read, and for the phantom, which
    /// has no size of its own.
    pub fn dimensions(&self) -> Option<(u32, u32)> {
        match self {
            Picture::File(path) => dimensions(path),
            Picture::Phantom(_) => None,
        }
    }
}

impl Study {
    /// The study without its image, which is counted as left out; `None` where no report remains.
    pub(crate) fn without_image(mut self, reason: SkipReason, skipped: &mut Skipped) -> Option<Study> {
        let example = match self.image.take() {
            Some(Picture::File(path)) => path.display().to_string(),
            _ => self.id.clone(),
        };
        skipped.add(reason, example);
        self.boxes.clear();
        self.or_nothing(skipped)
    }

    /// The study, or `None` (counted) where it has neither image nor report.
    pub(crate) fn or_nothing(self, skipped: &mut Skipped) -> Option<Study> {
        if self.image.is_none() && self.report.is_none() {
            skipped.add(SkipReason::NothingLeft, self.id);
            return None;
        }
        Some(self)
    }
}
