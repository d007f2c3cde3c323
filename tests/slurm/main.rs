//! Sweeps by a real Slurm, on trials that take a second. `tests/services/slurm.sh start` starts one of two make-believe nodes.
#![allow(clippy::unwrap_used, missing_docs)]

mod cluster;

use std::collections::BTreeMap;

use cluster::{Cluster, wait_until};
use lgdea_harness::{Said, Workspace, root};
use serde_json::Value;

/// Metrics of every trial of `sweep.toml`, by the key of its run.
fn results(place: &Workspace, results: &str) -> BTreeMap<String, BTreeMap<String, Value>> {
    let trials = place.trials(results);
    trials.iter().map(|trial| (trial["run_key"].to_string(), place.run_of(results, trial).metrics())).collect()
}

fn finished(place: &Workspace, results: &str) -> usize {
    place.trials(results).iter().filter(|trial| place.run_of(results, trial).is_finished()).count()
}

/// Attempts at all trials.
fn attempts(place: &Workspace, results: &str) -> usize {
    place.trials(results).iter().map(|trial| place.run_of(results, trial).attempts()).sum()
}

/// Long enough to be looked at while it runs.
const LONG: &str = "grid.train.steps = [600]\ngrid.train.checkpoint-every = [20]\n";

#[test]
fn slurm_gives_the_same_results_as_this_machine() {
    let Some(cluster) = Cluster::new() else { return };
    let place = Workspace::of_sweeps();
    // A folder that has to be quoted.
    let sweep = place.sweep(
        "seeds.count = 3\n[[case]]\nname = 'lgdea'\n[[case]]\nname = 'clip'\nextends = 'clip'\n[execute]\nworkers = 2\n",
    );
    let submitted = cluster.submit(&place, &sweep, "it's 100%a", &[]);
    assert_eq!((&submitted["left"], &submitted["taken"]), (&Value::from(6), &Value::from(0)));
    let array = &submitted["array"];
    assert_eq!(array["elements"], 6);
    let mut most = 0;
    wait_until("the array has ended", || {
        most = most.max(cluster.states(&place, "it's 100%a").running);
        cluster.has_ended(array["aggregation"].as_str().unwrap())
    });
    assert!((1..=2).contains(&most), "{most} elements at a time instead of 2");
    place.finish(&sweep, "local", &["--workers", "2"]);
    assert_eq!(results(&place, "it's 100%a"), results(&place, "local"));
    let trials = place.trials("it's 100%a");
    assert_eq!(attempts(&place, "it's 100%a"), trials.len(), "none is run twice");
    assert!(trials.iter().all(|trial| trial["cached"] == true), "listed anew by the job after the array");
    let folder = place.path("it's 100%a/sweeps/sweep/slurm/1");
    let said = std::fs::read_to_string(folder.join("1.out")).unwrap();
    assert!(said.contains("finished  "), "{said}");

    let again = cluster.submit(&place, &sweep, "it's 100%a", &[]);
    assert_eq!((&again["left"], &again["array"]), (&Value::from(0), &Value::Null));
    assert!(!folder.with_file_name("2").exists());
}

#[test]
fn what_is_cancelled_or_killed_goes_on_with_the_next_submission() {
    let Some(cluster) = Cluster::new() else { return };
    let place = Workspace::of_sweeps();
    let sweep = place.sweep(&format!("{LONG}seeds.count = 2\n"));
    let first = cluster.submit(&place, &sweep, "a", &["--workers", "1"]);
    let job = first["array"]["job"].as_str().unwrap();
    let begun = || place.trials("a").iter().position(|trial| !place.run_of("a", trial).events("checkpoint").is_empty());
    wait_until("a trial has a checkpoint", || begun().is_some());
    let status = place.status("a");
    assert_eq!((&status["states"]["running"], &status["states"]["waiting"]), (&Value::from(1), &Value::from(1)));

    // One runs and one waits: both are as good as done.
    let second = cluster.submit(&place, &sweep, "a", &[]);
    assert_eq!((&second["left"], &second["taken"], &second["array"]), (&Value::from(2), &Value::from(2), &Value::Null));

    cluster.call("scancel", &[&format!("{job}_1")]);
    wait_until("the element has ended", || cluster.states(&place, "a").running == 0 || attempts(&place, "a") > 1);
    cluster.call("scancel", &[job]);
    wait_until("the array has ended", || cluster.has_ended(job));
    let trials = place.trials("a");
    let cancelled = place.run_of("a", &trials[begun().unwrap()]);
    assert_eq!(cancelled.endings().first().map(String::as_str), Some("killed"), "it wrote its checkpoint");

    let third = cluster.submit(&place, &sweep, "a", &[]);
    assert_eq!((&third["taken"], &third["array"]["elements"]), (&Value::from(0), &Value::from(2)));
    let before = attempts(&place, "a");
    wait_until("a trial is begun", || attempts(&place, "a") > before);
    // Slurm's record of a job may be lost, and the nodes' processes with it.
    cluster.call("scancel", &["--signal=KILL", "--full", third["array"]["job"].as_str().unwrap()]);
    wait_until("the array has ended", || cluster.has_ended(third["array"]["job"].as_str().unwrap()));
    let fourth = cluster.submit(&place, &sweep, "a", &[]);
    assert_eq!(fourth["taken"], 0, "the leases of the dead count for nothing");
    wait_until("the array has ended", || cluster.has_ended(fourth["array"]["aggregation"].as_str().unwrap()));
    assert_eq!(finished(&place, "a"), 2);
    assert!(place.run_of("a", &trials[begun().unwrap()]).went_on(), "it went on from its checkpoint");
}

