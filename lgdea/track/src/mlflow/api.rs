//! The part of MLflow's REST interface that a view of a journal needs.

use std::collections::BTreeMap;
use std::fs::File;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::client::Client;
use super::tags::{DATA_CONTEXT, EXPERIMENT_KIND, NOTE, RUN_KEY, STANDS_FOR_SWEEP, STARTED};
use super::{Error, names, view};

/// Where a server's own artifact store begins.
const ARTIFACTS: &str = "mlflow-artifacts:/";

/// How a journal's run is known among all runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RunTags {
    pub(super) run_key: String,
    /// Milliseconds since 1970.
    pub(super) started: u64,
}

/// An experiment on the server.
#[derive(Debug, Default, Deserialize)]
struct Experiment {
    #[serde(rename = "experiment_id")]
    id: String,
    #[serde(default)]
    lifecycle_stage: String,
    #[serde(default)]
    tags: Vec<Pair>,
}

/// A run on the server.
#[derive(Debug, Deserialize)]
pub(super) struct Run {
    pub(super) info: RunInfo,
    #[serde(default)]
    data: RunData,
    #[serde(default)]
    outputs: RunOutputs,
}

#[derive(Debug, Deserialize)]
pub(super) struct RunInfo {
    pub(super) run_id: String,
    pub(super) experiment_id: String,
    #[serde(default)]
    pub(super) artifact_uri: String,
    #[serde(default)]
    lifecycle_stage: String,
}

#[derive(Debug, Default, Deserialize)]
struct RunData {
    #[serde(default)]
    params: Vec<Pair>,
    #[serde(default)]
    tags: Vec<Pair>,
}

#[derive(Debug, Default, Deserialize)]
struct RunOutputs {
    #[serde(default)]
    model_outputs: Vec<ModelOutput>,
}

#[derive(Debug, Deserialize)]
struct ModelOutput {
    model_id: String,
}

/// A parameter or tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pair {
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: String,
}

/// A row of a metric's history.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Metric {
    pub(super) key: String,
    /// A number, or the name of one that JSON cannot write.
    pub(super) value: Value,
    /// Milliseconds since 1970.
    pub(super) timestamp: u64,
    pub(super) step: i64,
}

/// A data set that a run reads.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dataset {
    pub(super) name: String,
    pub(super) digest: String,
    pub(super) context: String,
    pub(super) profile: String,
}

/// An answer without anything that we need.
#[derive(Deserialize)]
pub(super) struct Done {}

#[derive(Deserialize)]
struct RunReply {
    run: Run,
}

impl Pair {
    pub(super) fn new(key: &str, value: &str) -> Pair {
        Pair { key: key.to_owned(), value: value.to_owned() }
    }
}

impl Run {
    pub(super) fn is_deleted(&self) -> bool {
        self.info.lifecycle_stage == "deleted"
    }

    /// Whether this run shows the journal that is known by `tags`.
    pub(super) fn is(&self, tags: &RunTags) -> bool {
        let tag = |key: &str| self.data.tags.iter().find(|tag| tag.key == key).map(|tag| tag.value.as_str());
        tag(RUN_KEY) == Some(&tags.run_key) && tag(STARTED) == Some(&tags.started.to_string())
    }

    /// Whether a logged model is one of the run's outputs.
    pub(super) fn has_output(&self, model_id: &str) -> bool {
        self.outputs.model_outputs.iter().any(|output| output.model_id == model_id)
    }

    pub(super) fn params(&self) -> BTreeMap<String, String> {
        self.data.params.iter().map(|param| (param.key.clone(), param.value.clone())).collect()
    }
}

impl Client {
    /// Identifier of the experiment called `name`, made where there is none.
    pub(super) fn experiment(&self, name: &str) -> Result<String, Error> {
        #[derive(Deserialize)]
        struct Created {
            experiment_id: String,
        }
        if let Some(experiment) = self.find_experiment(name)? {
            self.keep_view(&experiment);
            return Ok(experiment.id);
        }
        let mut tags = vec![Pair::new(EXPERIMENT_KIND, "custom_model_development")];
        tags.extend(view::primary_metric().map(|(key, value)| Pair::new(key, &value)));
        let body = json!({ "name": name, "tags": tags });
        let id = match self.post::<Created>("experiments/create", &body) {
            Ok(created) => created.experiment_id,
            // Another run may have made it in the meantime, or an answer was lost.
            Err(error) => match self.find_experiment(name) {
                Ok(Some(experiment)) => experiment.id,
                Ok(None) | Err(_) => return Err(error),
            },
        };
        let experiment = Experiment { id, ..Experiment::default() };
        self.keep_view(&experiment);
        Ok(experiment.id)
    }

    /// Sees to it that an experiment has the view of all its runs. Whatever keeps the server from it, runs are sent all the same, and
    /// the next one tries again.
    fn keep_view(&self, experiment: &Experiment) {
        let (key, view) = view::of_all_runs();
        if experiment.tags.iter().any(|tag| tag.key == key && view::are_alike(&tag.value, &view)) {
            return;
        }
        if let Err(error) = self.tag_experiment(&experiment.id, (key, view)) {
            tracing::debug!("the experiment keeps no view of its runs: {error}");
        }
    }

