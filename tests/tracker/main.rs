//! A run as a real MLflow server shows it. `tests/services/mlflow.sh start` starts one.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::{Value, json};

#[test]
fn a_run_is_shown_with_params_curves_scores_and_files() {
    let Ok(server) = std::env::var("LGDEA_TEST_MLFLOW") else {
        println!("skipped: LGDEA_TEST_MLFLOW is not set");
        return;
    };
    let server = server.trim_end_matches('/');
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = tempfile::tempdir().unwrap();
    let experiment = format!("lgdea-test-{}", std::process::id());
    let output = Command::cargo_bin("lgdea")
        .unwrap()
        .env("MLFLOW_TRACKING_URI", server)
        .arg("run")
        .arg(root.join("experiments/smoke.toml"))
        .args(["--set", &format!("tracker.experiment={experiment}"), "--set", "train.steps=6", "--json", "--results"])
        .arg(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let out = String::from_utf8(output.stdout).unwrap();
    let outcome: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();

    let client = reqwest::blocking::Client::new();
    let get = |path: &str, query: &[(&str, &str)]| -> Value {
        client.get(format!("{server}/api/2.0/mlflow/{path}")).query(query).send().unwrap().json().unwrap()
    };
    let id = get("experiments/get-by-name", &[("experiment_name", &experiment)])["experiment"]["experiment_id"].clone();
    let key = outcome["run_key"].as_str().unwrap();
    let search = json!({"experiment_ids": [id], "filter": format!("tags.`lgdea.run_key` = '{key}'")});
    let runs: Value =
        client.post(format!("{server}/api/2.0/mlflow/runs/search")).json(&search).send().unwrap().json().unwrap();
    let runs = runs["runs"].as_array().unwrap();
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
    let run_id = run["info"]["run_id"].as_str().unwrap();
    let curve = get("metrics/get-history", &[("run_id", run_id), ("metric_key", "train/loss")]);
    assert!(curve["metrics"].as_array().unwrap().len() > 1);
    let files = |folder: &str| -> Vec<String> {
        let listed = get("artifacts/list", &[("run_id", run_id), ("path", folder)]);
        let listed = listed["files"].as_array().cloned().unwrap_or_default();
        listed.iter().map(|file| file["path"].as_str().unwrap().to_owned()).collect()
    };
    assert!(files("").contains(&"experiment.toml".to_owned()));
    assert!(files("").contains(&"grounding_test.png".to_owned()));
    let journal = PathBuf::from(outcome["dir"].as_str().unwrap()).join("journal.jsonl");
    assert!(journal.exists());
}
