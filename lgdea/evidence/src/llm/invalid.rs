//! Why an answer of a model is none.

/// Why an answer is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Invalid {
    /// For the record: without any text of the model.
    pub(super) reason: String,
    /// For the model, which is asked to repair its answer.
    pub(super) problem: String,
}

impl Invalid {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { problem: format!("The answer was {reason}."), reason }
    }
}
