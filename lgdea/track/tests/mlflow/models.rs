//! A finished run's checkpoint as a logged model of the real server: there once, whole, and never in the way.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use lgdea_harness::http::{Fault, forward, plain, serve, tripping};
use lgdea_harness::mlflow::{Server, id, value};
use lgdea_track::mlflow::{metric_name, sync};
use lgdea_track::{Event, Journal, RunDir, Status, read};
use serde_json::{Value, json};

use crate::{begin, ended, settings, texts};

const WAIT: Duration = Duration::from_mins(1);
const DIGEST: &str = "0123456789abcdef0123456789abcdef0123456789abcdef";

/// What a run writes from its first step to its end.
fn train_and_evaluate(journal: &Journal, status: Status) {
    let params = texts(&[("encoder.image.patch-cnn.width", "64"), ("encoder.text.token-cnn.width", "64")]);
    journal.write(Event::Params { values: params }).unwrap();
    for split in ["train", "validation", "test"] {
        let (name, context) = ("phantom".to_owned(), split.to_owned());
        journal.write(Event::Dataset { name, digest: DIGEST.to_owned(), context, profile: String::new() }).unwrap();
    }
    for step in [10, 20] {
        journal.metrics(step, &[("train/loss", 1.0 / step as f64)]).unwrap();
        journal.write(Event::Checkpoint { step, path: format!("checkpoints/step-{step}") }).unwrap();
        journal.metrics(step, &[("validation/zero_shot/auroc_macro", 0.6 + step as f64 / 100.0)]).unwrap();
    }
    let validation = [("validation/zero_shot/auroc_macro", 0.81), ("validation/retrieval/i2t_r_at_1", 0.25)];
    let test = [("test/zero_shot/auroc_macro", 0.79), ("test/zero_shot/auroc_macro/low", 0.7), ("test/odd", f64::NAN)];
    // Scores are never of the same moment as those on the way.
    std::thread::sleep(Duration::from_millis(2));
    journal.metrics(20, &validation).unwrap();
    journal.metrics(20, &test).unwrap();
    journal.write(ended(status)).unwrap();
}

/// A score: name, step, time in ms, value, data set and its digest.
type Shown = (String, i64, u64, String, String, String);

/// The scores that a journal ends with.
fn scores(run: &RunDir) -> BTreeSet<Shown> {
    let mut last = std::collections::BTreeMap::new();
    for (_, record) in read(&run.journal()).unwrap() {
        if let Event::Metrics { step: 20, values } = record.event {
            last.extend(values.into_iter().map(|(name, value)| (name, (record.time, value))));
        }
    }
    let held_out = |name: &str| name.starts_with("test/") || name.starts_with("validation/");
    let scores = last.into_iter().filter(|(name, (_, value))| held_out(name) && !value.is_nan());
    scores
        .map(|(name, (time, value))| {
            let dataset = format!("phantom/{}", name.split('/').next().unwrap());
            let step = if name.starts_with("test/") { 0 } else { 20 };
            (metric_name(&name).into_owned(), step, time, json!(value).to_string(), dataset, DIGEST[..36].to_owned())
        })
        .collect()
}

/// Checks that a run has one model: whole, an output of it, with the journal's scores.
fn assert_one_model(server: &Server, shown: &Value, run: &RunDir) {
    let models = server.models_of(shown);
    assert_eq!(models.len(), 1, "{models:#?}");
    let (info, data) = (&models[0]["info"], &models[0]["data"]);
    assert_eq!((info["name"].as_str(), info["status"].as_str()), (Some("low-pair"), Some("LOGGED_MODEL_READY")));
    let outputs = json!([{ "model_id": info["model_id"], "step": 20 }]);
    assert_eq!(server.get("runs/get", &[("run_id", id(shown))])["run"]["outputs"]["model_outputs"], outputs);
    let rows = data["metrics"].as_array().unwrap();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    let row = |row: &Value| -> Shown {
        let (step, time) = (row["step"].as_i64().unwrap(), row["timestamp"].as_u64().unwrap());
        let value = row["value"].to_string();
        (text(row, "key"), step, time, value, text(row, "dataset_name"), text(row, "dataset_digest"))
    };
    let shown: BTreeSet<Shown> = rows.iter().map(row).collect();
    assert_eq!((rows.len(), shown), (4, scores(run)));
}

#[test]
fn the_evaluated_checkpoint_is_a_model_with_scores_by_data_set() {
    let Some(server) = Server::find("models") else { return };
    let (_folder, run, journal) = begin("0123456789ab");
    train_and_evaluate(&journal, Status::Finished);
    let sync = || {
        let report = sync(&run, &settings(&server.uri, &server.experiment), WAIT).unwrap();
        assert!(report.complete && report.problems.is_empty(), "{report:?}");
    };
    sync();
    let shown = server.only_run();
    assert_one_model(&server, &shown, &run);
    let model = server.models("").remove(0);
    let described = json!({ "data": { "tags": model["info"]["tags"], "params": model["data"]["params"] } });
    assert_eq!(value(&described, "tags", "lgdea.run_key"), "0123456789ab");
    assert_eq!(value(&described, "tags", "lgdea.checkpoint_step"), "20");
    let place = "runs/low-pair-0123456789ab/checkpoints/step-20";
    assert_eq!(value(&described, "tags", "lgdea.checkpoint"), place);
    let note = value(&described, "tags", "mlflow.note.content");
    assert!(note.contains("not uploaded") && note.contains(place), "{note}");
    assert_eq!(value(&described, "params", "encoder.image"), "patch-cnn");
    assert_eq!(value(&described, "params", "encoder.text"), "token-cnn");

    // The run's own rows are there once, and its three splits are three data sets.
    assert_eq!(server.history(&shown, "test/zero_shot/auroc_macro").len(), 1);
    assert_eq!(server.history(&shown, "validation/zero_shot/auroc_macro").len(), 3);
    assert_eq!(server.history(&shown, "test/odd").len(), 1);
    let inputs = shown["inputs"]["dataset_inputs"].as_array().unwrap();
    let name_and_use = |input: &Value| (input["dataset"]["name"].clone(), input["tags"][0]["value"].clone());
    let shown: Vec<_> = inputs.iter().map(name_and_use).collect();
    assert_eq!(shown.len(), 3);
    for split in ["train", "validation", "test"] {
        assert!(shown.contains(&(json!(format!("phantom/{split}")), json!(split))), "{shown:?}");
    }

    // Once more from the start, without a memory: the server keeps what it has, to the last change of the model.
    std::fs::remove_file(run.path().join("mlflow.json")).unwrap();
    sync();
    assert_one_model(&server, &server.only_run(), &run);
    assert_eq!(server.models("").remove(0), model);
}

