//! What a provider is given, and what it gives back.

use crate::evidence::ReportEvidence;
use crate::llm::Tally;

/// Called with how many reports are read, and of how many.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// A report to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportText {
    /// Which report.
    pub id: String,
    /// Its text.
    pub text: String,
}

/// What was read.
#[derive(Debug, Default)]
pub struct Extraction {
    /// Evidence of every report, in the order asked, but for those of [`Tally::unanswered`].
    pub reports: Vec<ReportEvidence>,
    /// What it came to.
    pub tally: Tally,
}
