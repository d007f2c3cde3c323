//! A tracker that is away costs neither a run nor a sweep its time, and what it lacks is said with the command that sends it.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use lgdea_harness::http::{plain, serve, silent};
use lgdea_harness::{Run, Said, Workspace, tiny};

/// What a tracker may cost on a busy machine: far less than the 30 s that a run may wait, let alone four of them.
const LITTLE: Duration = Duration::from_secs(10);

/// Addresses of servers that are away, each in its own way. The listener accepts and never answers.
fn away() -> (TcpListener, Vec<String>) {
    let (listener, silent) = silent();
    let uris = vec![
        "http://127.0.0.1:9".to_owned(),
        silent,
        "http://tracker.invalid:5000".to_owned(),
        serve(|_| plain("500 INTERNAL SERVER ERROR", "", "broken")),
        serve(|_| Vec::new()),
    ];
    (listener, uris)
}

#[test]
fn a_run_does_not_wait_for_a_tracker_that_is_away() {
    let (_silent, uris) = away();
    let place = Workspace::new();
    place.write("tiny.toml", tiny::TINY);
    for uri in uris.iter().map(String::as_str) {
        let seconds = |uri: &str| {
            let begun = Instant::now();
            let mut command = place.lgdea(&["run", "tiny.toml", "--force"]);
            let told = command.env("MLFLOW_TRACKING_URI", uri).assert().success().told();
            (begun.elapsed(), told)
        };
        let (alone, _) = seconds("");
        let (beside, told) = seconds(uri);
        assert!(beside < alone + LITTLE, "{uri}: {beside:?} instead of {alone:?}");
        let said = told.lines().filter(|line| line.contains("`lgdea sync tiny-")).count();
        assert_eq!(said, 1, "one line says which command sends it: {told}");
    }
}

#[test]
fn the_trials_of_a_sweep_do_not_wait_for_a_tracker_that_is_away() {
    let (_silent, uris) = away();
    for uri in uris {
        let place = Workspace::new();
        place.write("tiny.toml", tiny::TINY);
        place.sweep("[grid]\ntrain.learning-rate = [1e-3, 3e-3]\n[seeds]\ncount = 2\n");
        let begun = Instant::now();
        let mut command = place.lgdea(&["sweep", "--workers", "1", "sweep.toml"]);
        let told = command.env("MLFLOW_TRACKING_URI", &uri).assert().success().told();
        let took = begun.elapsed();
        assert!(told.contains("4 of 4 runs are not whole on the tracker"), "{uri}: {told}");
        assert_eq!(told.lines().filter(|line| line.contains("`lgdea sync` sends the rest")).count(), 1, "{told}");
        let seconds = |run: &Run| run.events("ended").last().unwrap()["seconds"].as_f64().unwrap();
        let alone: f64 = place.runs("results").iter().map(seconds).sum();
        assert!(took < Duration::from_secs_f64(alone) + 2 * LITTLE, "{uri}: {took:?} for trials of {alone} s");
    }
}
