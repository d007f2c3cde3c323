//! What came of asking a model about one text.

use serde::{Deserialize, Serialize};

use super::check::{Dropped, holds};
use crate::evidence::Evidence;
use crate::ontology::Ontology;

/// What came of asking a model about one text: evidence, or why there is none. The server's failures are no outcomes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Outcome {
    pub(super) evidence: Vec<Evidence>,
    pub(super) failure: Option<String>,
    pub(super) dropped: Dropped,
}

impl Outcome {
    pub(super) fn holds(&self, ontology: &Ontology, text: &str) -> bool {
        holds(ontology, &self.evidence, text)
    }
}
