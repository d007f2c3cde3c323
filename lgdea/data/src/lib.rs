//! Studies, pairing manifests, image stores and batches.
//!
//! [`load`] reads every source of an experiment into one [`Corpus`]; [`ImageStore::open`] decodes, resizes or renders
//! its images; [`pair`] draws the [`PairingManifest`]; [`Sampler`] and [`augment`] serve the training loop. What a
//! source holds that cannot be used is never fatal and never silent: it is counted in [`Skipped`], by reason.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod augment;
mod boxes;
mod by_id;
mod check;
mod corpus;
mod decode;
mod disk;
mod doctor;
mod error;
mod examination;
mod folder;
mod headers;
mod join;
mod json;
mod known;
mod labels;
pub mod leaks;
mod mask;
mod pairing;
mod person;
mod picture;
pub mod pretrained;
mod report;
mod sample;
mod sampler;
mod skipped;
mod source;
mod split;
mod statistics;
mod store;
mod study;
mod summary;
pub mod table;
#[cfg(test)]
mod test_data;
mod view;

pub use augment::{augment, standardise};
pub use boxes::FindingBox;
pub use check::{Refusal, check, proposed_columns};
pub use corpus::{Corpus, load};
pub use decode::{DicomHeader, Frame, dicom_header};
pub use doctor::{Diagnosis, Example, Given, PairsAt, Severity, diagnose, diagnose_set, pairs_at_ratios};
pub use error::DataError;
pub use known::Known;
pub use labels::{NO_FINDING, StudyLabels, label_names, normalise_label, phrase_of};
pub use mask::Mask;
pub use pairing::{PairingManifest, hide_labels, pair};
pub use person::{Person, Sex};
pub use picture::{ImageFile, Picture};
pub use report::{Report, Section};
pub use sample::{Drawn, Sample, Sampled};
pub use sampler::Sampler;
pub use skipped::{SkipReason, Skipped, SkippedItems};
pub use split::Split;
pub use statistics::{FindingCount, Statistics, statistics};
pub use store::{ImageStore, Making};
pub use study::Study;
pub use summary::{SplitSummary, Summary, summary};
pub use view::Projection;

/// The generator of the phantom.
pub mod phantom {
    pub use crate::source::phantom::{CLASSES, Scene, VERSION};
}
