//! The loss terms of the method, one a file.

pub mod evidence_alignment;
pub mod evidence_paired;
pub mod evidence_unpaired;
pub mod global;
pub mod reconstruction;
pub mod text_evidence;
