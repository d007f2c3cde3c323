//! The one type that every source of studies is read into.

use std::sync::Arc;

use crate::labels::{NO_FINDING, StudyLabels, phrase_of};
use crate::table::{shown_id, shown_path};
use crate::{FindingBox, Person, Picture, Projection, Report, SkipReason, Skipped, Split};

/// What is learned from and scored as one: at most one image and one report of an examination. An examination with several
/// images that are read is several studies, which have its report each.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// Identifier, unique in a corpus.
    pub id: String,
    /// Identifier of the examination: `id`, but for further images.
    pub examination: String,
    /// Identifier of the patient; splits and pairs never divide a patient.
    pub patient: String,
    /// The split that the study belongs to.
    pub split: Split,
    /// The image.
    pub image: Option<Picture>,
    /// The report.
    pub report: Option<Report>,
    /// Findings, for evaluation; `None` where the study is unlabelled.
    pub labels: Option<StudyLabels>,
    /// Where findings lie in the image.
    pub boxes: Vec<FindingBox>,
    /// Who was examined.
    pub person: Person,
    /// How the image was taken, where that is known.
    pub projection: Option<Projection>,
    /// Where the study is from: the data set (`nih-cxr14`, `openi`, …), or what a table of one's own says, where that names sources.
    pub source: Option<Arc<str>>,
}

impl Study {
    /// A study of which nothing else is known.
    pub fn new(id: impl Into<String>, patient: impl Into<String>, split: Split) -> Study {
        let id = id.into();
        Study {
            examination: id.clone(),
            id,
            patient: patient.into(),
            split,
            image: None,
            report: None,
            labels: None,
            boxes: Vec::new(),
            person: Person::default(),
            projection: None,
            source: None,
        }
    }

    /// What is known to be on the image, as people read it; `None` where the study is unlabelled.
    pub fn labels_in_words(&self) -> Option<String> {
        let labels: Vec<String> = self.labels.as_ref()?.present.iter().map(|label| phrase_of(label)).collect();
        Some(if labels.is_empty() { phrase_of(NO_FINDING) } else { labels.join(", ") })
    }

    /// The study without its image, which is counted as left out; `None` where no report remains.
    pub(crate) fn without_image(mut self, reason: SkipReason, skipped: &mut Skipped) -> Option<Study> {
        let image = self.image.take();
        let file = image.as_ref().and_then(Picture::file);
        skipped.add(reason, file.map_or_else(|| shown_id(&self.id), shown_path));
        for _ in self.boxes.drain(..) {
            skipped.add(SkipReason::BoxWithoutImage, shown_id(&self.id));
        }
        self.or_nothing(skipped)
    }

    /// The study, or `None` (counted) where it has neither image nor report.
    pub(crate) fn or_nothing(self, skipped: &mut Skipped) -> Option<Study> {
        if self.image.is_none() && self.report.is_none() {
            skipped.add(SkipReason::NothingLeft, shown_id(&self.id));
            return None;
        }
        Some(self)
    }
}