    fn find_experiment(&self, name: &str) -> Result<Option<Experiment>, Error> {
        #[derive(Deserialize)]
        struct Reply {
            experiment: Experiment,
        }
        match self.get::<Reply>("experiments/get-by-name", &[("experiment_name", name)]) {
            Ok(Reply { experiment }) if experiment.lifecycle_stage == "deleted" => Err(Error::Deleted {
                what: format!("the experiment `{name}`"),
                instead: "choose another `tracker.experiment`".to_owned(),
            }),
            Ok(Reply { experiment }) => Ok(Some(experiment)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The run with this identifier.
    pub(super) fn run(&self, run_id: &str) -> Result<Run, Error> {
        self.get::<RunReply>("runs/get", &[("run_id", run_id)]).map(|reply| reply.run)
    }

    /// The run known by `tags`, if there is one.
    pub(super) fn find_run(&self, experiment_id: &str, tags: &RunTags) -> Result<Option<Run>, Error> {
        let filter = format!("tags.`{RUN_KEY}` = '{}' and tags.`{STARTED}` = '{}'", tags.run_key, tags.started);
        self.find(experiment_id, &filter)
    }

    /// The run that stands for a sweep, if there is one.
    pub(super) fn find_sweep(&self, experiment_id: &str, sweep: &str) -> Result<Option<Run>, Error> {
        self.find(experiment_id, &format!("tags.`{STANDS_FOR_SWEEP}` = '{sweep}'"))
    }

    fn find(&self, experiment_id: &str, filter: &str) -> Result<Option<Run>, Error> {
        #[derive(Deserialize)]
        struct Reply {
            #[serde(default)]
            runs: Vec<Run>,
        }
        let body = json!({ "experiment_ids": [experiment_id], "filter": filter, "max_results": 1 });
        self.post::<Reply>("runs/search", &body).map(|mut reply| reply.runs.pop())
    }

    /// A new run known by `tags`. A run has no name of our choosing that the server would refuse twice, so search first.
    pub(super) fn create_run(&self, experiment_id: &str, name: &str, tags: &RunTags) -> Result<Run, Error> {
        let tags_sent = [(RUN_KEY, tags.run_key.clone()), (STARTED, tags.started.to_string())];
        self.create(experiment_id, name, tags.started, &tags_sent)
    }

    /// A new run that stands for a sweep.
    pub(super) fn create_sweep(&self, experiment_id: &str, sweep: &str, started: u64) -> Result<Run, Error> {
        self.create(experiment_id, sweep, started, &[(STANDS_FOR_SWEEP, sweep.to_owned())])
    }

    fn create(&self, experiment_id: &str, name: &str, started: u64, tags: &[(&str, String)]) -> Result<Run, Error> {
        let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
        let body = json!({ "experiment_id": experiment_id, "run_name": name, "start_time": started, "tags": tags });
        self.post::<RunReply>("runs/create", &body).map(|reply| reply.run)
    }

    /// Sets a tag of an experiment.
    pub(super) fn tag_experiment(&self, experiment_id: &str, (key, value): (String, String)) -> Result<(), Error> {
        let body = json!({ "experiment_id": experiment_id, "key": key, "value": value });
        self.post::<Done>("experiments/set-experiment-tag", &body).map(drop)
    }

    /// Sets a run's readable summary.
    pub(super) fn note(&self, run_id: &str, text: &str) -> Result<(), Error> {
        self.log_batch(run_id, &[], &[], &[Pair::new(NOTE, &names::value(text, names::TAG_LENGTH))])
    }

    /// Logs rows, parameters and tags; the caller keeps within the limits of a batch.
    pub(super) fn log_batch(
        &self,
        run_id: &str,
        metrics: &[Metric],
        params: &[Pair],
        tags: &[Pair],
    ) -> Result<(), Error> {
        let body = json!({ "run_id": run_id, "metrics": metrics, "params": params, "tags": tags });
        self.post::<Done>("runs/log-batch", &body).map(drop)
    }

    /// Tells that a run reads a data set.
    pub(super) fn log_input(&self, run_id: &str, dataset: &Dataset) -> Result<(), Error> {
        let body = json!({
            "run_id": run_id,
            "datasets": [{
                "tags": [Pair::new(DATA_CONTEXT, &dataset.context)],
                "dataset": {
                    "name": dataset.name,
                    "digest": dataset.digest,
                    "source_type": "lgdea",
                    "source": json!({ "name": dataset.name }).to_string(),
                    "profile": dataset.profile,
                },
            }],
        });
        self.post::<Done>("runs/log-inputs", &body).map(drop)
    }

    /// Sets a run's status and, where it ended, when (milliseconds since 1970).
    pub(super) fn update(&self, run_id: &str, status: &str, end_time: Option<u64>) -> Result<(), Error> {
        let mut body = json!({ "run_id": run_id, "status": status });
        if let Some(time) = end_time {
            body["end_time"] = time.into();
        }
        self.post::<Done>("runs/update", &body).map(drop)
    }

    /// Uploads a file; `Ok(false)` where the server keeps its artifacts in a place that it does not serve.
    pub(super) fn upload(&self, artifact_uri: &str, path: &str, file: File, length: u64) -> Result<bool, Error> {
        let Some(root) = artifact_uri.strip_prefix(ARTIFACTS).filter(|root| !root.starts_with('/')) else {
            return Ok(false);
        };
        self.put_artifact(&format!("{root}/{path}"), file, length)?;
        Ok(true)
    }

    /// Address of a run in the user interface.
    pub(super) fn run_url(&self, experiment_id: &str, run_id: &str) -> String {
        format!("{}/#/experiments/{experiment_id}/runs/{run_id}?{}", self.server(), view::TRAINING)
    }
}
