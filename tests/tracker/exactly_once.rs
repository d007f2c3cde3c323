//! Whatever happens to a server while a sweep runs: in the end it has what the journals have, nothing twice.

use std::collections::BTreeMap;
use std::process::Stdio;

use assert_cmd::Command;
use lgdea_harness::mlflow::{Row, Server, id, tag};
use lgdea_harness::{Run, Said, Workspace, tiny};
use lgdea_track::mlflow::metric_name;
use lgdea_track::{Event, Reader};
use serde_json::{Value, json};

use crate::faulty::{Faulty, LATE};

const TRIALS: usize = 20;

/// `lgdea sync` of a workspace's results.
fn sync(place: &Workspace) -> Command {
    place.lgdea(&["sync"])
}

/// The runs of one sweep and the run that stands for it, on the server.
#[test]
fn after_a_sweep_with_a_failing_server_everything_is_there_once() {
    let Some(server) = Server::find("lgdea-faults") else { return };
    let place = Workspace::new();
    let tracker = format!("[tracker]\nexperiment = '{}'\nflush-seconds = 2\n", server.experiment);
    place.write("tiny.toml", format!("{}{tracker}", tiny::TINY));
    let sweep = format!(
        "experiment = 'tiny.toml'\n[grid]\neval.bootstrap = [0]\ntrain.learning-rate = [1e-3, 3e-3]\n[seeds]\ncount = {}\n",
        TRIALS / 2
    );
    place.write("faults.toml", sweep);

    let faulty = Faulty::before(&server.uri);
    let mut command = place.lgdea(&["sweep", "--workers", "2", "--json", "faults.toml"]);
    command.env("MLFLOW_TRACKING_URI", &faulty.address).assert().success();
    let faults = faulty.met();
    println!("faults: {faults:?}");
    assert!(faults.iter().filter(|(_, count)| *count > 0).count() >= 5, "{faults:?}");

    faulty.recover();
    // A request that is late when its process has ended cannot be told from one that is lost, until it arrives.
    std::thread::sleep(LATE);
    let told = sync(&place).env("MLFLOW_TRACKING_URI", &faulty.address).assert().success().printed();
    assert!(told.contains(&format!("{TRIALS} of {TRIALS} runs are on the server")), "{told}");

    let shown = server.runs();
    assert_sweep(&server, &shown, &place.runs("results"));
    let before = std::fs::read(place.path("results/sweeps/faults/mlflow.json")).unwrap();
    sync(&place).env("MLFLOW_TRACKING_URI", &faulty.address).assert().success();
    let after = std::fs::read(place.path("results/sweeps/faults/mlflow.json")).unwrap();
    assert_eq!(after, before, "nothing is left to do");
    let after = server.runs();
    assert_eq!(after.len(), TRIALS + 1);
    assert_eq!(after.iter().map(|run| server.models_of(run).len()).sum::<usize>(), TRIALS);

    // As after a server was set up anew: each run is looked for, and not only the one that is asked for.
    let ids = replace_ids(&place, "0".repeat(32).as_str());
    sync(&place).env("MLFLOW_TRACKING_URI", &faulty.address).assert().success();
    assert_eq!(replace_ids(&place, "0"), ids);
    assert_eq!(server.runs().len(), TRIALS + 1);
}

/// Puts another id of the server in the place of that which each run knows; returns those.
fn replace_ids(place: &Workspace, id: &str) -> Vec<Value> {
    let replace = |run: Run| {
        let path = run.path("mlflow.json");
        let mut state: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let before = state["run_id"].take();
        state["run_id"] = json!(id);
        std::fs::write(&path, state.to_string()).unwrap();
        before
    };
    place.runs("results").into_iter().map(replace).collect()
}

/// Compares what the server shows of a sweep with the journals of its runs.
fn assert_sweep(server: &Server, shown: &[Value], runs: &[Run]) {
    let (parents, children): (Vec<&Value>, Vec<&Value>) =
        shown.iter().partition(|run| tag(run, "mlflow.parentRunId").is_none());
    assert_eq!((parents.len(), children.len()), (1, TRIALS), "one run for the sweep, one for each trial");
    let parent = parents[0];
    assert_eq!(
        (parent["info"]["run_name"].as_str(), parent["info"]["status"].as_str()),
        (Some("faults"), Some("FINISHED"))
    );
    assert!(tag(parent, "mlflow.note.content").unwrap().contains("20 finished"));
    let compared: usize = runs.iter().map(|run| compare(server, &children, run, parent)).sum();
    println!("{compared} rows of metrics compared");
    assert!(compared > TRIALS * 100);
}

