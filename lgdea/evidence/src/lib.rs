//! Diagnostic evidence: from report text to findings with their spans.
//!
//! An [`Ontology`] (data: findings, synonyms, cues) feeds a [`Provider`] – the [`Rules`], or a language
//! model – that reads a report into [`ReportEvidence`]. [`phrases`] turns that into what training sees. [`Gold`] is what humans found in the same reports
//! (lgdea-eval scores against it); [`agreement`] compares two providers.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod agreement;
mod attach;
mod documents;
mod error;
mod evidence;
mod evidence_file;
mod extraction;
mod findings;
mod gold;
mod label;
mod lexicon;
mod llm;
mod located;
mod mention;
mod merge;
mod normalise;
mod ontology;
mod ontology_file;
mod openi;
mod parts;
mod phrases;
mod provider;
mod quotes;
mod reports;
mod rules;
mod said;
mod scope;
mod sections;
mod sentences;
mod signs;
mod statement;
mod table;
mod template;
mod verbs;
mod vocabulary;

pub use agreement::{Agreement, FindingAgreement, Sides, agreement};
pub use documents::report_files;
pub use error::EvidenceError;
pub use evidence::{Evidence, Laterality, Polarity, ReportEvidence, Severity, digest};
pub use evidence_file::{read_evidence, write_evidence};
pub use extraction::{Extraction, Progress, ReportText};
pub use findings::{Class, Findings, present, present_rolled_up};
pub use gold::{Gold, is_for_tuning};
pub use label::LabelEvidence;
pub use llm::{Dropped, Failures, Residue, Tally, Unanswered};
pub use ontology::Ontology;
pub use phrases::phrases;
pub use provider::Provider;
pub use reports::{ReportColumns, Reports, read_reports, read_reports_of};
pub use rules::Rules;
