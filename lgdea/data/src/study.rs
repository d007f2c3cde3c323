//! The one type that every source of studies is read into.

use std::collections::BTreeSet;

use crate::labels::{NO_FINDING, phrase_of};
use crate::{FindingBox, Picture, Report, SkipReason, Skipped, Split};

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

impl Study {
    /// What is known to be on the image, as people read it; `None` where the study is unlabelled.
    pub fn labels_in_words(&self) -> Option<String> {
        let labels: Vec<String> = self.labels.as_ref()?.iter().map(|label| phrase_of(label)).collect();
        Some(if labels.is_empty() { phrase_of(NO_FINDING) } else { labels.join(", ") })
    }

    /// The study without its image, which is counted as left out; `None` where no report remains.
    pub(crate) fn without_image(mut self, reason: SkipReason, skipped: &mut Skipped) -> Option<Study> {
        let image = self.image.take();
        let file = image.as_ref().and_then(Picture::file);
        skipped.add(reason, file.map_or_else(|| self.id.clone(), |path| path.display().to_string()));
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