#[test]
fn a_sender_that_dies_at_any_call_leaves_one_model() {
    let Some(server) = Server::find("dying") else { return };
    for fault in [Fault::Refused, Fault::AnswerLost] {
        let (address, before) = tripping(&server.uri, fault);
        let settings = settings(&address, &server.experiment);
        let mut calls = 0;
        loop {
            let key = format!("{}{calls:011}", fault as u8);
            let (_folder, run, journal) = begin(&key);
            train_and_evaluate(&journal, Status::Finished);
            before.store(calls, Ordering::Relaxed);
            // The first fault ends it, and all that it knew but its file is gone.
            let outcome = sync(&run, &settings, Duration::ZERO);
            if before.load(Ordering::Relaxed) >= 0 {
                assert!(outcome.unwrap().complete);
                break;
            }
            assert!(outcome.is_err(), "{fault:?} of call {calls} was not noticed");
            let report = sync(&run, &settings, WAIT).unwrap();
            assert!(report.complete && report.problems.is_empty(), "{fault:?} of call {calls}: {report:?}");
            let runs = server.runs();
            let is_this = |shown: &&Value| value(shown, "tags", "lgdea.run_key") == key;
            let of_key: Vec<&Value> = runs.iter().filter(is_this).collect();
            assert_eq!(of_key.len(), 1, "{fault:?} of call {calls}");
            assert_eq!(of_key[0]["info"]["status"], "FINISHED");
            assert_one_model(&server, of_key[0], &run);
            calls += 1;
        }
        assert!(calls > 15, "only {calls} calls");
    }
}

#[test]
fn a_run_that_was_stopped_has_no_model_until_it_finishes() {
    let Some(server) = Server::find("stopped") else { return };
    let (_folder, run, journal) = begin("0123456789ab");
    train_and_evaluate(&journal, Status::Killed);
    let sync = || assert!(sync(&run, &settings(&server.uri, &server.experiment), WAIT).unwrap().complete);
    sync();
    assert_eq!(server.models("").len(), 0);
    journal.write(crate::started("0123456789ab", 2)).unwrap();
    train_and_evaluate(&journal, Status::Finished);
    sync();
    assert_one_model(&server, &server.only_run(), &run);
}

#[test]
fn a_model_goes_with_the_run_that_it_is_of() {
    let Some(server) = Server::find("replaced") else { return };
    let (_folder, run, journal) = begin("0123456789ab");
    train_and_evaluate(&journal, Status::Finished);
    let sync = || assert!(sync(&run, &settings(&server.uri, &server.experiment), WAIT).unwrap().complete);
    sync();
    // MLflow keeps the models of a run that is deleted.
    server.post("runs/delete", &json!({ "run_id": server.only_run()["info"]["run_id"] }));
    std::fs::remove_file(run.path().join("mlflow.json")).unwrap();
    sync();
    assert_one_model(&server, &server.only_run(), &run);
    assert_eq!(server.models("").len(), 2);
}

#[test]
fn a_server_without_logged_models_shows_all_else() {
    let Some(server) = Server::find("earlier") else { return };
    let page = "<!doctype html><title>404 Not Found</title>";
    let coded = r#"{"error_code": "ENDPOINT_NOT_FOUND", "message": "No API found for 'POST /logged-models'"}"#;
    for (number, answer) in [page, coded].into_iter().enumerate() {
        let target = server.uri.strip_prefix("http://").unwrap().to_owned();
        let earlier = serve(move |request| {
            let line = String::from_utf8_lossy(request.split(|&byte| byte == b'\n').next().unwrap()).into_owned();
            let is_new = line.contains("/logged-models") || line.contains("/runs/outputs");
            if is_new { plain("404 NOT FOUND", "", answer) } else { forward(&target, request) }
        });
        let key = format!("{number:012}");
        let (_folder, run, journal) = begin(&key);
        train_and_evaluate(&journal, Status::Finished);
        let report = sync(&run, &settings(&earlier, &server.experiment), WAIT).unwrap();
        assert!(report.complete, "{report:?}");
        assert_eq!(report.problems.len(), 1, "{report:?}");
        assert!(report.problems[0].contains("MLflow 3"), "{report:?}");
        let runs = server.runs();
        let shown = runs.iter().find(|shown| value(shown, "tags", "lgdea.run_key") == key).unwrap();
        assert_eq!(shown["info"]["status"], "FINISHED");
        assert_eq!(server.history(shown, "test/zero_shot/auroc_macro").len(), 1);
        assert_eq!(server.models("").len(), 0);
    }
}
