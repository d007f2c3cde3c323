//! The loss terms of the method and of those that it is compared with, one a file.

pub mod cluster_alignment;
pub mod evidence_alignment;
pub mod evidence_local;
pub mod evidence_local_unpaired;
pub mod evidence_paired;
pub mod evidence_unpaired;
pub mod global;
pub mod local;
pub mod pseudo_label;
pub mod pseudo_pair;
pub mod reconstruction;
pub mod supervised;
pub mod text_evidence;
pub mod token_alignment;
