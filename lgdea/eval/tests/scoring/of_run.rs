//! What a run says of its studies: by the default protocols it is scored as it is without one.

use std::collections::BTreeMap;

use lgdea_data::{Report, Split, Study, StudyLabels};
use lgdea_eval::prompts::PromptClass;
use lgdea_eval::scoring::of_run::{Classified, OfRun};
use lgdea_eval::task::grounding::{Item, MapName};
use lgdea_eval::task::{self, Case};
use lgdea_eval::{Bootstrap, Evaluation, Score};
use lgdea_spec::{Eval, HeatMap, Resolved, Seed};
use ndarray::{Array2, Axis};

const BOOTSTRAP: Bootstrap = Bootstrap { resamples: 100, seed: Seed(7) };

fn settings() -> Eval {
    Resolved::from_overrides(&[]).unwrap().experiment.eval
}

fn by(protocol: &str, task: &str) -> OfRun {
    OfRun::new(protocol, task, BOOTSTRAP).unwrap()
}

/// Numbers that look random, in [0, 1).
fn number(row: usize, column: usize) -> f32 {
    ((row * 7919 + column * 104_729 + row * column * 31) % 1009) as f32 / 1009.0
}

/// Two studies a patient; some labels are uncertain, and every seventh study has none.
fn studies() -> Vec<Study> {
    let study = |number: usize| {
        let mut study = Study::new(format!("s{number}"), format!("p{}", number / 2), Split::Test);
        let mut labels: StudyLabels = [("edema", 3), ("nodule", 4), ("no_finding", 5)]
            .iter()
            .filter(|(_, n)| number.is_multiple_of(*n))
            .map(|(l, _)| *l)
            .collect();
        if number % 11 == 1 {
            labels.uncertain.insert("edema".to_owned());
            labels.present.remove("edema");
        }
        study.labels = (number % 7 != 6).then_some(labels);
        study.report = Report::parse(&format!("FINDINGS: number {number}."));
        study
    };
    (0..60).map(study).collect()
}

fn classes() -> Vec<PromptClass> {
    let class = |name: &str, against: &[&str]| PromptClass {
        name: name.to_owned(),
        prompts: vec![name.to_owned()],
        against: against.iter().map(|&label| label.to_owned()).collect(),
        negative: Vec::new(),
    };
    vec![class("edema", &[]), class("nodule", &["no_finding"]), class("fracture", &[])]
}

fn cases(studies: &[Study]) -> Vec<Case<'_>> {
    studies.iter().enumerate().map(|(at, study)| Case { patient: at / 2, labels: study.labels.as_ref() }).collect()
}

fn similarity(rows: usize, columns: usize) -> Array2<f32> {
    Array2::from_shape_fn((rows, columns), |(row, column)| number(row, column))
}

/// The labelled ones of studies with their scores.
fn classified<'a>(studies: &'a [Study], scores: &task::zero_shot::Scores) -> Classified<'a> {
    let rows: Vec<usize> = (0..studies.len()).filter(|&row| studies[row].labels.is_some()).collect();
    let scores = scores.combined(&settings().zero_shot, &rows).unwrap().select(Axis(0), &rows);
    Classified { studies: rows.into_iter().map(|row| &studies[row]).collect(), scores }
}

fn scores(rows: usize) -> task::zero_shot::Scores {
    task::zero_shot::Scores { similarity: similarity(rows, 3), evidence: None, local: None }
}

/// Those scores of one that the other has, too.
fn common(one: &Evaluation, other: &Evaluation) -> BTreeMap<String, (Score, Score)> {
    let both = one.scores.iter().filter_map(|(name, &score)| Some((name.clone(), (score, *other.scores.get(name)?))));
    both.collect()
}

#[test]
fn classification_by_the_default_is_that_without_a_protocol() {
    let (studies, classes) = (studies(), classes());
    let plain =
        task::zero_shot::evaluate(&settings().zero_shot, &classes, scores(60), &cases(&studies), None, BOOTSTRAP)
            .unwrap();
    let found =
        by("zero-shot/lgdea-v1", "zero-shot").zero_shot(&classes, classified(&studies, &scores(60)), None).unwrap();
    let both = common(&plain, &found);
    assert_eq!(
        both.keys().collect::<Vec<_>>(),
        ["zero_shot/auroc/edema", "zero_shot/auroc/nodule", "zero_shot/auroc_macro"]
    );
    for (name, (plain, found)) in both {
        assert!((plain.value - found.value).abs() < 1e-12, "{name}");
        assert_eq!(plain.interval.is_some(), found.interval.is_some(), "{name}");
        for (one, other) in plain.interval.iter().flatten().zip(found.interval.iter().flatten()) {
            assert!((one - other).abs() < 1e-12, "{name}");
        }
    }
    assert!(found.protocols["zero-shot"].starts_with("zero-shot/lgdea-v1 ("), "{:?}", found.protocols);
    assert!(found.warnings.iter().any(|warning| warning.contains("fracture")), "{:?}", found.warnings);
    assert!(found.warnings.iter().any(|warning| warning.contains("validation")), "{:?}", found.warnings);
}

