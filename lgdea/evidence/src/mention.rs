//! A finding where a sentence names it.

use crate::evidence::{Laterality, Polarity, Severity};

/// A finding in a sentence: the tokens that name it and what was said of it.
pub(crate) struct Mention {
    pub(crate) finding: usize,
    pub(crate) first: usize,
    pub(crate) last: usize,
    pub(crate) polarity: Polarity,
    pub(crate) laterality: Laterality,
    /// Indices of the ontology's locations.
    pub(crate) location: Vec<usize>,
    pub(crate) severity: Severity,
}
