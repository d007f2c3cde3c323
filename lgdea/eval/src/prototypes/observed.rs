//! What a model says of phrases, reports and images: what prototypes are described by.

use std::collections::BTreeMap;

use ndarray::Array2;

use crate::metric::grounding::Target;

/// A distinct evidence phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// Its text.
    pub text: String,
    /// How often reports have it, by the finding that it names there.
    pub findings: BTreeMap<String, usize>,
}

/// What a model says of phrases, reports and images.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The distinct phrases of the reports.
    pub phrases: Vec<Phrase>,
    /// `p(k | z)` (equation 4), `[phrases, K]`.
    pub phrase_evidence: Array2<f32>,
    /// Each report's phrases, as positions; none is empty.
    pub reports: Vec<Vec<usize>>,
    /// The images, where the method teaches them evidence.
    pub images: Option<ObservedImages>,
}

/// What a model says of images.
#[derive(Debug, Clone)]
pub struct ObservedImages {
    /// `Q̄_I` (equation 7), `[images, K]`.
    pub evidence: Array2<f32>,
    /// Per prototype, the regions that load on it most, of different images; best first.
    pub regions: Vec<Vec<Region>>,
    /// Per prototype, the lesion tokens that load on it most, of different images; best first.
    pub lesions: Vec<Vec<LesionToken>>,
}

/// A patch of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    /// The study.
    pub study: usize,
    /// The patch `[x, y, width, height]` in shares of the image.
    pub place: Target,
    /// The patch's evidence of the prototype, in [0, 1].
    pub evidence: f32,
}

/// A lesion token of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct LesionToken {
    /// The study.
    pub study: usize,
    /// The lesion query.
    pub query: usize,
    /// `Q_I(l, k)` (equation 6).
    pub evidence: f32,
    /// The query's attention `A_lp`, `[patches, patches]`.
    pub attention: Array2<f32>,
}

impl Phrase {
    /// How many reports have it.
    pub(super) fn count(&self) -> usize {
        self.findings.values().sum()
    }
}
