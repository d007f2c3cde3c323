//! Diagnostic evidence: from report text to findings with their spans.
//!
//! An [`Ontology`] (data: findings, synonyms, cues) feeds a provider – here the [`Rules`] – that reads a report into
//! [`ReportEvidence`]. [`phrases`] turns that into what training sees; [`score`] and [`OpeniGold`] measure a provider
//! against human annotations.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod attach;
mod error;
mod evidence;
mod gold;
mod lexicon;
mod merge;
mod normalise;
mod ontology;
mod phrases;
mod rules;
mod scope;
mod score;
mod sections;
mod sentences;
mod signs;

pub use error::EvidenceError;
pub use evidence::{Evidence, Laterality, Polarity, ReportEvidence, Severity, digest};
pub use gold::{OpeniGold, OpeniReport};
pub use ontology::Ontology;
pub use phrases::phrases;
pub use rules::Rules;
pub use score::{FindingScore, Findings, Score, present, present_rolled_up, score};
