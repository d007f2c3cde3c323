//! Intervals of a phantom-sized zero-shot evaluation: 600 studies, 14 classes, 1,000 resamples.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::time::Instant;

use lgdea_data::StudyLabels;
use lgdea_eval::prompts::PromptSet;
use lgdea_eval::task::Case;
use lgdea_eval::task::zero_shot::Scores;
use lgdea_eval::{Bootstrap, task};
use lgdea_spec::{Seed, ZeroShot};
use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const STUDIES: usize = 600;

#[test]
fn intervals_of_600_studies_and_14_classes_take_little_time_and_contain_the_values() {
    let classes = PromptSet::named_or_path("phantom").unwrap().classes;
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let labels: Vec<StudyLabels> = (0..STUDIES)
        .map(|_| classes.iter().filter(|_| random.random_bool(0.1)).map(|class| class.name.clone()).collect())
        .collect();
    let mut scores = || {
        Array2::from_shape_fn((STUDIES, classes.len()), |(study, class)| {
            let present = labels[study].present.contains(&classes[class].name);
            random.random::<f32>() + if present { 0.3 } else { 0.0 }
        })
    };
    let (similarity, evidence) = (scores(), scores());
    let cases: Vec<Case<'_>> =
        labels.iter().enumerate().map(|(patient, labels)| Case { patient, labels: Some(labels) }).collect();
    let settings = ZeroShot {
        enabled: true,
        protocol: String::new(),
        prompts: "phantom".to_owned(),
        evidence_share: 0.5,
        local_share: 0.0,
    };
    let bootstrap = Bootstrap { resamples: 1000, seed: Seed(1) };

    let start = Instant::now();
    let scores = Scores { similarity, evidence: Some(evidence), local: None };
    let evaluation = task::zero_shot::evaluate(&settings, &classes, scores, &cases, None, bootstrap).unwrap();
    let seconds = start.elapsed().as_secs_f64();

    println!("{} scores with 1,000 resamples: {seconds:.2} s", evaluation.scores.len());
    assert_eq!(evaluation.scores.len(), 17);
    for (name, score) in &evaluation.scores {
        let [low, high] = score.interval.unwrap();
        assert!(low < score.value && score.value < high, "{name}: {score:?}");
        assert!(high - low < 0.2, "{name}: {score:?}");
    }
    // Many times what it takes: only a change of its complexity would exceed it.
    assert!(seconds < 10.0, "{seconds} s");
}