#[test]
fn thresholds_are_of_validation_studies_whose_patients_are_not_scored() {
    let (all, classes) = (studies(), classes());
    let protocol = by("zero-shot/chexzero-v1", "zero-shot");
    assert!(protocol.has_thresholds());
    let of = |validation: &[Study]| {
        let validation = (!validation.is_empty()).then(|| classified(validation, &scores(validation.len())));
        protocol.zero_shot(&classes, classified(&all[..30], &scores(30)), validation).unwrap().scores
    };
    assert!(of(&all[30..]).contains_key("zero_shot/mcc_macro"), "{:?}", of(&all[30..]).keys());
    for without in [&[][..], &all[..30]] {
        let found = of(without);
        assert!(!found.contains_key("zero_shot/mcc_macro") && found.contains_key("zero_shot/auroc_macro"));
    }
}

#[test]
fn retrieval_by_the_default_is_that_without_a_protocol() {
    let studies = studies();
    let similarity = similarity(60, 60);
    let plain =
        task::retrieval::evaluate(&settings().retrieval, similarity.view(), &cases(&studies), None, BOOTSTRAP).unwrap();
    let borrowed: Vec<&Study> = studies.iter().collect();
    let found = by("retrieval/lgdea-v1", "retrieval").retrieval(&borrowed, similarity.view()).unwrap();
    let both = common(&plain, &found);
    for name in ["retrieval/i2t_r_at_5", "retrieval/t2i_median_rank", "retrieval/i2t_r_at_1"] {
        assert!(both.contains_key(name), "{name}: {:?}", both.keys());
    }
    for (name, (plain, found)) in both.iter().filter(|(name, _)| !name.contains("_p_at_")) {
        assert_eq!(plain, found, "{name}");
    }
}

#[test]
fn grounding_by_the_default_is_that_without_a_protocol_at_its_size() {
    let studies = studies();
    let map = |seed: usize| Array2::from_shape_fn((14, 14), |(row, column)| number(row + 17 * seed, column));
    let items: Vec<Item<'_>> = (0..12)
        .map(|at| Item {
            study: at / 2,
            patient: at / 4,
            finding: "edema",
            phrase: if at % 3 == 0 { "left edema" } else { "Left edema" },
            target: [0.05 * at as f32, 0.1, 0.3, 0.4],
            outline: None,
            maps: vec![(MapName::Similarity, map(at / 2))],
        })
        .collect();
    let mut settings = settings().grounding;
    settings.heat_map = HeatMap::Similarity;
    let plain = task::grounding::evaluate(&settings, &items, 224, BOOTSTRAP).unwrap();
    let mapped: Vec<(&Item<'_>, Array2<f32>)> = items.iter().map(|item| (item, item.maps[0].1.clone())).collect();
    let found = by("grounding/lgdea-v1", "grounding").grounding(&mapped, |study| &studies[study], 224).unwrap();
    let both = common(&plain, &found);
    let names: Vec<&String> = both.keys().collect();
    assert_eq!(
        names,
        ["grounding/cnr", "grounding/cnr_signed", "grounding/dice", "grounding/miou", "grounding/pointing"]
    );
    for (name, (plain, found)) in &both {
        assert!((plain.value - found.value).abs() < 1e-9, "{name}: {plain:?} {found:?}");
    }
    let by_class = by("chestx-det10/radzero-v1", "grounding").grounding(&mapped, |study| &studies[study], 224).unwrap();
    assert!(by_class.scores.contains_key("grounding/pointing/edema"), "{:?}", by_class.scores.keys());
    assert!(!found.scores.keys().any(|name| name.contains("left")), "a phrase may be a report's, and is in no name");
}

#[test]
fn studies_that_have_not_one_class_each_are_refused_before_training() {
    let (studies, classes) = (studies(), classes());
    let labels = || studies.iter().filter_map(|study| study.labels.as_ref());
    let said = by("chexpert-5x200/gloria-v1", "zero-shot").refusal(&classes, labels()).unwrap();
    assert!(said.contains("gloria-v1") && said.contains("exactly one"), "{said}");
    assert_eq!(by("zero-shot/lgdea-v1", "zero-shot").refusal(&classes, labels()), None);
    let single = StudyLabels::from_iter(["edema"]);
    assert_eq!(by("chexpert-5x200/gloria-v1", "zero-shot").refusal(&classes, [&single].into_iter()), None);
    assert!(OfRun::new("retrieval/lgdea-v1", "zero-shot", BOOTSTRAP).is_err());
}
