//! A run as a real MLflow server shows it. `tests/services/mlflow.sh start` starts one.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod exactly_once;
mod faulty;

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use lgdea_harness::mlflow::{Server, id, tag};
use lgdea_harness::{Run, Said, Service, Workspace, root, signal, std_command, tiny};

#[test]
fn a_run_is_shown_with_params_curves_scores_and_files() {
    let Some(server) = Server::find("lgdea-test") else { return };
    let place = Workspace::new();
    let experiment = format!("tracker.experiment={}", server.experiment);
    let set = ["--set", &experiment, "--set", "train.steps=6", "--json"];
    let mut command = place.lgdea(&["run"]);
    command.arg(root().join("experiments/smoke.toml")).args(set).arg("--results").arg(place.path("results"));
    let outcome = command.env("MLFLOW_TRACKING_URI", &server.uri).assert().success().outcome();

    let runs = server.runs();
    assert_eq!(tag(&runs[0], "lgdea.run_key"), outcome["run_key"].as_str());
    assert_eq!(runs.len(), 1);
    let run = &runs[0];
    assert_eq!(run["info"]["status"], "FINISHED");
    let params = run["data"]["params"].as_array().unwrap();
    assert!(params.iter().any(|param| param["key"] == "train.steps" && param["value"] == "6"));
    let metrics = run["data"]["metrics"].as_array().unwrap();
    for (name, value) in outcome["metrics"].as_object().unwrap() {
        let shown = metrics.iter().find(|metric| metric["key"] == name.as_str());
        assert_eq!(shown.map(|metric| &metric["value"]), Some(value), "{name}");
    }
    let models = server.models_of(run);
    assert_eq!(models.len(), 1);
    let shown = models[0]["data"]["metrics"].as_array().unwrap();
    for split in ["validation", "test"] {
        let name = format!("{split}/zero_shot/auroc_macro");
        let score = shown.iter().find(|score| score["key"] == name.as_str()).unwrap();
        assert_eq!(score["dataset_name"], format!("phantom/{split}"));
    }
    assert!(server.history(run, "train/loss").len() > 1);
    let files = |folder: &str| -> Vec<String> {
        let listed = server.get("artifacts/list", &[("run_id", id(run)), ("path", folder)]);
        let listed = listed["files"].as_array().cloned().unwrap_or_default();
        listed.iter().map(|file| file["path"].as_str().unwrap().to_owned()).collect()
    };
    assert!(files("").contains(&"experiment.toml".to_owned()));
    assert!(files("").contains(&"grounding_test.png".to_owned()));
    assert!(Run::of(&outcome).path("journal.jsonl").exists());
}

/// One command to the tracker's page: MLflow is started on the results and filled. Without MLflow the report is written.
#[test]
fn ui_starts_the_tracker_or_writes_the_report() {
    let place = Workspace::new();
    for seed in ["seed=0", "seed=1"] {
        place.finished(tiny::QUICK, &["--set", seed]);
    }
    let said = place.lgdea(&["ui", "--no-open"]).env("PATH", "/nowhere").assert().success().told();
    assert!(said.contains("pip install mlflow"), "{said}");
    assert!(place.read("results/report.html").contains("tiny"));

    if Service::Mlflow.find().is_none() {
        return;
    }
    // Where tests/services/mlflow.sh has it.
    let venv = std::env::var("LGDEA_MLFLOW_VENV");
    let venv = venv.unwrap_or_else(|_| format!("{}/.cache/lgdea/mlflow-3.17.2", std::env::var("HOME").unwrap()));
    let mut ui = std_command()
        .env("PATH", format!("{venv}/bin:{}", std::env::var("PATH").unwrap()))
        .args(["ui", "--no-open", "--results", &place.at("results")])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(ui.stderr.take().unwrap()).lines();
    let page = lines.map_while(Result::ok).find(|line| line.contains("/#/")).unwrap();
    assert!(page.ends_with("viewStateShareKey=lgdea"), "the scores of all runs: {page}");
    let server = Server::at(page.split("/#/").next().unwrap(), "lgdea");
    assert_eq!(server.runs().len(), 2);
    // As Ctrl-C does.
    signal(ui.id(), "-INT");
    assert!(ui.wait().unwrap().success());
    let gone = || std::net::TcpStream::connect(server.uri.trim_start_matches("http://")).is_err();
    assert!(gone(), "the server ends with the command");
}
