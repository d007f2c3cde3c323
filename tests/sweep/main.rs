//! Sweeps through the binary, on trials that take a second: what they give, and what kills and failures do to them.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod changes;
mod kills;
mod search;

use std::collections::BTreeSet;

use assert_cmd::assert::Assert;
use lgdea_harness::{Said, Workspace, ended};
use serde_json::Value;

#[test]
fn a_sweep_gives_what_its_runs_give_alone_and_is_done_once() {
    let place = Workspace::of_sweeps();
    let sweep = place.sweep("seeds.count = 2\n[[case]]\nname = 'lgdea'\n[[case]]\nname = 'clip'\nextends = 'clip'\n");
    let said = place.finish(&sweep, "a", &["--workers", "2"]);
    assert_eq!(said.matches("started  ").count(), 4, "{said}");
    let trials = place.trials("a");
    assert_eq!(trials.len(), 4);
    for trial in &trials {
        let run = place.run_of("a", trial);
        assert_eq!(run.attempts(), 1);
        let tags = &run.events("tags")[0]["values"];
        assert_eq!((&tags["sweep"], &tags["arm"]), (&Value::from("sweep"), &trial["arm"]));
        let seed = format!("seed={}", trial["seed"]);
        let mut alone = vec!["run", "tiny.toml", "--results", "b", "--set", &seed];
        if trial["arm"] == "clip" {
            alone[1] = "clip.toml";
        }
        place.write("clip.toml", "extends = ['tiny.toml', 'clip']\nname = 'alone'\n");
        place.lgdea(&alone).assert().success();
        let key = trial["run_key"].as_str().unwrap();
        assert_eq!(run.metrics(), place.run_of_key("b", key).metrics(), "{key}");
    }

    let before: Vec<String> = trials.iter().map(|trial| place.run_of("a", trial).journal()).collect();
    let said = place.finish(&sweep, "a", &[]);
    assert!(!said.contains("started"), "{said}");
    let after: Vec<String> = trials.iter().map(|trial| place.run_of("a", trial).journal()).collect();
    assert_eq!(after, before);
    assert!(place.trials("a").iter().all(|trial| trial["cached"] == true));
    let status = place.status("a");
    assert_eq!((&status["runs"], &status["states"]["finished"]), (&Value::from(4), &Value::from(4)));
}

/// The files that an experiment names of its own determine its key, in a plan as in a trial.
#[test]
fn a_sweep_with_own_prompts_runs_and_is_planned_anew_when_they_change() {
    let place = Workspace::of_sweeps();
    let prompts = "version = 1\ndescription = 'Own.'\n[[class]]\nname = 'cardiomegaly'\nprompts = ['enlarged heart']\n";
    place.write("prompts.toml", prompts);
    place.write("own.toml", "extends = 'tiny.toml'\nname = 'own'\n[eval]\nzero-shot.prompts = 'prompts.toml'\n");
    let sweep = place.write("sweep.toml", "experiment = 'own.toml'\nseeds.count = 1\n");
    let said = place.finish(&sweep, "a", &["--workers", "1"]);
    assert_eq!(said.matches("finished ").count(), 1, "{said}");
    let planned = || place.json(&["plan", "sweep.toml", "--results", "a"]);
    let before = planned();
    assert_eq!(before["cached"], true, "{before}");
    place.write("prompts.toml", prompts.replace("enlarged", "large"));
    let after = planned();
    assert_eq!(after["cached"], false, "{after}");
    assert_ne!(after["run_key"], before["run_key"]);
}

/// What one sweep has run is another's, too, whatever the names of sweep and arm.
#[test]
fn finished_runs_are_reused_by_other_sweeps() {
    let place = Workspace::of_sweeps();
    let first = place.sweep("seeds.count = 2\n");
    place.finish(&first, "a", &["--workers", "2"]);
    let other = place.write("other.toml", "experiment = 'tiny.toml'\nseeds.count = 3\n[[case]]\nname = 'x'\n");
    let said = place.finish(&other, "a", &[]);
    assert_eq!(said.matches("started  ").count(), 1, "{said}");
    let folders: BTreeSet<String> = place.runs("a").iter().map(|run| run.name().to_owned()).collect();
    assert_eq!(folders.len(), 3);
    for trial in place.trials_of("a", "other") {
        assert!(folders.contains(trial["dir"].as_str().unwrap()), "{trial}");
    }
}

#[test]
fn two_sweeps_at_once_share_the_work() {
    let place = Workspace::of_sweeps();
    let sweep = place.sweep("seeds.count = 6\n");
    let both = [place.start(&sweep, "a", &["--workers", "1"]), place.start(&sweep, "a", &["--workers", "1"])];
    for process in both {
        let counts = ended(process).success().json();
        assert_eq!(counts["finished"], 6, "each knows what the other did: {counts}");
    }
    assert_eq!(place.runs("a").len(), 6);
    for trial in place.trials("a") {
        assert_eq!(place.run_of("a", &trial).attempts(), 1, "{trial}");
    }
    assert_eq!(std::fs::read_dir(place.path("a/leases")).unwrap().count(), 0, "no lease stays");
}

