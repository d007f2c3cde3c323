//! Scores within strata: a view that tells the class, a source that tells the report, and studies that cannot be divided.
#![allow(clippy::unwrap_used, clippy::float_cmp)]

use lgdea_data::{Projection, Split, Study};
use lgdea_eval::prompts::PromptClass;
use lgdea_eval::task::{Case, Strata, retrieval, zero_shot};
use lgdea_eval::{Bootstrap, Evaluation, Score};
use lgdea_metric::{Declaration, Task};
use lgdea_spec::{Eval, Resolved, Seed, Within};
use ndarray::Array2;
use proptest::prelude::*;

const VIEWS: [Option<Projection>; 3] = [Some(Projection::Pa), Some(Projection::Ap), None];
const CLASSES: [&str; 2] = ["pneumonia", "nodule"];

fn settings(at: &[usize]) -> Eval {
    let mut eval = Resolved::from_overrides(&[]).unwrap().experiment.eval;
    eval.retrieval.at = at.to_vec();
    eval
}

/// A study with a view, a source and labels; none where it is unlabelled.
fn study(number: usize, view: Option<Projection>, source: &str, labels: Option<&[&str]>) -> Study {
    Study {
        projection: view,
        source: Some(source.into()),
        labels: labels.map(|labels| labels.iter().copied().collect()),
        ..Study::new(format!("s{number}"), format!("p{number}"), Split::Test)
    }
}

/// Studies of a patient each.
fn cases(studies: &[Study]) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    for (patient, study) in studies.iter().enumerate() {
        cases.push(Case { patient, labels: study.labels.as_ref() });
    }
    cases
}

fn strata(within: &str, studies: &[Study]) -> Option<Strata> {
    Strata::new(&[within.parse::<Within>().unwrap()], &studies.iter().collect::<Vec<_>>())
}

/// Zero-shot classification of studies by the scores of two classes.
fn classified(studies: &[Study], scores: &Array2<f32>, within: &str, bootstrap: Bootstrap) -> Evaluation {
    let class = |name: &str| PromptClass {
        name: name.into(),
        prompts: vec![name.into()],
        against: Vec::new(),
        negative: Vec::new(),
    };
    let scores = zero_shot::Scores { similarity: scores.clone(), evidence: None, local: None };
    let (cases, strata) = (cases(studies), strata(within, studies));
    zero_shot::evaluate(&settings(&[1]).zero_shot, &CLASSES.map(class), scores, &cases, strata.as_ref(), bootstrap)
        .unwrap()
}

fn retrieved(
    studies: &[Study],
    similarity: &Array2<f32>,
    within: &str,
    at: &[usize],
    bootstrap: Bootstrap,
) -> Evaluation {
    let (cases, strata) = (cases(studies), strata(within, studies));
    retrieval::evaluate(&settings(at).retrieval, similarity.view(), &cases, strata.as_ref(), bootstrap).unwrap()
}

const BOOTSTRAP: Bootstrap = Bootstrap { resamples: 300, seed: Seed(25) };

/// A number between 0 and 1 that looks drawn.
fn noise(number: usize) -> f32 {
    ((number * 7919 + 104_729) % 10_007) as f32 / 10_007.0
}

/// 400 studies: pneumonia in 90 % of AP and 10 % of PA, and a model that sees the view and nothing else.
fn confounded() -> (Vec<Study>, Array2<f32>) {
    let studies: Vec<Study> = (0..400)
        .map(|number| {
            let is_ap = number % 2 == 1;
            let is_rare = (number / 2) % 10 == 0;
            let labels: &[&str] = if is_ap == is_rare { &["no_finding"] } else { &["pneumonia"] };
            study(number, VIEWS[number % 2], "a", Some(labels))
        })
        .collect();
    let scores = Array2::from_shape_fn((400, 2), |(row, class)| (row % 2) as f32 + 0.5 * noise(2 * row + class));
    (studies, scores)
}