#[test]
fn before_its_time_is_over_an_element_writes_a_checkpoint_and_is_queued_again() {
    let Some(cluster) = Cluster::new() else { return };
    let place = Workspace::of_sweeps();
    let sweep = place.sweep(LONG);
    let submitted = cluster.submit(&place, &sweep, "a", &[]);
    let job = submitted["array"]["job"].as_str().unwrap();
    let trial = &place.trials("a")[0];
    let run = || place.run_of("a", trial);
    wait_until("the trial has a checkpoint", || !run().events("checkpoint").is_empty());
    // As Slurm does it a while before the limit: to the batch script alone.
    cluster.call("scancel", &["--signal=USR1", "--batch", job]);
    wait_until("the trial has stopped", || !run().endings().is_empty());
    wait_until("the array has ended", || cluster.has_ended(submitted["array"]["aggregation"].as_str().unwrap()));
    assert_eq!(run().endings(), ["killed", "finished"]);
    assert!(run().went_on(), "it went on from its checkpoint");
    place.finish(&sweep, "local", &[]);
    assert_eq!(results(&place, "a"), results(&place, "local"));
}

/// An element that comes later does not try again what failed in another one, and the next submission does.
#[test]
fn what_fails_is_tried_once_a_submission() {
    let Some(cluster) = Cluster::new() else { return };
    let place = Workspace::of_sweeps();
    let sweep = place.sweep(
        "seeds.count = 2\n[[case]]\nname = 'broken'\nset.train.learning-rate = 1e30\n[[case]]\nname = 'whole'\n\
         [execute]\nworkers = 1\n",
    );
    for call in 1..=2 {
        let submitted = cluster.submit(&place, &sweep, "a", &[]);
        assert_eq!(submitted["left"], if call == 1 { 4 } else { 2 });
        wait_until("the array has ended", || cluster.has_ended(submitted["array"]["aggregation"].as_str().unwrap()));
        for trial in place.trials("a") {
            let expected = if trial["arm"] == "broken" { vec!["failed"; call] } else { vec!["finished"] };
            assert_eq!(place.run_of("a", &trial).endings(), expected, "{trial}");
        }
    }
}

#[test]
fn elements_share_the_proposals_of_a_search() {
    let Some(cluster) = Cluster::new() else { return };
    let place = Workspace::of_sweeps();
    let sweep = place.sweep(
        "[search]\nsampler = 'random'\nobjective = 'validation/zero_shot/auroc_macro'\n[search.space]\n\
         train.learning-rate = { low = 1e-4, high = 1e-2, log = true }\n[budget]\ntrials = 4\n[execute.slurm]\n\
         trials-per-element = 2\n",
    );
    let submitted = cluster.submit(&place, &sweep, "a", &[]);
    assert_eq!((&submitted["left"], &submitted["array"]["elements"]), (&Value::from(4), &Value::from(2)));
    wait_until("the array has ended", || cluster.has_ended(submitted["array"]["aggregation"].as_str().unwrap()));
    assert_eq!((place.trials("a").len(), finished(&place, "a"), attempts(&place, "a")), (4, 4, 4));
    assert_eq!(cluster.submit(&place, &sweep, "a", &[])["left"], 0);
}

#[test]
fn slurms_own_words_are_shown() {
    let Some(cluster) = Cluster::new() else { return };
    let place = Workspace::of_sweeps();
    let sweep = place.sweep("[execute.slurm]\npartition = 'no such one'\n");
    let said = cluster.end(&place, &sweep, "a", &[]).code(1).told();
    assert!(said.contains("invalid partition specified: no such one"), "{said}");
}

#[test]
fn an_own_template_is_used_and_its_errors_are_shown() {
    let Some(cluster) = Cluster::new() else { return };
    let place = Workspace::of_sweeps();
    let sweep = place.sweep("[execute.slurm]\ntemplate = 'own.sh.j2'\n");
    let shipped = std::fs::read_to_string(root().join("templates/slurm/array.sh.j2")).unwrap();
    for (own, reason) in [("#!/bin/bash\n{{ comand }}\n", "own.sh.j2, line 2"), ("{% if", "own.sh.j2, line 1")] {
        place.write("own.sh.j2", own);
        let said = cluster.end(&place, &sweep, "a", &[]).code(2).told();
        assert!(said.contains(reason), "{said}");
    }
    place.write("own.sh.j2", shipped.replace("{{ command }}", "echo it is mine; {{ command }}"));
    let submitted = cluster.submit(&place, &sweep, "a", &[]);
    wait_until("the array has ended", || cluster.has_ended(submitted["array"]["aggregation"].as_str().unwrap()));
    let said = std::path::Path::new(submitted["array"]["folder"].as_str().unwrap()).join("1.out");
    assert!(std::fs::read_to_string(said).unwrap().contains("it is mine"));
    assert_eq!(finished(&place, "a"), 1);
}
