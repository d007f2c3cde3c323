//! Each loss term and its gradient, at sizes like those of `experiments/low_pair.toml`:
//! `cargo bench -p lgdea-objective --bench losses`.
#![allow(missing_docs, clippy::unwrap_used)]

use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Device, Distribution, Tensor};
use criterion::Criterion;
use lgdea_kernel::l2_normalise;
use lgdea_objective::{
    CrossAttended, Forward, Labels, Pass, PhraseForward, PhraseTargets, Targets, TextForward, Tokens, UnpairedTargets,
    total,
};
use lgdea_spec::{Experiment, Resolved};

const PAIRS: usize = 32;
const UNPAIRED: usize = 64;
/// Unpaired images that have a matched report.
const MATCHED: usize = 16;
const IMAGES: usize = PAIRS + UNPAIRED;
const REPORTS: usize = 96;
const PHRASES: usize = 48;
const PATCHES: usize = 64;
const TOKENS: usize = 96;
const WIDTH: usize = 128;
const PROTOTYPES: usize = 16;
const CLASSES: usize = 14;
const CLUSTERS: usize = 32;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let device = Device::flex().autodiff();
    device.seed(0);
    let (forward, targets) = (forward(&device), targets(&device));
    for term in names() {
        let experiment = only(term);
        // Past the steps in which terms grow.
        let pass = Pass { forward: &forward, targets: &targets, experiment: &experiment, step: 1000 };
        criterion.bench_function(term, |bencher| {
            bencher.iter(|| total(&pass).0.unwrap().backward());
        });
    }
    criterion.final_summary();
}

/// The names of all terms, as in the `[loss]` table.
fn names() -> Vec<&'static str> {
    Resolved::from_overrides(&[]).unwrap().experiment.loss.terms().map(|(name, _)| name).collect()
}

/// An experiment in which one term acts, from the first step on.
fn only(term: &str) -> Experiment {
    let weights = names().into_iter().map(|name| format!("loss.{name}.weight={}", u8::from(name == term)));
    let overrides: Vec<String> = weights.chain([format!("loss.{term}.start=0")]).collect();
    Resolved::from_overrides(&overrides).unwrap().experiment
}

fn forward(device: &Device) -> Forward {
    Forward {
        pairs: PAIRS,
        images: unit([IMAGES, WIDTH], device),
        patches: unit([IMAGES, PATCHES, WIDTH], device),
        image_evidence: shares([IMAGES, PROTOTYPES], device),
        attended: Some(CrossAttended {
            words: unit([PAIRS, TOKENS, WIDTH], device),
            regions: unit([PAIRS, PATCHES, WIDTH], device),
        }),
        clusters: Some(unit([CLUSTERS, WIDTH], device)),
        classes: Some(normal([IMAGES, CLASSES], device)),
        texts: TextForward {
            reports: unit([REPORTS, WIDTH], device),
            tokens: Some(Tokens {
                embeddings: unit([REPORTS, TOKENS, WIDTH], device),
                padding: Tensor::<2, Bool>::full([REPORTS, TOKENS], false, device),
            }),
            matched: Some(unit([MATCHED, WIDTH], device)),
            phrases: Some(PhraseForward {
                embeddings: unit([PHRASES, WIDTH], device),
                evidence: shares([PHRASES, PROTOTYPES], device),
                of_reports: shares([REPORTS, PROTOTYPES], device).detach(),
            }),
            prototypes: unit([PROTOTYPES, WIDTH], device),
            scale: Tensor::full([1], 10.0, device),
        },
    }
}

fn targets(device: &Device) -> Targets {
    let marks = |dims: [usize; 2], share: f64| -> Tensor<2> {
        Tensor::<2>::random(dims, Distribution::Uniform(0.0, 1.0), device).lower_elem(share).float()
    };
    // Every report has the first phrase, so that no row is empty.
    let first = Tensor::ones([REPORTS, 1], device);
    Targets {
        membership: marks([REPORTS, PHRASES], 0.08).slice_assign([0..REPORTS, 0..1], first),
        same_evidence: Tensor::eye(REPORTS, device),
        unpaired: Some(UnpairedTargets {
            evidence: shares([UNPAIRED, PROTOTYPES], device).detach(),
            confidence: Tensor::ones([UNPAIRED], device),
            phrases: Some(PhraseTargets::all_known(shares([UNPAIRED, PHRASES], device).detach())),
            similarity: Some(marks([UNPAIRED, REPORTS - PAIRS], 0.5)),
        }),
        matched: (0..MATCHED).collect(),
        labels: Some(Labels { present: marks([IMAGES, CLASSES], 0.1), known: Tensor::ones([IMAGES, CLASSES], device) }),
    }
}

fn normal<const D: usize>(dims: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(dims, Distribution::Normal(0.0, 1.0), device).require_grad()
}

/// Vectors of unit length.
fn unit<const D: usize>(dims: [usize; D], device: &Device) -> Tensor<D> {
    l2_normalise(normal(dims, device)).detach().require_grad()
}

/// Rows that sum to 1.
fn shares(dims: [usize; 2], device: &Device) -> Tensor<2> {
    softmax(normal(dims, device) * 3.0, 1).detach().require_grad()
}
