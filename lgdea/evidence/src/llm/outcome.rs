//! What came of asking a model about one text.

use serde::{Deserialize, Serialize};

use super::check::{Dropped, holds};
use crate::evidence::Evidence;
use crate::ontology::Ontology;

/// What came of asking a model about one text: evidence, or why there is none. The server's failures are no outcomes.
///
/// A failure is kept so that a replay knows of it, but it is no answer: whoever may ask the model asks again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Outcome {
    pub(super) evidence: Vec<Evidence>,
    pub(super) failure: Option<String>,
    pub(super) dropped: Dropped,
}

impl Outcome {
    pub(super) fn is_answer(&self) -> bool {
        self.failure.is_none()
    }

    pub(super) fn holds(&self, ontology: &Ontology, text: &str) -> bool {
        holds(ontology, &self.evidence, text)
    }
}
