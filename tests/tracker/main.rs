//! A run as a real MLflow server shows it. `tests/services/mlflow.sh start` starts one.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod exactly_once;
mod faulty;
#[allow(dead_code, reason = "its other half is for the crate's own tests")]
#[path = "../../lgdea/track/tests/mlflow/proxy.rs"]
mod proxy;

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::{Value, json};

/// Rows of a metric: name, step, time and the value as text.
pub(crate) type Rows = Vec<(String, i64, u64, String)>;

pub(crate) fn lgdea() -> Command {
    Command::cargo_bin("lgdea").unwrap()
}

/// A real MLflow server, asked directly.
pub(crate) struct Server {
    pub(crate) uri: String,
    client: reqwest::blocking::Client,
}

impl Server {
    /// The server of the tests; none where there is none, which is said.
    pub(crate) fn from_env() -> Option<Server> {
        let Ok(uri) = std::env::var("LGDEA_TEST_MLFLOW") else {
            println!("skipped: LGDEA_TEST_MLFLOW is not set");
            return None;
        };
        let uri = uri.trim_end_matches('/').to_owned();
        Some(Server { uri, client: reqwest::blocking::Client::new() })
    }

    fn get(&self, path: &str, query: &[(&str, &str)]) -> Value {
        self.client.get(format!("{}/api/2.0/mlflow/{path}", self.uri)).query(query).send().unwrap().json().unwrap()
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.client.post(format!("{}/api/2.0/mlflow/{path}", self.uri)).json(body).send().unwrap().json().unwrap()
    }

    /// Runs of an experiment.
    pub(crate) fn runs(&self, experiment: &str) -> Vec<Value> {
        let found = self.get("experiments/get-by-name", &[("experiment_name", experiment)]);
        let search = json!({ "experiment_ids": [found["experiment"]["experiment_id"]], "max_results": 1000 });
        self.post("runs/search", &search)["runs"].as_array().cloned().unwrap_or_default()
    }

    /// Logged models of a run.
    pub(crate) fn models(&self, run: &Value) -> Vec<Value> {
        let info = &run["info"];
        let filter = format!("source_run_id = '{}'", info["run_id"].as_str().unwrap());
        let search = json!({ "experiment_ids": [info["experiment_id"]], "filter": filter });
        self.post("logged-models/search", &search)["models"].as_array().cloned().unwrap_or_default()
    }

    pub(crate) fn tag(run: &Value, name: &str) -> Option<String> {
        let tags = run["data"]["tags"].as_array()?;
        let tag = tags.iter().find(|tag| tag["key"] == name)?;
        tag["value"].as_str().map(str::to_owned)
    }

    /// All rows of a metric.
    pub(crate) fn history(&self, run_id: &str, name: &str) -> Rows {
        let found = self.get("metrics/get-history", &[("run_id", run_id), ("metric_key", name)]);
        let rows = found["metrics"].as_array().cloned().unwrap_or_default();
        let row = |row: &Value| {
            let (time, value) = (row["timestamp"].as_u64().unwrap(), row["value"].as_f64().unwrap());
            (name.to_owned(), row["step"].as_i64().unwrap_or(0), time, value.to_string())
        };
        rows.iter().map(row).collect()
    }
}

#[test]
fn a_run_is_shown_with_params_curves_scores_and_files() {
    let Some(server) = Server::from_env() else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = tempfile::tempdir().unwrap();
    let experiment = format!("lgdea-test-{}", std::process::id());
    let output = Command::cargo_bin("lgdea")
        .unwrap()
        .env("MLFLOW_TRACKING_URI", &server.uri)
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

    let runs = server.runs(&experiment);
    assert_eq!(Server::tag(&runs[0], "lgdea.run_key").as_deref(), outcome["run_key"].as_str());
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
    let models = server.models(run);
    assert_eq!(models.len(), 1);
    let shown = models[0]["data"]["metrics"].as_array().unwrap();
    for split in ["validation", "test"] {
        let name = format!("{split}/zero_shot/auroc_macro");
        let score = shown.iter().find(|score| score["key"] == name.as_str()).unwrap();
        assert_eq!(score["dataset_name"], format!("phantom/{split}"));
    }
    let run_id = run["info"]["run_id"].as_str().unwrap();
    let curve = server.get("metrics/get-history", &[("run_id", run_id), ("metric_key", "train/loss")]);
    assert!(curve["metrics"].as_array().unwrap().len() > 1);
    let files = |folder: &str| -> Vec<String> {
        let listed = server.get("artifacts/list", &[("run_id", run_id), ("path", folder)]);
        let listed = listed["files"].as_array().cloned().unwrap_or_default();
        listed.iter().map(|file| file["path"].as_str().unwrap().to_owned()).collect()
    };
    assert!(files("").contains(&"experiment.toml".to_owned()));
    assert!(files("").contains(&"grounding_test.png".to_owned()));
    let journal = PathBuf::from(outcome["dir"].as_str().unwrap()).join("journal.jsonl");
    assert!(journal.exists());
}

/// One command to the tracker's page: MLflow is started on the results and filled. Without MLflow the report is written.
#[test]
fn ui_starts_the_tracker_or_writes_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("tiny.toml"), include_str!("../fixtures/tiny.toml")).unwrap();
    for seed in ["seed=0", "seed=1"] {
        let run = lgdea()
            .env_remove("MLFLOW_TRACKING_URI")
            .args(["run", "--set", seed, "--results"])
            .arg(path("results"))
            .arg(path("tiny.toml"))
            .output()
            .unwrap();
        assert!(run.status.success());
    }
    let without =
        lgdea().env("PATH", "/nowhere").args(["ui", "--no-open", "--results"]).arg(path("results")).output().unwrap();
    let said = String::from_utf8_lossy(&without.stderr);
    assert!(without.status.success() && said.contains("pip install mlflow"), "{said}");
    assert!(std::fs::read_to_string(path("results/report.html")).unwrap().contains("tiny"));

    if Server::from_env().is_none() {
        return;
    }
    // Where tests/services/mlflow.sh has it.
    let venv = std::env::var("LGDEA_MLFLOW_VENV");
    let venv = venv.unwrap_or_else(|_| format!("{}/.cache/lgdea/mlflow-3.17.2", std::env::var("HOME").unwrap()));
    let mut ui = std::process::Command::new(assert_cmd::cargo::cargo_bin!("lgdea"))
        .env("PATH", format!("{venv}/bin:{}", std::env::var("PATH").unwrap()))
        .args(["ui", "--no-open", "--results"])
        .arg(path("results"))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(ui.stderr.take().unwrap()));
    let page = lines.map_while(Result::ok).find(|line| line.contains("/#/")).unwrap();
    assert!(page.contains("compare-runs"), "{page}");
    let server = Server { uri: page.split("/#/").next().unwrap().to_owned(), client: reqwest::blocking::Client::new() };
    assert_eq!(server.runs("lgdea").len(), 2);
    // As Ctrl-C does.
    std::process::Command::new("kill").args(["-INT", &ui.id().to_string()]).status().unwrap();
    assert!(ui.wait().unwrap().success());
    let gone = || std::net::TcpStream::connect(server.uri.trim_start_matches("http://")).is_err();
    assert!(gone(), "the server ends with the command");
}
