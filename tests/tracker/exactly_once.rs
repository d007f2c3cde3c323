//! Whatever happens to a server while a sweep runs: in the end it has what the journals have, nothing twice.

use std::collections::BTreeMap;
use std::path::Path;

use lgdea_track::{Event, Reader, RunDir};
use serde_json::{Value, json};

use crate::faulty::{Faulty, LATE};
use crate::{Rows, Server, lgdea};

const TRIALS: usize = 20;

/// The runs of one sweep and the run that stands for it, on the server.
#[test]
fn after_a_sweep_with_a_failing_server_everything_is_there_once() {
    let Some(server) = Server::from_env() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let experiment = format!("lgdea-faults-{}", std::process::id());
    let tracker = format!("[tracker]\nexperiment = '{experiment}'\nflush-seconds = 2\n");
    std::fs::write(path("tiny.toml"), format!("{}{tracker}", include_str!("../fixtures/tiny.toml"))).unwrap();
    let sweep = format!(
        "experiment = 'tiny.toml'\n[grid]\neval.bootstrap = [0]\ntrain.learning-rate = [1e-3, 3e-3]\n[seeds]\ncount = {}\n",
        TRIALS / 2
    );
    std::fs::write(path("faults.toml"), sweep).unwrap();

    let faulty = Faulty::before(&server.uri);
    let results = path("results");
    let output = lgdea()
        .env("MLFLOW_TRACKING_URI", &faulty.address)
        .args(["sweep", "--workers", "2", "--json", "--results"])
        .arg(&results)
        .arg(path("faults.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let faults = faulty.met();
    println!("faults: {faults:?}");
    assert!(faults.iter().filter(|(_, count)| *count > 0).count() >= 5, "{faults:?}");

    faulty.recover();
    // A request that is late when its process has ended cannot be told from one that is lost, until it arrives.
    std::thread::sleep(LATE);
    let sync = || {
        lgdea().env("MLFLOW_TRACKING_URI", &faulty.address).arg("sync").arg("--results").arg(&results).output().unwrap()
    };
    let output = sync();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains(&format!("{TRIALS} of {TRIALS} runs are on the server")), "{told}");

    let shown = server.runs(&experiment);
    let (parents, children): (Vec<&Value>, Vec<&Value>) =
        shown.iter().partition(|run| Server::tag(run, "mlflow.parentRunId").is_none());
    assert_eq!((parents.len(), children.len()), (1, TRIALS), "one run for the sweep, one for each trial");
    let parent = parents[0];
    assert_eq!(
        (parent["info"]["run_name"].as_str(), parent["info"]["status"].as_str()),
        (Some("faults"), Some("FINISHED"))
    );
    assert!(Server::tag(parent, "mlflow.note.content").unwrap().contains("20 finished"));
    let mut compared = 0;
    for run in std::fs::read_dir(results.join("runs")).unwrap() {
        let run = RunDir::at(run.unwrap().path());
        compared += compare(&server, &children, &run, parent);
    }
    println!("{compared} rows of metrics compared");
    assert!(compared > TRIALS * 100);

    let before = std::fs::read(results.join("sweeps/faults/mlflow.json")).unwrap();
    assert!(sync().status.success(), "nothing is left to do");
    assert_eq!(std::fs::read(results.join("sweeps/faults/mlflow.json")).unwrap(), before);
    let after = server.runs(&experiment);
    assert_eq!(after.len(), TRIALS + 1);
    assert_eq!(after.iter().map(|run| server.models(run).len()).sum::<usize>(), TRIALS);
}

/// Compares a journal with what the server shows of it; returns the number of rows.
fn compare(server: &Server, shown: &[&Value], run: &RunDir, parent: &Value) -> usize {
    let (mut rows, mut params, mut tags) = (Rows::new(), BTreeMap::new(), BTreeMap::new());
    let (mut key, mut started, mut evaluated) = (String::new(), None, Evaluated::default());
    for record in Reader::open(&run.journal(), 0).unwrap() {
        let (_, record) = record.unwrap();
        evaluated.add(record.time, &record.event);
        match record.event {
            Event::Started { run_key, .. } => {
                key = run_key;
                started = started.or(Some(record.time));
            }
            Event::Metrics { step, values } => {
                rows.extend(
                    values.into_iter().map(|(name, value)| (name, step as i64, record.time, value.to_string())),
                );
            }
            Event::Params { values } => params.extend(values),
            Event::Tags { values } => tags.extend(values),
            _ => {}
        }
    }
    let tag = |run: &&&Value, name: &str| Server::tag(run, name).unwrap_or_default();
    let of_journal: Vec<&&Value> = shown
        .iter()
        .filter(|run| tag(run, "lgdea.run_key") == key && tag(run, "lgdea.started") == started.unwrap().to_string())
        .collect();
    assert_eq!(of_journal.len(), 1, "{key} is shown once");
    let shown = of_journal[0];
    assert_eq!(shown["info"]["status"], "FINISHED");
    assert_eq!(Server::tag(shown, "mlflow.parentRunId").as_deref(), parent["info"]["run_id"].as_str());
    for (name, value) in tags {
        assert_eq!(Server::tag(shown, &name), Some(value), "{name}");
    }
    let listed = shown["data"]["params"].as_array().unwrap();
    let listed: BTreeMap<String, String> =
        listed.iter().map(|param| (text(&param["key"]), text(&param["value"]))).collect();
    assert_eq!(listed, params);
    let id = shown["info"]["run_id"].as_str().unwrap();
    let mut stored = Rows::new();
    let names: std::collections::BTreeSet<&String> = rows.iter().map(|(name, ..)| name).collect();
    for name in names {
        stored.extend(server.history(id, name));
    }
    rows.sort();
    stored.sort();
    assert_eq!(stored, rows, "{key}");
    let last = shown["data"]["metrics"].as_array().unwrap().len();
    let distinct: std::collections::BTreeSet<&String> = rows.iter().map(|(name, ..)| name).collect();
    assert_eq!(last, distinct.len(), "no metric that the journal does not have");
    evaluated.compare(server, shown);
    rows.len()
}

/// What a run was evaluated with, and what came of it.
#[derive(Default)]
struct Evaluated {
    /// The last checkpoint's step.
    checkpoint: u64,
    /// Digests by name and split.
    datasets: BTreeMap<String, String>,
    /// Step, time and value of the last row of each score of a held-out split.
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
                self.scores.extend(held_out.map(|(name, value)| (name.clone(), (*step, time, *value))));
            }
            _ => {}
        }
    }

    /// Compares with the model of the run that the server shows: there is one, whole, the run's output, with these scores.
    fn compare(&self, server: &Server, run: &Value) {
        let models = server.models(run);
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
            assert_eq!(number("step"), self.checkpoint);
            let dataset = text(&score["dataset_name"]);
            assert_eq!(name.split('/').next(), dataset.rsplit('/').next());
            assert_eq!(text(&score["dataset_digest"]), self.datasets[&dataset][..36]);
        }
    }
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
    let Some(server) = Server::from_env() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let experiment = format!("lgdea-killed-{}", std::process::id());
    let tiny = format!("{}[tracker]\nexperiment = '{experiment}'\n", include_str!("../fixtures/tiny.toml"));
    std::fs::write(path("tiny.toml"), tiny.replace("steps = 12", "steps = 100000")).unwrap();
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("lgdea"))
        .env_remove("MLFLOW_TRACKING_URI")
        .args(["run", "--results"])
        .arg(path("results"))
        .arg(path("tiny.toml"))
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let journal = || {
        let run = std::fs::read_dir(path("results/runs")).ok()?.next()?.ok()?.path();
        std::fs::read_to_string(run.join("journal.jsonl")).ok()
    };
    while !journal().is_some_and(|text| text.contains("train/loss")) {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let sync = |more: &[&str]| {
        lgdea()
            .env_remove("MLFLOW_TRACKING_URI")
            .arg("sync")
            .args(more)
            .arg("--results")
            .arg(path("results"))
            .output()
            .unwrap()
    };
    let told = |output: &std::process::Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let running = sync(&["--uri", &server.uri]);
    assert!(told(&running).contains("1 still going"), "{}", told(&running));
    child.kill().unwrap();
    child.wait().unwrap();
    let nowhere = sync(&[]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("MLFLOW_TRACKING_URI"));
    let sent = sync(&["--uri", &server.uri]);
    assert!(told(&sent).contains("1 of 1 runs are on the server"), "{}", told(&sent));
    let shown = server.runs(&experiment);
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0]["info"]["status"], "KILLED");
    assert!(Server::tag(&shown[0], "lgdea.error").unwrap().contains("ended without a word"));
    assert!(Path::new(&path("results")).exists() && journal().unwrap().contains("\"killed\""));
    let history = server.history(shown[0]["info"]["run_id"].as_str().unwrap(), "train/loss");
    assert!(!history.is_empty());
    let _ = json!(null);
}
