//! The real server, asked over its own interface rather than through the code under test.

use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// A running server and an experiment that is new on it.
pub(crate) struct Server {
    pub(crate) uri: String,
    pub(crate) experiment: String,
    http: reqwest::blocking::Client,
}

/// One row of a metric's history: step, time in ms, value as the server writes it.
pub(crate) type Row = (i64, i64, String);

impl Server {
    /// The server that the environment names; says so and gives `None` where it names none.
    pub(crate) fn from_env(experiment: &str) -> Option<Server> {
        let Ok(uri) = std::env::var("LGDEA_TEST_MLFLOW") else {
            eprintln!("skipped: LGDEA_TEST_MLFLOW is not set");
            return None;
        };
        Some(Server::at(&uri, experiment))
    }

    pub(crate) fn at(uri: &str, experiment: &str) -> Server {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        Server {
            uri: uri.trim_end_matches('/').to_owned(),
            experiment: format!("{experiment} {now}"),
            http: reqwest::blocking::Client::new(),
        }
    }

    pub(crate) fn get(&self, call: &str, query: &[(&str, &str)]) -> Value {
        let url = format!("{}/api/2.0/mlflow/{call}", self.uri);
        let response = self.http.get(url).query(query).send().unwrap();
        response.error_for_status().unwrap().json().unwrap()
    }

    pub(crate) fn post(&self, call: &str, body: &Value) -> Value {
        let url = format!("{}/api/2.0/mlflow/{call}", self.uri);
        let response = self.http.post(url).json(body).send().unwrap();
        response.error_for_status().unwrap().json().unwrap()
    }

    /// All runs of the experiment.
    pub(crate) fn runs(&self) -> Vec<Value> {
        let found = self.get("experiments/get-by-name", &[("experiment_name", &self.experiment)]);
        let body = json!({ "experiment_ids": [found["experiment"]["experiment_id"]] });
        let found = self.post("runs/search", &body);
        found["runs"].as_array().cloned().unwrap_or_default()
    }

    /// Value of a tag of the experiment.
    pub(crate) fn experiment_tag(&self, key: &str) -> String {
        let found = self.get("experiments/get-by-name", &[("experiment_name", &self.experiment)]);
        let tags = found["experiment"]["tags"].as_array().unwrap();
        tags.iter().find(|tag| tag["key"] == key).unwrap()["value"].as_str().unwrap().to_owned()
    }

    /// Logged models of the experiment that a filter finds.
    pub(crate) fn models(&self, filter: &str) -> Vec<Value> {
        let found = self.get("experiments/get-by-name", &[("experiment_name", &self.experiment)]);
        let body = json!({ "experiment_ids": [found["experiment"]["experiment_id"]], "filter": filter });
        let found = self.post("logged-models/search", &body);
        found["models"].as_array().cloned().unwrap_or_default()
    }

    /// The only run of the experiment, with all that the server knows of it.
    pub(crate) fn only_run(&self) -> Value {
        let runs = self.runs();
        assert_eq!(runs.len(), 1, "{runs:#?}");
        let run_id = runs[0]["info"]["run_id"].as_str().unwrap();
        self.get("runs/get", &[("run_id", run_id)])["run"].take()
    }

    /// Every row that was ever logged for a metric, in the order of steps.
    pub(crate) fn history(&self, run: &Value, metric: &str) -> Vec<Row> {
        let query = [("run_id", run["info"]["run_id"].as_str().unwrap()), ("metric_key", metric)];
        let history = self.get("metrics/get-history", &query);
        let rows = history["metrics"].as_array().cloned().unwrap_or_default();
        let mut rows: Vec<Row> = rows
            .iter()
            .map(|row| {
                let step = row["step"].as_i64().unwrap_or(0);
                (step, row["timestamp"].as_i64().unwrap(), row["value"].to_string())
            })
            .collect();
        rows.sort();
        rows
    }

    /// Content of an artifact.
    pub(crate) fn artifact(&self, run: &Value, path: &str) -> Vec<u8> {
        let root = run["info"]["artifact_uri"].as_str().unwrap();
        let root = root.strip_prefix("mlflow-artifacts:/").unwrap();
        let url = format!("{}/api/2.0/mlflow-artifacts/artifacts/{root}/{path}", self.uri);
        let response = self.http.get(url).send().unwrap().error_for_status().unwrap();
        response.bytes().unwrap().to_vec()
    }
}

/// Value of a run's parameter or tag.
pub(crate) fn value<'a>(run: &'a Value, kind: &str, key: &str) -> &'a str {
    let pairs = run["data"][kind].as_array().unwrap();
    let pair = pairs.iter().find(|pair| pair["key"] == key);
    pair.unwrap_or_else(|| panic!("no {key} in {pairs:#?}"))["value"].as_str().unwrap_or("")
}

/// `tests/services/mlflow.sh`, for a server of a test's own that can be stopped and started.
pub(crate) fn script(arguments: &[&str], dir: &Path) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/services/mlflow.sh");
    let output = Command::new(script).args(arguments).arg("--dir").arg(dir).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
