//! What the tasks emit is exactly what is declared, on small inputs that give every score.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use lgdea_data::{Projection, Split, Study, StudyLabels};
use lgdea_eval::prompts::PromptClass;
use lgdea_eval::task::{Case, Strata, evidence, grounding, retrieval, zero_shot};
use lgdea_eval::{Bootstrap, Evaluation};
use lgdea_evidence::{Class, Findings, Laterality};
use lgdea_metric::{HeatMap, Task};
use lgdea_spec::{Eval, Resolved, Seed, Within};
use ndarray::{Array2, array};

const BOOTSTRAP: Bootstrap = Bootstrap { resamples: 0, seed: Seed(1) };
const CLASSES: [&str; 2] = ["edema", "nodule"];
const AT: [usize; 2] = [1, 2];

fn settings() -> Eval {
    let mut eval = Resolved::from_overrides(&[]).unwrap().experiment.eval;
    eval.retrieval.at = AT.to_vec();
    eval
}

/// A study of each class, and one without findings, of each of two views.
fn labels() -> [StudyLabels; 6] {
    ["edema", "nodule", "no_finding", "edema", "nodule", "no_finding"].map(|label| StudyLabels::from_iter([label]))
}

/// The views as strata, where they are asked for.
fn strata(within: &[Within]) -> Option<Strata> {
    let views = [Projection::Pa, Projection::Ap].map(|view| [view; 3]);
    let study = |view: &Projection| Study { projection: Some(*view), ..Study::new("s", "p", Split::Test) };
    let studies: Vec<Study> = views.as_flattened().iter().map(study).collect();
    Strata::new(within, &studies.iter().collect::<Vec<_>>())
}

/// Studies of a patient each.
fn cases(labels: &[StudyLabels]) -> Vec<Case<'_>> {
    labels.iter().enumerate().map(|(patient, labels)| Case { patient, labels: Some(labels) }).collect()
}

fn zero_shot(within: &[Within]) -> Evaluation {
    let labels = labels();
    let cases = cases(&labels);
    let classes = CLASSES.map(|name| PromptClass {
        name: name.to_owned(),
        prompts: vec![name.to_owned()],
        against: Vec::new(),
        negative: Vec::new(),
    });
    let scores = array![[0.9, 0.1], [0.2, 0.8], [0.1, 0.3], [0.9, 0.1], [0.2, 0.8], [0.1, 0.3]];
    let scores = zero_shot::Scores { similarity: scores.clone(), evidence: Some(scores.clone()), local: Some(scores) };
    zero_shot::evaluate(&settings().zero_shot, &classes, scores, &cases, strata(within).as_ref(), BOOTSTRAP).unwrap()
}

fn retrieval(within: &[Within]) -> Evaluation {
    let labels = labels();
    let cases = cases(&labels);
    retrieval::evaluate(&settings().retrieval, Array2::eye(6).view(), &cases, strata(within).as_ref(), BOOTSTRAP)
        .unwrap()
}

fn grounding() -> Evaluation {
    let map = Array2::from_shape_fn((4, 4), |(row, column)| (row * column) as f32);
    let maps = HeatMap::ALL.map(|name| (name, map.clone())).to_vec();
    let item = grounding::Item {
        study: 0,
        patient: 0,
        finding: "nodule",
        phrase: "nodule",
        target: [0.5, 0.5, 0.5, 0.5],
        outline: None,
        maps,
    };
    grounding::evaluate(&settings().grounding, &[item], 16, BOOTSTRAP).unwrap()
}

fn evidence() -> Evaluation {
    let gold: Findings = CLASSES.map(|finding| (finding.to_owned(), Laterality::Left)).into();
    evidence::evaluate(&CLASSES.map(Class::of_finding), &[(&gold, gold.clone())], BOOTSTRAP)
}

fn emitted(evaluation: Evaluation) -> BTreeSet<String> {
    assert_eq!(evaluation.warnings, Vec::<String>::new());
    evaluation.scores.into_keys().collect()
}

#[test]
fn each_task_emits_what_it_declares_and_nothing_else() {
    let view = &[Within::View];
    for (tasks, evaluation) in [
        (&[Task::ZeroShot][..], zero_shot(&[])),
        (&[Task::Retrieval], retrieval(&[])),
        (&[Task::ZeroShot, Task::ZeroShotWithin], zero_shot(view)),
        (&[Task::Retrieval, Task::RetrievalWithin], retrieval(view)),
        (&[Task::Grounding], grounding()),
        (&[Task::Evidence], evidence()),
    ] {
        let declarations = tasks.iter().copied().flat_map(Task::declarations);
        let instances = declarations.flat_map(|declaration| declaration.instances(&AT, &CLASSES));
        let declared: BTreeSet<String> = instances.map(|instance| instance.name()).collect();
        assert_eq!(emitted(evaluation), declared, "{tasks:?}");
    }
}

#[test]
fn a_run_logs_what_its_experiment_says_that_it_logs() {
    for within in [&[][..], &[Within::View]] {
        let mut eval = settings();
        eval.within = within.to_vec();
        let emitted: BTreeSet<String> =
            [zero_shot(within), retrieval(within), grounding()].into_iter().flat_map(emitted).collect();
        assert!(emitted.iter().all(|name| eval.logs(name)), "{emitted:?}");
        let of_classes = |name: &String| CLASSES.iter().any(|class| name.ends_with(class));
        let named: BTreeSet<String> = emitted.into_iter().filter(|name| !of_classes(name)).collect();
        assert_eq!(eval.score_names().into_iter().collect::<BTreeSet<_>>(), named);
    }
    let eval = settings();
    for other in [
        "retrieval/i2t_r_at_3",
        "evidence/f1_micro",
        "train/loss",
        "zero_shot/auroc/edema/low",
        "zero_shot/within/auroc_macro",
    ] {
        assert!(!eval.logs(other), "{other}");
    }
}
