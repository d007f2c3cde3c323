//! Runs that are killed or stopped, and go on as if nothing had happened.

use std::collections::BTreeSet;
use std::path::Path;

use lgdea_harness::tiny::RESUMABLE;
use lgdea_harness::{Run, Workspace};
use serde_json::Value;

/// Starts a run and kills it once it has written a checkpoint.
pub(crate) fn kill_at_first_checkpoint(place: &Workspace, file: &Path, results: &str) {
    let run = place.signal_at("\"event\":\"checkpoint\"", "-KILL", file, results);
    assert!(!run.journal().contains("\"event\":\"ended\""), "killed too late: give the training more steps");
}

/// A killed run ends as if nothing had happened.
#[test]
fn a_killed_run_goes_on_from_its_checkpoint_to_the_last_bit() {
    let place = Workspace::new();
    let file = place.write("tiny.toml", RESUMABLE);
    let whole = place.finished(RESUMABLE, &[]).outcome;
    kill_at_first_checkpoint(&place, &file, "killed");
    let resumed = place.outcome(&file, "killed", &[]);
    assert_eq!(resumed["metrics"], whole["metrics"]);
}

/// Frozen prototypes stay frozen where k-means put them, and scores on the way are not lost with the process.
#[test]
fn a_killed_run_has_the_scores_of_a_whole_one() {
    let place = Workspace::new();
    place.write("tiny.toml", RESUMABLE);
    let frozen = "[train.learning-rate-factors]\n'^prototypes\\.' = 0.0\n";
    let file = place.write("scored.toml", format!("extends = 'tiny.toml'\n{frozen}[eval]\nevery = 3\n"));
    let whole = place.outcome(&file, "whole", &[]);
    kill_at_first_checkpoint(&place, &file, "killed");
    let resumed = place.outcome(&file, "killed", &[]);
    assert_eq!(resumed["metrics"], whole["metrics"]);

    let scored = |outcome: &Value| {
        let scores = Run::of(outcome).events("metrics").into_iter().filter_map(|event| {
            let score = event["values"]["validation/zero_shot/auroc_macro"].as_f64()?;
            Some((event["step"].as_u64()?, score.to_bits()))
        });
        scores.collect::<BTreeSet<_>>()
    };
    assert_eq!(scored(&resumed), scored(&whole));
    assert_eq!(scored(&whole).iter().map(|(step, _)| *step).collect::<Vec<_>>()[..3], [3, 6, 9]);
}

/// The text warm-up stops when it is told to, and is not done twice.
#[test]
fn a_run_that_is_stopped_in_its_warm_up_goes_on_there() {
    let place = Workspace::new();
    let file = place.write("long.toml", RESUMABLE.replace("text-warmup-steps = 3", "text-warmup-steps = 300"));
    let whole = place.outcome(&file, "whole", &[]);
    let journal = place.signal_at("text_warmup/loss", "-TERM", &file, "stopped").journal();
    assert!(journal.contains("checkpoints/step-000000") && !journal.contains("\"train/loss"), "{journal}");
    let before = journal.matches("text_warmup/loss").count();
    let resumed = place.outcome(&file, "stopped", &[]);
    assert_eq!(resumed["metrics"], whole["metrics"]);
    let journal = Run::of(&resumed).journal();
    assert_eq!(journal.matches("text_warmup/loss").count(), 300, "{before} of them before it was stopped");
}

/// A second round has another teacher and begins anew; killed in its midst, or as it begins, it goes on as if nothing had happened.
#[test]
fn a_second_round_goes_on_where_it_was_left() {
    let place = Workspace::new();
    let file = place.write("rounds.toml", RESUMABLE.replace("[train]\n", "[train]\nrounds = 2\n"));
    let once = place.finished(RESUMABLE, &[]).outcome;
    let whole = place.outcome(&file, "whole", &[]);
    assert_ne!(once["metrics"], whole["metrics"]);
    let last = |outcome: &Value| Run::of(outcome).events("checkpoint").last().unwrap()["step"].as_u64().unwrap();
    let steps = last(&once);
    assert_eq!(last(&whole), 2 * steps);

    for (results, after) in [("killed", steps.next_multiple_of(3) + 3), ("begun", steps)] {
        let run = place.signal_at(&format!("checkpoints/step-{after:06}"), "-KILL", &file, results);
        assert!(!run.journal().contains("\"event\":\"ended\""), "killed too late: give the training more steps");
        let resumed = place.outcome(&file, results, &[]);
        assert_eq!(resumed["metrics"], whole["metrics"], "{results}");
    }
}
