//! Against a real server: what arrives, and that it arrives once.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use lgdea_harness::Service;
use lgdea_harness::http::flaky;
use lgdea_harness::mlflow::{Row, Server, script, value};
use lgdea_track::mlflow::{Mirror, comparison_page, show_sweep, sync};
use lgdea_track::{Event, Journal, RunDir, Status, read};
use serde_json::{Value, json};

use crate::{begin, ended, settings, started, texts};

const WAIT: Duration = Duration::from_mins(1);

/// Rows of a metric as the journal has them, in the form of [`Server::history`].
fn rows(run: &RunDir, metric: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for (_, record) in read(&run.journal()).unwrap() {
        if let Event::Metrics { step, values } = record.event
            && let Some(value) = values.get(metric)
        {
            rows.push((step as i64, record.time as i64, json!(value).to_string()));
        }
    }
    rows.sort();
    rows
}

fn status(run: &Value) -> &str {
    run["info"]["status"].as_str().unwrap()
}

/// A journal with every kind of event.
fn whole_run(journal: &Journal, run: &RunDir) {
    let long = "é".repeat(7000);
    let mut params = texts(&[("train.steps", "300"), ("empty", ""), ("list[0]", "x"), ("long", &long)]);
    params.extend((0..150).map(|index| (format!("many.{index}"), index.to_string())));
    journal.write(Event::Params { values: params }).unwrap();
    let tags = texts(&[("arm", "lgdea"), ("empty", ""), ("mlflow.user", "")]);
    journal.write(Event::Tags { values: tags }).unwrap();
    journal
        .write(Event::Dataset {
            name: "phantom".to_owned(),
            digest: "0123456789abcdef".repeat(4),
            context: "train".to_owned(),
            profile: r#"{"studies":3000}"#.to_owned(),
        })
        .unwrap();
    for step in 0..40 {
        let loss = 1.0 / f64::from(step + 3);
        journal.metrics(u64::try_from(step).unwrap(), &[("train/loss", loss), ("R@10", 0.5)]).unwrap();
    }
    journal.metrics(7, &[("odd/nan", f64::NAN), ("odd/high", f64::INFINITY), ("odd/low", f64::NEG_INFINITY)]).unwrap();
    let many: BTreeMap<String, f64> = (0..2500).map(|index| (format!("many/{index}"), f64::from(index))).collect();
    journal.write(Event::Metrics { step: 1, values: many }).unwrap();

    std::fs::write(run.experiment(), "name = \"low-pair\"\n").unwrap();
    std::fs::create_dir_all(run.artifacts().join("figures")).unwrap();
    std::fs::write(run.artifacts().join("figures/heat map.svg"), "<svg/>").unwrap();
    std::fs::write(run.artifacts().join("large.bin"), vec![7; 3_000_000]).unwrap();
    std::fs::write(run.artifacts().join("unnamed.txt"), "not named by an event").unwrap();
    for path in ["experiment.toml", "artifacts/figures/heat map.svg", "artifacts/large.bin", "artifacts/missing.png"] {
        journal.write(Event::Artifact { path: path.to_owned() }).unwrap();
    }
    journal.write(Event::Note { text: "# Result\n\nfine".to_owned() }).unwrap();
    journal.write(Event::Warning { message: "three reports were empty".to_owned() }).unwrap();
    journal.write(Event::Checkpoint { step: 39, path: "checkpoints/39".to_owned() }).unwrap();
    journal.write(ended(Status::Finished)).unwrap();
}