/// Compares a journal with what the server shows of it; returns the number of rows.
fn compare(server: &Server, shown: &[&Value], run: &Run, parent: &Value) -> usize {
    let mut rows: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    let (mut params, mut tags) = (BTreeMap::new(), BTreeMap::new());
    let (mut key, mut started, mut evaluated) = (String::new(), None, Evaluated::default());
    for record in Reader::open(&run.path("journal.jsonl"), 0).unwrap() {
        let (_, record) = record.unwrap();
        evaluated.add(record.time, &record.event);
        match record.event {
            Event::Started { run_key, .. } => {
                key = run_key;
                started = started.or(Some(record.time));
            }
            Event::Metrics { step, values } => {
                for (name, value) in values {
                    let row = (step_shown(&name, step) as i64, record.time as i64, json!(value).to_string());
                    rows.entry(metric_name(&name).into_owned()).or_default().push(row);
                }
            }
            Event::Params { values } => params.extend(values),
            Event::Tags { values } => tags.extend(values),
            _ => {}
        }
    }
    let is_of_journal = |run: &&&Value| {
        let started = started.unwrap().to_string();
        tag(run, "lgdea.run_key") == Some(&key) && tag(run, "lgdea.started") == Some(&started)
    };
    let of_journal: Vec<&&Value> = shown.iter().filter(is_of_journal).collect();
    assert_eq!(of_journal.len(), 1, "{key} is shown once");
    let shown = of_journal[0];
    assert_eq!(shown["info"]["status"], "FINISHED");
    assert_eq!(tag(shown, "mlflow.parentRunId"), Some(id(parent)));
    assert_eq!(shown["info"]["run_name"].as_str(), Some(name(&tags, &params).as_str()), "{tags:?}");
    for (name, value) in &tags {
        assert_eq!(tag(shown, name), Some(value.as_str()), "{name}");
    }
    let listed = shown["data"]["params"].as_array().unwrap();
    let listed: BTreeMap<String, String> =
        listed.iter().map(|param| (text(&param["key"]), text(&param["value"]))).collect();
    assert_eq!(listed, params);
    for (name, rows) in &mut rows {
        rows.sort();
        assert_eq!(server.history(shown, name), *rows, "{name} of {key}");
    }
    assert_eq!(
        shown["data"]["metrics"].as_array().unwrap().len(),
        rows.len(),
        "no metric that the journal does not have"
    );
    evaluated.compare(server, shown);
    rows.values().map(Vec::len).sum()
}

/// Arm, settings and seed of a trial.
fn name(tags: &BTreeMap<String, String>, params: &BTreeMap<String, String>) -> String {
    let deltas: BTreeMap<String, Value> = serde_json::from_str(&tags["deltas"]).unwrap();
    let setting: Vec<String> = [tags["arm"].clone()].into_iter().chain(deltas.values().map(Value::to_string)).collect();
    format!("{} · {}", setting.join(" · "), params["seed"])
}

/// What a run was evaluated with, and what came of it.
#[derive(Default)]
struct Evaluated {
    /// The last checkpoint's step.
    checkpoint: u64,
    /// Digests by name and split.
    datasets: BTreeMap<String, String>,
    /// Step, time and value of the last row of each score of a held-out split, by the server's names.
    scores: BTreeMap<String, (u64, u64, f64)>,
}

impl Evaluated {
    fn add(&mut self, time: u64, event: &Event) {
        match event {
            Event::Checkpoint { step, .. } => self.checkpoint = *step,
            Event::Dataset { name, digest, context, .. } => {
                self.datasets.insert(format!("{name}/{context}"), digest.clone());
            }
            Event::Metrics { step, values } => {
                let held_out = values.iter().filter(|(name, _)| is_score(name));
                let rows = held_out
                    .map(|(name, value)| (metric_name(name).into_owned(), (step_shown(name, *step), time, *value)));
                self.scores.extend(rows);
            }
            _ => {}
        }
    }

    /// Compares with the model of the run that the server shows: there is one, whole, the run's output, with these scores.
    fn compare(&self, server: &Server, run: &Value) {
        let models = server.models_of(run);
        assert_eq!(models.len(), 1, "{run}");
        let (info, data) = (&models[0]["info"], &models[0]["data"]);
        assert_eq!(info["status"], "LOGGED_MODEL_READY");
        let outputs = json!([{ "model_id": info["model_id"], "step": self.checkpoint }]);
        assert_eq!(run["outputs"]["model_outputs"], outputs);
        let shown = data["metrics"].as_array().unwrap();
        assert_eq!(shown.len(), self.scores.len(), "{shown:?}");
        for score in shown {
            let (name, number) = (text(&score["key"]), |key: &str| score[key].as_u64().unwrap());
            let value = score["value"].as_f64().unwrap();
            assert_eq!((number("step"), number("timestamp"), value), self.scores[&name], "{name}");
            assert_eq!(number("step"), step_shown(&name, self.checkpoint));
            let dataset = text(&score["dataset_name"]);
            assert_eq!(name.split('/').next(), dataset.rsplit('/').next());
            assert_eq!(text(&score["dataset_digest"]), self.datasets[&dataset][..36]);
        }
    }
}

/// The step that the server shows of a journal's row.
fn step_shown(name: &str, step: u64) -> u64 {
    if name.starts_with("test/") { 0 } else { step }
}

fn is_score(name: &str) -> bool {
    name.starts_with("test/") || name.starts_with("validation/")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A run that was killed is ended by the next command, and a server that was set up anew is filled from disk.
#[test]
fn a_killed_run_is_ended_and_a_new_server_is_filled() {
    let Some(server) = Server::find("lgdea-killed") else { return };
    let place = Workspace::new();
    let tiny = format!("{}[tracker]\nexperiment = '{}'\n", tiny::TINY, server.experiment);
    place.write("tiny.toml", tiny.replace("steps = 12", "steps = 100000"));
    let mut child = place.std_command().args(["run", "tiny.toml"]).stderr(Stdio::null()).spawn().unwrap();
    place.wait_for("train/loss", "results", &mut child);
    let running = sync(&place).args(["--uri", &server.uri]).assert().printed();
    assert!(running.contains("1 still going"), "{running}");
    child.kill().unwrap();
    child.wait().unwrap();
    let nowhere = sync(&place).assert().code(2).told();
    assert!(nowhere.contains("MLFLOW_TRACKING_URI"), "{nowhere}");
    let sent = sync(&place).args(["--uri", &server.uri]).assert().printed();
    assert!(sent.contains("1 of 1 run is on the server"), "{sent}");
    let shown = server.runs();
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0]["info"]["status"], "KILLED");
    assert!(tag(&shown[0], "lgdea.error").unwrap().contains("ended without a word"));
    assert!(place.runs("results")[0].journal().contains("\"killed\""));
    assert!(!server.history(&shown[0], "train/loss").is_empty());
}
