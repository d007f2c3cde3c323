//! The phantom: a procedural benchmark of frontal chest radiographs with reports, labels and boxes.
//!
//! A patient has an anatomy and one or two studies; a study has findings, devices and an exposure, from which its image is
//! rendered at any size, its boxes are measured and its report is worded. Labels are long-tailed and correlated (heart
//! failure: heart, edema, effusions). Devices and portable technique are distractors: seen, reported, and no finding. A
//! report is mostly not diagnostic, and names findings in paraphrases, of which the impression repeats some. Everything
//! follows from the generator's seed; the splits draw from streams of their own and share no patient.
//!
//! Findings of the patient's left are on the image's right, as in any radiograph.
//!
//! # Statistics of version 1
//!
//! Of 3,000 training studies, seed 1 (`cargo run --release -p lgdea-data --example phantom_sheet`):
//!
//! | class | share |
//! |---|---|
//! | (normal) | 0.303 |
//! | `cardiomegaly` | 0.235 |
//! | `left_pleural_effusion`, `right_pleural_effusion` | 0.161, 0.167 |
//! | `left_pneumothorax`, `right_pneumothorax` | 0.041, 0.057 |
//! | `left_consolidation`, `right_consolidation` | 0.078, 0.096 |
//! | `left_atelectasis`, `right_atelectasis` | 0.122, 0.122 |
//! | `pulmonary_edema` | 0.153 |
//! | `left_lung_nodule`, `right_lung_nodule` | 0.042, 0.052 |
//! | `left_lung_opacity`, `right_lung_opacity` | 0.062, 0.080 |
//!
//! A study has 1.47 findings on average, at most 5; a report 60.8 words including its headers, at most 123.

mod anatomy;
mod device;
mod findings;
mod language;
mod lesion;
mod render;
mod texture;
mod wording;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use lgdea_spec::{Phantom, Seed};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{Contents, Progress, Source};
use crate::{DataError, Picture, Skipped, Split, Study, StudyLabels};

use anatomy::Anatomy;
pub use render::Scene;

/// Version of the generator: the same version and seed give the same studies.
pub const VERSION: &str = "phantom-1";

/// The classes of the phantom, as in its labels and boxes.
pub const CLASSES: [&str; 14] = [
    "cardiomegaly",
    "left_pleural_effusion",
    "right_pleural_effusion",
    "left_pneumothorax",
    "right_pneumothorax",
    "left_consolidation",
    "right_consolidation",
    "left_atelectasis",
    "right_atelectasis",
    "pulmonary_edema",
    "left_lung_nodule",
    "right_lung_nodule",
    "left_lung_opacity",
    "right_lung_opacity",
];

/// Share of patients with a second study.
const SECOND_STUDY: f64 = 0.4;

impl Source for Phantom {
    fn read(&self, _seed: Seed, progress: Progress<'_>) -> Result<Contents, DataError> {
        Ok(generate(self, progress))
    }
}

/// Generates the three splits; images are rendered later, when their size is known.
fn generate(settings: &Phantom, progress: Progress<'_>) -> Contents {
    let counts = [settings.studies, settings.validation, settings.test];
    let mut drafts = Vec::new();
    for (split, count) in Split::ALL.into_iter().zip(counts) {
        drafts.extend(drafts_of(split, count, settings.seed.stream(&split.to_string())));
    }
    let total = drafts.len();
    let done = AtomicUsize::new(0);
    let studies = drafts
        .into_par_iter()
        .map(|draft| {
            let study = draft.study();
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
            study
        })
        .collect();
    Contents { name: "the phantom".to_owned(), studies, skipped: Skipped::default(), root: PathBuf::new() }
}

/// A study before its boxes are measured and its report is worded.
struct Draft {
    patient: String,
    number: usize,
    split: Split,
    anatomy: Anatomy,
    seed: Seed,
}

/// The first `count` studies of a split, patient by patient.
fn drafts_of(split: Split, count: usize, seed: Seed) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for patient in 0_usize.. {
        if drafts.len() == count {
            break;
        }
        let seed = seed.stream(&format!("patient-{patient}"));
        let mut rng = ChaCha8Rng::seed_from_u64(seed.0);
        let anatomy = Anatomy::sample(&mut rng);
        let studies = 1 + usize::from(rng.random_bool(SECOND_STUDY));
        for number in 0..studies.min(count - drafts.len()) {
            drafts.push(Draft {
                patient: format!("phantom-{split}-{patient:05}"),
                number,
                split,
                anatomy: anatomy.clone(),
                seed: seed.stream(&format!("study-{number}")),
            });
        }
    }
    drafts
}

impl Draft {
    fn study(self) -> Study {
        let scene = Scene::sample(self.anatomy, self.seed);
        let labels: StudyLabels = scene.findings().iter().map(|found| found.kind.label()).collect();
        Study {
            report: wording::report(&scene),
            boxes: scene.boxes(),
            labels: Some(labels),
            image: Some(Picture::Phantom(Box::new(scene))),
            ..Study::new(format!("{}-{}", self.patient, self.number), self.patient, self.split)
        }
    }
}

/// A uniformly drawn item.
fn pick<T: Copy>(rng: &mut ChaCha8Rng, items: &[T]) -> T {
    items[rng.random_range(0..items.len())]
}

#[cfg(test)]
mod tests;