fn assert_whole_run(server: &Server, dir: &RunDir) {
    let run = server.only_run();
    assert_eq!(status(&run), "FINISHED");
    assert_eq!(run["info"]["run_name"], "low-pair");
    assert_eq!(run["data"]["params"].as_array().unwrap().len(), 154);
    assert_eq!(value(&run, "params", "train.steps"), "300");
    assert_eq!(value(&run, "params", "empty"), "");
    let long = value(&run, "params", "long");
    assert!(long.ends_with("[cut: 7000 characters, whole in the journal]"), "{long}");
    assert_eq!(value(&run, "tags", "arm"), "lgdea");
    assert_eq!(value(&run, "tags", "mlflow.note.content"), "# Result\n\nfine");
    assert_eq!(value(&run, "tags", "lgdea.checkpoint_step"), "39");
    assert_eq!(value(&run, "tags", "lgdea.device"), "flex");
    assert!(!run.to_string().contains("three reports"), "a warning left the machine");

    assert_eq!(server.history(&run, "train/loss"), rows(dir, "train/loss"));
    assert_eq!(run["data"]["metrics"].as_array().unwrap().len(), 2 + 3 + 2500);
    let names: Vec<_> =
        run["data"]["metrics"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap()).collect();
    let recall = names.iter().find(|name| name.starts_with("R_10-")).unwrap();
    assert_eq!(server.history(&run, recall).len(), 40);
    assert_eq!(server.history(&run, "odd/nan")[0].2, "\"NaN\"");
    assert_eq!(server.history(&run, "odd/high")[0].2, "1.7976931348623157e+308");
    assert_eq!(server.history(&run, "odd/low")[0].2, "-1.7976931348623157e+308");
    assert_eq!(server.history(&run, "many/2499"), rows(dir, "many/2499"));

    let inputs = run["inputs"]["dataset_inputs"].as_array().unwrap();
    assert_eq!(inputs.len(), 1, "{inputs:?}");
    assert_eq!(inputs[0]["dataset"]["name"], "phantom/train");
    assert_eq!(inputs[0]["dataset"]["digest"], "0123456789abcdef".repeat(4)[..36]);
    assert_eq!(server.artifact(&run, "experiment.toml"), b"name = \"low-pair\"\n");
    assert_eq!(server.artifact(&run, "figures/heat%20map.svg"), b"<svg/>");
    assert_eq!(server.artifact(&run, "large.bin").len(), 3_000_000);
    let models = server.models("");
    assert_eq!(models.len(), 1, "{models:?}");
    assert_eq!(models[0]["info"]["status"], "LOGGED_MODEL_READY");
    let listed = server.get("artifacts/list", &[("run_id", run["info"]["run_id"].as_str().unwrap())]);
    assert_eq!(listed["files"].as_array().unwrap().len(), 3, "{listed}");
}

#[test]
fn everything_arrives_and_arrives_once() {
    let Some(server) = Server::find("everything") else {
        return;
    };
    let (_folder, run, journal) = begin("0123456789ab");
    let mirror = Mirror::start(&run, settings(&server.uri, &server.experiment));
    whole_run(&journal, &run);
    let report = mirror.finish(Instant::now() + WAIT);
    assert!(report.complete && report.behind == 0 && report.error.is_none(), "{report:?}");
    assert_eq!(report.problems.len(), 1, "{report:?}");
    assert!(report.problems[0].contains("missing.png"), "{report:?}");
    assert_whole_run(&server, &run);
    let run_id = server.only_run()["info"]["run_id"].as_str().unwrap().to_owned();
    assert!(report.url.unwrap().ends_with(&format!("/runs/{run_id}?workflowType=machine_learning")));

    // Nothing new, then everything once more: the server stays as it is.
    for lose_state in [false, true] {
        if lose_state {
            std::fs::remove_file(run.path().join("mlflow.json")).unwrap();
        }
        let report = sync(&run, &settings(&server.uri, &server.experiment), WAIT).unwrap();
        assert!(report.complete, "{report:?}");
        assert_whole_run(&server, &run);
    }
}

#[test]
fn a_bad_way_to_the_server_loses_and_doubles_nothing() {
    let Some(server) = Server::find("flaky") else {
        return;
    };
    let (uri, requests) = flaky(&server.uri);
    let (_folder, run, journal) = begin("0123456789ab");
    whole_run(&journal, &run);
    let report = sync(&run, &settings(&uri, &server.experiment), WAIT).unwrap();
    assert!(report.complete, "{report:?}");
    assert_whole_run(&server, &run);
    let requests = requests.load(std::sync::atomic::Ordering::Relaxed);
    assert!(requests > 10, "{requests} requests met hardly a fault");
}

