//! The real MLflow server, asked over its own interface rather than through the code under test.

use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::{Service, root};

/// A running server and one of its experiments.
#[derive(Debug)]
pub struct Server {
    /// Its address.
    pub uri: String,
    /// Name of the experiment.
    pub experiment: String,
    http: reqwest::blocking::Client,
}

/// One row of a metric's history: step, time in ms, value as the server writes it.
pub type Row = (i64, i64, String);

impl Server {
    /// The server of the tests with an experiment that is new on it; `None`, and said so, where there is no server.
    pub fn find(experiment: &str) -> Option<Server> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        Service::Mlflow.find().map(|uri| Server::at(&uri, &format!("{experiment} {now}")))
    }

    /// A server at this address with this experiment.
    pub fn at(uri: &str, experiment: &str) -> Server {
        let (uri, experiment) = (uri.trim_end_matches('/').to_owned(), experiment.to_owned());
        Server { uri, experiment, http: lgdea_http::blocking().build().unwrap() }
    }

    /// GET of an endpoint below `api/2.0/mlflow/`.
    pub fn get(&self, call: &str, query: &[(&str, &str)]) -> Value {
        let url = format!("{}/api/2.0/mlflow/{call}", self.uri);
        let response = self.http.get(url).query(query).send().unwrap();
        response.error_for_status().unwrap().json().unwrap()
    }

    /// POST to an endpoint below `api/2.0/mlflow/`.
    pub fn post(&self, call: &str, body: &Value) -> Value {
        let url = format!("{}/api/2.0/mlflow/{call}", self.uri);
        let response = self.http.post(url).json(body).send().unwrap();
        response.error_for_status().unwrap().json().unwrap()
    }

    /// All runs of the experiment.
    pub fn runs(&self) -> Vec<Value> {
        let found = self.get("experiments/get-by-name", &[("experiment_name", &self.experiment)]);
        let body = json!({ "experiment_ids": [found["experiment"]["experiment_id"]], "max_results": 1000 });
        let found = self.post("runs/search", &body);
        found["runs"].as_array().cloned().unwrap_or_default()
    }

    /// Value of a tag of the experiment.
    pub fn experiment_tag(&self, key: &str) -> String {
        let found = self.get("experiments/get-by-name", &[("experiment_name", &self.experiment)]);
        let tags = found["experiment"]["tags"].as_array().unwrap();
        tags.iter().find(|tag| tag["key"] == key).unwrap()["value"].as_str().unwrap().to_owned()
    }

    /// Logged models of the experiment that a filter finds.
    pub fn models(&self, filter: &str) -> Vec<Value> {
        let found = self.get("experiments/get-by-name", &[("experiment_name", &self.experiment)]);
        let body = json!({ "experiment_ids": [found["experiment"]["experiment_id"]], "filter": filter });
        let found = self.post("logged-models/search", &body);
        found["models"].as_array().cloned().unwrap_or_default()
    }

    /// Logged models of a run.
    pub fn models_of(&self, run: &Value) -> Vec<Value> {
        self.models(&format!("source_run_id = '{}'", id(run)))
    }

    /// The only run of the experiment, with all that the server knows of it.
    pub fn only_run(&self) -> Value {
        let runs = self.runs();
        assert_eq!(runs.len(), 1, "{runs:#?}");
        self.get("runs/get", &[("run_id", id(&runs[0]))])["run"].take()
    }

    /// Every row that was ever logged for a metric, in the order of steps.
    pub fn history(&self, run: &Value, metric: &str) -> Vec<Row> {
        let query = [("run_id", id(run)), ("metric_key", metric)];
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
    pub fn artifact(&self, run: &Value, path: &str) -> Vec<u8> {
        let root = run["info"]["artifact_uri"].as_str().unwrap();
        let root = root.strip_prefix("mlflow-artifacts:/").unwrap();
        let url = format!("{}/api/2.0/mlflow-artifacts/artifacts/{root}/{path}", self.uri);
        let response = self.http.get(url).send().unwrap().error_for_status().unwrap();
        response.bytes().unwrap().to_vec()
    }
}

/// The server's name of a run.
pub fn id(run: &Value) -> &str {
    run["info"]["run_id"].as_str().unwrap()
}

/// Value of a run's tag, if it has it.
pub fn tag<'a>(run: &'a Value, key: &str) -> Option<&'a str> {
    let tag = run["data"]["tags"].as_array()?.iter().find(|tag| tag["key"] == key)?;
    tag["value"].as_str()
}

/// Value of a run's parameter or tag.
pub fn value<'a>(run: &'a Value, kind: &str, key: &str) -> &'a str {
    let pairs = run["data"][kind].as_array().unwrap();
    let pair = pairs.iter().find(|pair| pair["key"] == key);
    pair.unwrap_or_else(|| panic!("no {key} in {pairs:#?}"))["value"].as_str().unwrap_or("")
}

/// Calls `tests/services/mlflow.sh`, for a server of a test's own that can be stopped and started.
pub fn script(arguments: &[&str], dir: &Path) -> String {
    let script = root().join("tests/services/mlflow.sh");
    let output = Command::new(script).args(arguments).arg("--dir").arg(dir).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