#[test]
fn a_class_that_the_view_tells_scores_by_chance_within_views_and_is_named() {
    let (studies, scores) = confounded();
    let found = classified(&studies, &scores, "view", BOOTSTRAP);
    let (plain, within) = (found.scores["zero_shot/auroc/pneumonia"], found.scores["zero_shot/within/auroc/pneumonia"]);
    let [low, high] = within.interval.unwrap();
    assert!((plain.value - 0.9).abs() < 0.02 && (within.value - 0.5).abs() < 0.1, "{plain:?} {within:?}");
    assert!(low < 0.5 && 0.5 < high, "{within:?}");
    assert_eq!(found.scores["zero_shot/within/auroc_macro"], within, "no study bears the other class");
    let told: Vec<&String> = found.warnings.iter().filter(|warning| warning.contains("view tells the class")).collect();
    assert!(told.len() == 1 && told[0].contains("pneumonia 0.9"), "{:?}", found.warnings);
    let without = classified(&studies, &scores, "view", Bootstrap::NONE);
    assert!(!without.warnings.iter().any(|warning| warning.contains("tells")), "without intervals nothing is said");
}

#[test]
fn a_model_that_sees_the_finding_is_not_accused() {
    let (studies, _) = confounded();
    let sees = |(row, _): (usize, usize)| {
        let labels = studies[row].labels.as_ref().unwrap();
        noise(row) + if labels.present.contains("pneumonia") { 0.5 } else { 0.0 }
    };
    let found = classified(&studies, &Array2::from_shape_fn((400, 2), sees), "view", BOOTSTRAP);
    assert!(!found.warnings.iter().any(|warning| warning.contains("tells")), "{:?}", found.warnings);
}

#[test]
fn images_that_find_their_source_are_told() {
    let studies: Vec<Study> = (0..120).map(|number| study(number, None, ["a", "b", "c"][number % 3], None)).collect();
    let similarity = Array2::from_shape_fn((120, 120), |(image, report)| {
        noise(image * 120 + report) + if image % 3 == report % 3 { 2.0 } else { 0.0 }
    });
    let found = retrieved(&studies, &similarity, "source", &[10], BOOTSTRAP);
    let value = |name: &str| found.scores[&format!("retrieval/{name}")].value;
    assert!((value("i2t_normalised_rank") - 1.0 / 6.0).abs() < 0.03, "{}", value("i2t_normalised_rank"));
    assert!((value("within/i2t_normalised_rank") - 0.5).abs() < 0.08, "{}", value("within/i2t_normalised_rank"));
    assert_eq!(value("i2t_r_at_10"), value("within/i2t_r_at_10"), "the first ten are of the own source");
    let told: Vec<&String> = found.warnings.iter().filter(|warning| warning.contains("source tells")).collect();
    assert!(told.len() == 1 && told[0].contains("i2t") && told[0].contains("t2i"), "{:?}", found.warnings);
    assert!(told[0].contains("0.50 by chance"), "{told:?}");
}

#[test]
fn what_cannot_be_scored_in_a_stratum_is_left_out_and_told() {
    // PA has both, AP has positives alone, and one does not tell.
    let label = |number: usize| -> &[&str] {
        if number.is_multiple_of(2) || number > 5 { &["pneumonia"] } else { &["no_finding"] }
    };
    let view = |number: usize| VIEWS[if number == 9 { 2 } else { usize::from(number > 5) }];
    let studies: Vec<Study> = (0..10).map(|number| study(number, view(number), "a", Some(label(number)))).collect();
    let scores = Array2::from_shape_fn((10, 2), |(row, class)| noise(row + class));
    let found = classified(&studies, &scores, "view", BOOTSTRAP);
    let told = |part: &str| {
        assert!(found.warnings.iter().any(|warning| warning.contains(part)), "{part}: {:?}", found.warnings);
    };
    told("1 of 10 studies do not tell their view");
    told("positives or negatives alone are left out: pneumonia 1 of 2 (3 studies)");
    let found = classified(&studies, &scores, "sex", BOOTSTRAP);
    assert!(found.warnings.iter().any(|warning| warning.contains("10 of 10 studies do not tell their sex")));
    assert!(found.scores.contains_key("zero_shot/auroc/pneumonia"));
    assert!(!found.scores.keys().any(|name| name.contains("/within/")), "{:?}", found.scores.keys());
    // Each view tells the label.
    let apart: Vec<Study> = (0..10)
        .map(|number| study(number, VIEWS[number % 2], "a", Some(if number % 2 == 0 { &["pneumonia"] } else { &[] })))
        .collect();
    let found = classified(&apart, &scores, "view", BOOTSTRAP);
    assert!(found.warnings.iter().any(|warning| warning.contains("nothing tells the class from view: pneumonia")));
    assert!(!found.scores.contains_key("zero_shot/within/auroc_macro"));
}

