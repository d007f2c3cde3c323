//! Sweeps as jobs of a real Ray. `tests/services/ray.sh start` starts one of two make-believe nodes.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs)]

mod cluster;
mod study;

use cluster::Cluster;
use lgdea_harness::{Run, Workspace, parent, signal};
use study::{Study, wait_until};

/// Longer than anybody waits.
const ENDLESS: usize = 1_000_000;
/// Long enough to be met while it runs.
const LONG: usize = 600;

#[test]
fn each_node_has_a_worker_and_trials_go_on_after_the_end_of_one_and_of_the_job() {
    let Some(cluster) = Cluster::find() else { return };
    let study = Study::new(ENDLESS);
    let job = cluster.submit(&study, "first");
    let [one, other] = study.begun();
    // Of Ray, which started `lgdea sweep`, which started the trial.
    let worker = |trial: &Run| parent(parent(study.process(trial)).unwrap()).unwrap();
    assert_ne!(parent(worker(&one)), parent(worker(&other)), "both workers are on one node");

    // Out of memory, say. Ray starts the worker again, which takes the trial that was cut off.
    signal(worker(&one), "-KILL");
    wait_until("the trial has ended with its worker", || one.endings() == ["killed"]);
    wait_until("another worker has it", || one.attempts() == 2 && study::has_checkpoint(&one));
    assert_eq!(other.attempts(), 1);

    job.stop();
    wait_until("the trials have ended with the job", || {
        one.endings() == ["killed", "killed"] && other.endings() == ["killed"]
    });

    let job = cluster.submit(&study, "second");
    wait_until("the trials go on", || {
        (one.attempts(), other.attempts()) == (3, 2) && [&one, &other].into_iter().all(study::has_checkpoint)
    });
    job.stop();
    assert!(one.went_on() && other.went_on(), "they went on from their checkpoints");
}

#[test]
fn after_the_end_of_the_head_a_new_job_finishes_what_is_left() {
    if Cluster::find().is_none() {
        return;
    }
    let place = Workspace::new();
    let cluster = Cluster::start(place.folder());
    let study = Study::new(LONG);
    // What it says is lost with the head.
    cluster.submit(&study, "first").forget();
    let trials = study.begun();
    cluster.kill_head();
    wait_until("the trial on the head has ended", || trials.iter().any(|trial| trial.endings() == ["killed"]));

    cluster.start_again();
    cluster.finish(&study);
    for trial in &trials {
        let endings = trial.endings();
        assert_eq!(endings.iter().filter(|ending| *ending == "finished").count(), 1, "{endings:?}");
        assert_eq!(endings.last().unwrap(), "finished");
    }
    assert!(trials.iter().any(Run::went_on), "what was cut off went on from its checkpoint");
}