/// A loss that is no number: an error that the run itself reports.
const WITH_A_BROKEN_ARM: &str = "seeds.count = 2\n[[case]]\nname = 'broken'\nset.train.learning-rate = 1e30\n[[case]]\n\
                                 name = 'whole'\n";

#[test]
fn a_failing_arm_costs_its_own_trials_only() {
    let place = Workspace::of_sweeps();
    let sweep = place.sweep(WITH_A_BROKEN_ARM);
    for call in 1..=2 {
        let ended = place.end(&sweep, "a", &["--workers", "2"]).code(1);
        let said = ended.told();
        assert_eq!(said.matches("failed    broken, seed").count(), 2, "{said}");
        assert!(said.contains("the loss is NaN"), "{said}");
        assert!(!said.contains("tried again"), "what a run reports itself is no crash: {said}");
        let counts = ended.json();
        assert_eq!((&counts["finished"], &counts["failed"]), (&Value::from(2), &Value::from(2)));
        for trial in place.trials("a") {
            let expected = if trial["arm"] == "broken" { call } else { 1 };
            assert_eq!(place.run_of("a", &trial).attempts(), expected, "a new call tries failed trials again");
        }
    }
    let status = place.output(&["sweep", "sweep.toml", "--results", "a", "--status"]);
    assert!(status.contains("the loss is NaN") && status.contains("finished"), "{status}");
}

#[test]
fn the_first_failure_can_end_a_sweep() {
    for (flags, failed) in [(["--on-failure", "stop"], 1), (["--max-failures", "2"], 2)] {
        let place = Workspace::of_sweeps();
        let sweep = place.sweep(WITH_A_BROKEN_ARM);
        let counts = place.end(&sweep, "a", &["--workers", "1", flags[0], flags[1]]).code(1).json();
        assert_eq!((&counts["failed"], &counts["left"]), (&Value::from(failed), &Value::from(4 - failed)));
    }
}

#[test]
fn a_trial_that_is_not_what_was_planned_is_refused() {
    let place = Workspace::of_sweeps();
    let trial = place.lgdea(&["run", "tiny.toml", "--results", "a", "--trial", "0123456789ab"]).assert();
    let said = trial.code(2).told();
    assert!(said.contains("planned as 0123456789ab"), "{said}");
    assert!(!place.path("a/runs").exists());
}

#[test]
fn wrong_input_is_refused_before_anything_runs() {
    let place = Workspace::of_sweeps();
    let sweep = place.sweep("grid.train.stepz = [1]\n");
    let refused: [(&[&str], &str); 4] = [
        (&[], "did you mean"),
        (&["--workers", "0"], "--workers"),
        (&["--launcher", "slurm", "--trials", "1"], "--trials"),
        (&["--status"], "has not begun"),
    ];
    for (flags, reason) in refused {
        if !flags.is_empty() {
            place.sweep("seeds.count = 2\n");
        }
        let said = place.end(&sweep, "a", flags).code(2).told();
        assert!(said.contains(reason), "{said}");
    }
    assert!(!place.path("a").exists());
}

#[test]
fn without_slurm_its_launcher_is_refused() {
    let place = Workspace::of_sweeps();
    let sweep = place.sweep("execute.launcher = 'slurm'\n");
    let said = Assert::new(place.sweep_command(&sweep, "a").env("PATH", "").output().unwrap()).code(2).told();
    assert!(said.contains("no `sbatch` in PATH") && said.contains("--launcher local"), "{said}");
    assert!(!place.path("a").exists());
}

#[test]
fn a_call_runs_as_many_trials_as_it_is_asked_to() {
    let place = Workspace::of_sweeps();
    let sweep = place.sweep(WITH_A_BROKEN_ARM);
    for (trials, finished) in [("0", 0), ("1", 1), ("5", 2)] {
        let counts = place.end(&sweep, "a", &["--workers", "1", "--trials", trials]).json();
        let failed = if trials == "0" { 0 } else { 2 };
        assert_eq!((&counts["finished"], &counts["failed"]), (&finished.into(), &failed.into()), "{counts}");
        assert_eq!(place.trials("a").len(), 4);
    }
}

#[test]
fn job_files_of_other_clusters_are_printed_and_nothing_is_run() {
    let place = Workspace::of_sweeps();
    place.sweep("execute.workers = 3\n");
    for (cluster, part) in [("kubernetes", "completions: 3"), ("ray", "ray job submit"), ("sky", "num_nodes: 3")] {
        let text = place.output(&["sweep", "sweep.toml", "--print", cluster]);
        assert!(text.contains(part) && text.contains("sweep.toml"), "{text}");
    }
    assert!(!place.path("results").exists());
}