#[test]
fn strata_too_small_to_rank_are_left_out_and_counted() {
    let sources = ["a", "a", "a", "a", "b", "b", "c", "d"];
    let studies: Vec<Study> =
        sources.iter().enumerate().map(|(number, source)| study(number, None, source, Some(&["edema"]))).collect();
    let found = retrieved(&studies, &Array2::eye(8), "source", &[1, 3, 5], BOOTSTRAP);
    let told = |part: &str| {
        assert!(found.warnings.iter().any(|warning| warning.contains(part)), "{part}: {:?}", found.warnings);
    };
    told("2 of 8 studies are alone in their stratum");
    told("retrieval within source: recall at [5] left out, no stratum has so many candidates");
    told("recall leaves out strata of fewer than K candidates: at 3 1 of 2 (2 studies)");
    assert_eq!(found.scores["retrieval/within/i2t_r_at_1"].value, 1.0);
    assert!(
        !found.scores.contains_key("retrieval/within/i2t_r_at_5") && found.scores.contains_key("retrieval/i2t_r_at_5")
    );
    let alone: Vec<Study> = (0..3).map(|number| study(number, None, &number.to_string(), None)).collect();
    let found = retrieved(&alone, &Array2::eye(3), "source", &[1], BOOTSTRAP);
    assert!(!found.scores.keys().any(|name| name.contains("/within/")), "{:?}", found.scores.keys());
    let none = retrieved(&[], &Array2::zeros((0, 0)), "source", &[1], BOOTSTRAP);
    assert!(none.scores.is_empty());
    assert!(classified(&[], &Array2::zeros((0, 2)), "view", BOOTSTRAP).scores.is_empty());
}

/// Each plain score that is measured within strata, beside the one within.
fn beside(found: &Evaluation, task: Task) -> Vec<(String, Score, Option<Score>)> {
    let linked = |plain: &'static Declaration| Some((plain, plain.within?));
    let tasks = [task].into_iter().chain(task.further().iter().copied());
    let of = |(plain, within): (&'static Declaration, &'static Declaration)| {
        let instances = plain.instances(&[1, 3], &CLASSES);
        let scored = instances.into_iter().filter_map(|one| {
            let plain = *found.scores.get(&one.name())?;
            Some((one.name(), plain, found.scores.get(&within.name(one.of)).copied()))
        });
        scored.collect::<Vec<_>>()
    };
    tasks.flat_map(Task::declarations).filter_map(linked).flat_map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn of_one_stratum_each_score_is_the_plain_one_to_the_last_digit(
        drawn in prop::collection::vec((-4_i8..4, 0_usize..4), 3..24),
        similarity in prop::collection::vec(-6_i8..6, 24 * 24),
    ) {
        let count = drawn.len();
        let labels: [&[&str]; 4] = [&["pneumonia"], &["nodule"], &["pneumonia", "nodule"], &["no_finding"]];
        let studies: Vec<Study> =
            drawn.iter().enumerate().map(|(number, (_, set))| study(number, VIEWS[0], "a", Some(labels[*set]))).collect();
        let scores = Array2::from_shape_fn((count, 2), |(row, class)| f32::from(drawn[row].0) / 3.0 + class as f32 * noise(row));
        let similarity = Array2::from_shape_fn((count, count), |(row, column)| f32::from(similarity[row * count + column]) / 7.0);
        let bootstrap = Bootstrap { resamples: 40, seed: Seed(3) };
        let found = classified(&studies, &scores, "view", bootstrap);
        for (name, plain, within) in beside(&found, Task::ZeroShot) {
            prop_assert_eq!(Some(plain), within, "{}", name);
        }
        let found = retrieved(&studies, &similarity, "source", &[1, 3], bootstrap);
        let all = beside(&found, Task::Retrieval);
        prop_assert!(all.len() >= 8, "{:?}", all);
        for (name, plain, within) in all {
            prop_assert_eq!(Some(plain), within, "{}", name);
        }
    }
}