#[test]
fn a_run_is_seen_while_it_goes_on_and_taken_up_after_a_failure() {
    let Some(server) = Server::find("resume") else {
        return;
    };
    let (_folder, run, journal) = begin("0123456789ab");
    let mirror = Mirror::start(&run, settings(&server.uri, &server.experiment));
    journal.metrics(1, &[("loss", 2.0)]).unwrap();
    journal.write(ended(Status::Failed)).unwrap();
    assert!(mirror.finish(Instant::now() + WAIT).complete);
    assert_eq!(status(&server.only_run()), "FAILED");
    drop(journal);

    let journal = Journal::open(&run).unwrap();
    journal.write(started("0123456789ab", 2)).unwrap();
    let mirror = Mirror::start(&run, settings(&server.uri, &server.experiment));
    journal.metrics(2, &[("loss", 1.0)]).unwrap();
    let begun = Instant::now();
    while server.history(&server.only_run(), "loss").len() < 2 {
        assert!(begun.elapsed() < WAIT, "the second attempt is not seen");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(status(&server.only_run()), "RUNNING");
    journal.write(ended(Status::Finished)).unwrap();
    assert!(mirror.finish(Instant::now() + WAIT).complete);
    let shown = server.only_run();
    assert_eq!(status(&shown), "FINISHED");
    assert_eq!(value(&shown, "tags", "lgdea.attempt"), "2");
    assert_eq!(server.history(&shown, "loss"), rows(&run, "loss"));
}

#[test]
fn a_changed_parameter_is_told_and_holds_nothing_up() {
    let Some(server) = Server::find("params") else {
        return;
    };
    let (_folder, run, journal) = begin("0123456789ab");
    for device in ["flex", "libtorch"] {
        let values = texts(&[("device.name", device), ("seed", "0")]);
        journal.write(Event::Params { values }).unwrap();
        journal.metrics(1, &[("loss", 2.0)]).unwrap();
        let report = sync(&run, &settings(&server.uri, &server.experiment), WAIT).unwrap();
        assert!(report.complete, "{report:?}");
        assert_eq!(report.problems.len(), usize::from(device == "libtorch"), "{report:?}");
    }
    assert_eq!(value(&server.only_run(), "params", "device.name"), "flex");
    assert_eq!(server.history(&server.only_run(), "loss"), {
        let mut rows = rows(&run, "loss");
        rows.dedup();
        rows
    });
}

#[test]
fn runs_that_begin_together_share_a_new_experiment() {
    let Some(server) = Server::find("together") else {
        return;
    };
    // The same identity run four times over: four journals, begun at different times, so four runs.
    let begun: Vec<_> = (0..4)
        .map(|_| {
            std::thread::sleep(Duration::from_millis(5));
            begin("0123456789ab")
        })
        .collect();
    std::thread::scope(|scope| {
        for (_folder, run, journal) in &begun {
            let server = &server;
            scope.spawn(move || {
                journal.write(ended(Status::Killed)).unwrap();
                assert!(sync(run, &settings(&server.uri, &server.experiment), WAIT).unwrap().complete);
            });
        }
    });
    let runs = server.runs();
    assert_eq!(runs.len(), 4);
    assert!(runs.iter().all(|run| status(run) == "KILLED"));
}

#[test]
fn a_run_in_the_servers_bin_is_not_written_to() {
    let Some(server) = Server::find("bin") else {
        return;
    };
    let (_folder, run, journal) = begin("0123456789ab");
    let settings = settings(&server.uri, &server.experiment);
    sync(&run, &settings, WAIT).unwrap();
    let shown = server.only_run();
    server.post("runs/delete", &json!({ "run_id": shown["info"]["run_id"] }));
    journal.metrics(1, &[("loss", 2.0)]).unwrap();
    let error = sync(&run, &settings, WAIT).unwrap_err().to_string();
    assert!(error.contains("the run `low-pair` was deleted") && error.contains("mlflow.json"), "{error}");
    std::fs::remove_file(run.path().join("mlflow.json")).unwrap();
    assert!(sync(&run, &settings, WAIT).unwrap().complete);
    assert_eq!(server.history(&server.only_run(), "loss"), rows(&run, "loss"));
}

#[test]
fn one_journal_is_sent_by_one_process() {
    let Some(server) = Server::find("lock") else {
        return;
    };
    let (_folder, run, journal) = begin("0123456789ab");
    let settings = settings(&server.uri, &server.experiment);
    let mirror = Mirror::start(&run, settings.clone());
    let begun = Instant::now();
    while !run.path().join("mlflow.json").exists() {
        assert!(begun.elapsed() < WAIT, "the mirror does nothing");
        std::thread::sleep(Duration::from_millis(50));
    }
    let error = sync(&run, &settings, WAIT).unwrap_err().to_string();
    assert!(error.contains("held by another process"), "{error}");
    journal.write(ended(Status::Finished)).unwrap();
    assert!(mirror.finish(Instant::now() + WAIT).complete);
    assert!(sync(&run, &settings, WAIT).unwrap().complete);
}

/// A server of this test's own is killed in the middle of a run, stays away, and comes back; then it comes back empty.
#[test]
fn a_server_that_dies_and_returns_has_everything_in_the_end() {
    if Service::Mlflow.find().is_none() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let uri = script(&["start"], home.path());
    let port = uri.rsplit(':').next().unwrap().to_owned();
    let outcome = std::panic::catch_unwind(|| dies_and_returns(&uri, &port, home.path()));
    script(&["stop"], home.path());
    outcome.unwrap();
}

fn dies_and_returns(uri: &str, port: &str, home: &Path) {
    let server = Server::at(uri, "restart");
    let (_folder, run, journal) = begin("0123456789ab");
    let mirror = Mirror::start(&run, settings(uri, &server.experiment));
    let write = |steps: std::ops::Range<u64>| {
        for step in steps {
            journal.metrics(step, &[("loss", 1.0 / (step as f64 + 3.0))]).unwrap();
        }
    };
    write(0..100);
    let begun = Instant::now();
    while !run.path().join("mlflow.json").exists() {
        assert!(begun.elapsed() < WAIT, "the mirror does nothing");
        std::thread::sleep(Duration::from_millis(50));
    }
    script(&["stop"], home);
    write(100..200);
    std::thread::sleep(Duration::from_secs(3));
    script(&["start", "--port", port], home);
    write(200..300);
    journal.write(ended(Status::Finished)).unwrap();
    let report = mirror.finish(Instant::now() + WAIT);
    assert!(report.complete, "{report:?}");
    assert_eq!(server.history(&server.only_run(), "loss"), rows(&run, "loss"));
    assert_eq!(status(&server.only_run()), "FINISHED");

    script(&["stop"], home);
    std::fs::remove_file(home.join("mlflow.db")).unwrap();
    script(&["start", "--port", port], home);
    let report = sync(&run, &settings(uri, &server.experiment), WAIT).unwrap();
    assert!(report.complete, "{report:?}");
    assert_eq!(server.history(&server.only_run(), "loss"), rows(&run, "loss"));
}

/// Trials that begin together make one run for their sweep: who finds the lock held by a slow one waits for it.
#[test]
fn a_trial_waits_for_who_makes_the_run_of_its_sweep() {
    let Some(server) = Server::find("parents") else { return };
    let results = tempfile::tempdir().unwrap();
    let run = RunDir::new(results.path(), "trial", "b0b0b0b0b0b0");
    run.create().unwrap();
    let sweep = results.path().join("sweeps/waited-for");
    std::fs::create_dir_all(&sweep).unwrap();
    let journal = Journal::create(&run).unwrap();
    journal.write(started("waits-for-its-sweep", 1)).unwrap();
    journal.write(Event::Tags { values: texts(&[("sweep", "waited-for")]) }).unwrap();
    journal.write(ended(Status::Finished)).unwrap();
    let lock = std::fs::File::create(sweep.join(".mlflow.lock")).unwrap();
    lock.lock().unwrap();
    let holder = std::thread::spawn(move || {
        // Longer than a lock is asked for at a time.
        std::thread::sleep(Duration::from_millis(900));
        drop(lock);
    });
    let report = sync(&run, &settings(&server.uri, &server.experiment), Duration::from_secs(20)).unwrap();
    holder.join().unwrap();
    assert!(report.complete && report.problems.is_empty(), "{report:?}");
    assert!(sweep.join("mlflow.json").exists());
    show_sweep(results.path(), "waited-for", None, "", &settings(&server.uri, &server.experiment), WAIT).unwrap();
    // The page that compares its trials opens with a view that the server keeps.
    let page = comparison_page(results.path(), &server.uri);
    let view = server.experiment_tag("mlflow.sharedViewState.lgdea-waited-for");
    assert!(
        page.ends_with("viewStateShareKey=lgdea-waited-for") && view.contains("tags.sweep = 'waited-for'"),
        "{page} {view}"
    );
}
