//! Trainings that end when they get no better, with their best model.

use std::collections::BTreeMap;

use lgdea_harness::tiny::RESUMABLE;
use lgdea_harness::{Run, Said, Workspace};
use serde_json::Value;

use crate::kills::kill_at_first_checkpoint;

const METRIC: &str = "validation/zero_shot/auroc_macro";

/// A training with patience, scored every three steps.
fn patient(evaluations: usize) -> String {
    format!("{RESUMABLE}every = 3\n[train.patience]\nevaluations = {evaluations}\nmetric = '{METRIC}'\n")
}

/// The steps at which the validation split was scored while training went on, with the score.
fn scored(outcome: &Value) -> Vec<(u64, f64)> {
    let events = Run::of(outcome).events("metrics").into_iter();
    let mut scored: Vec<(u64, f64)> = events
        .filter(|event| event["values"].get(format!("{METRIC}/low")).is_none())
        .filter_map(|event| Some((event["step"].as_u64()?, event["values"][METRIC].as_f64()?)))
        .collect();
    scored.dedup();
    scored
}

/// Every score of the validation split after so many steps.
fn validated(outcome: &Value, step: u64) -> BTreeMap<String, f64> {
    let events = Run::of(outcome).events("metrics").into_iter();
    let mut scores = events.filter(|event| event["step"] == step && event["values"].get(METRIC).is_some());
    let values = scores.next().unwrap()["values"].as_object().unwrap().clone();
    values.into_iter().filter_map(|(name, value)| Some((name, value.as_f64()?))).collect()
}

/// Whether the result has all scores of the model after so many steps.
fn is_the_model_after(outcome: &Value, step: u64) -> bool {
    validated(outcome, step).iter().all(|(name, score)| outcome["metrics"][name].as_f64() == Some(*score))
}

fn best_step(outcome: &Value) -> u64 {
    let events = Run::of(outcome).events("metrics").into_iter();
    let steps: Vec<u64> =
        events.filter_map(|event| event["values"]["train/best_step"].as_f64()).map(|it| it as u64).collect();
    assert_eq!(steps.len(), 1);
    steps[0]
}

/// Of all scored models the best is the result, also after a kill, and the last step is scored, too.
#[test]
fn the_best_model_is_the_result_to_the_last_bit_after_a_kill() {
    let place = Workspace::new();
    let file = place.write("patient.toml", patient(100));
    let whole = place.outcome(&file, "whole", &[]);
    let scores = scored(&whole);
    assert_eq!(scores.iter().map(|(step, _)| *step).collect::<Vec<_>>().last(), Some(&12), "{scores:?}");
    let best = scores.iter().map(|(_, score)| *score).fold(f64::NEG_INFINITY, f64::max);
    let first = scores.iter().find(|(_, score)| *score >= best).unwrap().0;
    assert_eq!(best_step(&whole), first, "{scores:?}");
    assert_eq!(whole["metrics"][METRIC].as_f64(), Some(best));
    assert!(is_the_model_after(&whole, first), "{}", whole["metrics"]);
    kill_at_first_checkpoint(&place, &file, "killed");
    let resumed = place.outcome(&file, "killed", &[]);
    assert_eq!((&resumed["metrics"], best_step(&resumed)), (&whole["metrics"], first));
}

/// The first scoring that is no better than all before it ends a training whose patience is one scoring long.
#[test]
fn a_training_that_gets_no_better_ends_early() {
    let place = Workspace::new();
    let file = place.write("patient.toml", patient(1));
    let outcome = place.outcome(&file, "results", &["--set", "eval.every=1"]);
    let scores = scored(&outcome);
    let ended = scores.len() as u64;
    assert_eq!(scores.iter().map(|(step, _)| *step).collect::<Vec<_>>(), (1..=ended).collect::<Vec<_>>());
    assert!(ended < 12 && scores.is_sorted_by(|one, other| one.1 < other.1 || other.0 == ended), "{scores:?}");
    assert!(scores[scores.len() - 1].1 <= scores[scores.len() - 2].1, "{scores:?}");
    assert_eq!(best_step(&outcome), ended - 1);
    assert!(is_the_model_after(&outcome, ended - 1) && !is_the_model_after(&outcome, ended));
    let journal = Run::of(&outcome).journal();
    let told = format!("training ended after {ended} of 12 steps, the model after {} steps is the result", ended - 1);
    assert!(journal.contains(&told), "{journal}");
    // It is over: the same command trains nothing.
    place.outcome(&file, "results", &["--set", "eval.every=1"]);
    assert_eq!(Run::of(&outcome).journal(), journal);
}

#[test]
fn what_patience_waits_for_must_be_measured() {
    let place = Workspace::new();
    let file = place.write("patient.toml", patient(2));
    let run = |flag: &str| place.run(&file, "results", &["--set", flag]).code(2).told_in_a_line();
    let said = run("eval.zero-shot.enabled=false");
    assert!(said.contains("which the validation split does not have; it has: validation/"), "{said}");
    let said = run("data.phantom.validation=0");
    assert!(said.contains("train.patience waits for scores of the validation split"), "{said}");
}
