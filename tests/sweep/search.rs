//! Searches and early stopping.

use std::collections::BTreeMap;
use std::time::Duration;

use lgdea_harness::{Run, Workspace, tiny, wait_until};
use serde_json::Value;

const SEARCH: &str = "
[search]
sampler = 'tpe'
startup = 2
objective = 'validation/zero_shot/auroc_macro'
[search.space]
train.learning-rate = { low = 1e-4, high = 1e-2, log = true }
[budget]
trials = 5
";

fn proposals(place: &Workspace, results: &str) -> BTreeMap<String, String> {
    let folder = place.path(results).join("sweeps/sweep/proposals");
    let Ok(files) = std::fs::read_dir(folder) else { return BTreeMap::new() };
    let files = files.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some());
    files
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap()))
        .collect()
}

#[test]
fn a_search_that_is_killed_goes_on_with_the_same_proposals() {
    let place = Workspace::of_sweeps();
    let sweep = place.sweep(SEARCH);
    place.finish(&sweep, "whole", &["--workers", "1"]);
    let whole = proposals(&place, "whole");
    assert_eq!(whole.len(), 5);
    assert!(whole.values().last().unwrap().contains("\"known\":[0,1,2,3]"), "{whole:?}");

    for made in [1, 3] {
        let mut killed = place.start(&sweep, "killed", &["--workers", "1"]);
        wait_until("proposals", Duration::from_millis(5), || {
            assert!(killed.try_wait().unwrap().is_none());
            proposals(&place, "killed").len() >= made
        });
        killed.kill().unwrap();
        killed.wait().unwrap();
    }
    place.finish(&sweep, "killed", &["--workers", "1"]);
    assert_eq!(proposals(&place, "killed"), whole);

    let trials = place.trials("killed");
    assert_eq!(trials.len(), 5);
    assert_eq!(place.runs("killed").len(), 5);
    for trial in trials {
        assert!(trial["deltas"]["train.learning-rate"].as_f64().unwrap() <= 1e-2);
        assert_eq!(place.run_of("killed", &trial).endings().last().unwrap(), "finished");
    }
    let again = place.finish(&sweep, "killed", &[]);
    assert!(!again.contains("started"), "{again}");
}

/// A trial learns; those that cannot are stopped long before their hundred thousand steps.
#[test]
fn early_stopping_ends_what_promises_less() {
    let place = Workspace::of_sweeps();
    let sweep = place.sweep(
        "[[zip]]
        train.steps = [64, 100000, 100000]
        train.learning-rate = [3e-3, 1e-9, 2e-9]
        [prune]
        rule = 'asha'
        metric = 'train/loss'
        goal = 'minimise'
        min-step = 32
        reduction = 2
        ",
    );
    let said = place.finish(&sweep, "a", &["--workers", "1"]);
    assert_eq!(said.matches("pruned  ").count(), 2, "{said}");
    let endings: Vec<Vec<String>> = place.trials("a").iter().map(|trial| place.run_of("a", trial).endings()).collect();
    assert_eq!(endings, [["finished"], ["pruned"], ["pruned"]]);
    let why = &place.run_of("a", &place.trials("a")[1]).events("ended")[0]["error"];
    assert!(why.as_str().unwrap().contains("others have a better train/loss"), "{why}");

    let again = place.finish(&sweep, "a", &[]);
    assert!(!again.contains("started") && !again.contains("resumed"), "a pruned trial stays so: {again}");
    assert_eq!(place.status("a")["states"]["pruned"], 2);
}

/// What the validation split says on the way can decide, and changes nothing of the result.
#[test]
fn the_validation_split_is_scored_on_the_way() {
    let place = Workspace::of_sweeps();
    let run = |every: &str| place.finished(tiny::TRIAL, &["--set", every]);
    let (plain, scored) = (run("eval.every=0"), run("eval.every=5"));
    assert_eq!(scored.metrics(), plain.metrics());
    let steps = |run: &Run| -> Vec<Value> {
        let metrics = run.events("metrics").into_iter();
        let scored = metrics.filter(|event| event["values"].get("validation/zero_shot/auroc_macro").is_some());
        scored.map(|event| event["step"].clone()).collect()
    };
    assert_eq!(steps(&plain), [12]);
    assert_eq!(steps(&scored), [5, 10, 12]);
}
