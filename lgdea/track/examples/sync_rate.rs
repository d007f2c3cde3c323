//! How fast a journal is sent to a real MLflow server, against a plain loop of batches of 1000 metrics, in turns:
//! `cargo run --release -p lgdea-track --example sync_rate -- $(tests/services/mlflow.sh start)`
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::time::{Duration, Instant};

use lgdea_track::mlflow::{Settings, sync};
use lgdea_track::{Event, Journal, Lineage, RunDir, Status};
use serde_json::{Value, json};

const METRICS: usize = 30_000;
/// Metrics of an event, as a training step logs them.
const PER_EVENT: usize = 15;
const ROUNDS: usize = 3;

fn main() {
    let server = std::env::args().nth(1).expect("the address of an MLflow server");
    let experiment = format!("sync-rate-{}", std::process::id());
    let settings = Settings::from_env(&server, &experiment).unwrap().unwrap();
    let (mut of_sync, mut of_loop) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        of_sync.push(synced(&settings, round));
        of_loop.push(looped(&server, &experiment));
        println!("round {round}: sync {:.0} metrics/s, plain loop {:.0} metrics/s", of_sync[round], of_loop[round]);
    }
    let mean = |rates: &[f64]| rates.iter().sum::<f64>() / rates.len() as f64;
    println!("sync reaches {:.0} % of the plain loop", 100.0 * mean(&of_sync) / mean(&of_loop));
}

/// Metrics a second of a journal that is sent from disk.
fn synced(settings: &Settings, round: usize) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let run = RunDir::new(folder.path(), "rate", &format!("{:012x}", std::process::id() as usize * 100 + round));
    run.create().unwrap();
    let journal = Journal::create(&run).unwrap();
    let run_key = format!("{}-{round}", std::process::id());
    journal
        .write(Event::Started { run_key, name: "rate".to_owned(), attempt: 1, lineage: Box::new(Lineage::default()) })
        .unwrap();
    let names: Vec<String> = (0..PER_EVENT).map(|metric| format!("train/metric_{metric}")).collect();
    for step in 0..METRICS / PER_EVENT {
        let values: Vec<(&str, f64)> = names.iter().map(|name| (name.as_str(), step as f64 / 7.0)).collect();
        journal.metrics(step as u64, &values).unwrap();
    }
    journal.write(Event::Ended { status: Status::Finished, error: None, seconds: 1.0 }).unwrap();
    drop(journal);
    let began = Instant::now();
    assert!(sync(&run, settings, Duration::from_mins(1)).unwrap().complete);
    METRICS as f64 / began.elapsed().as_secs_f64()
}

/// Metrics a second of the least that a client can do: a run, then one request after the other.
fn looped(server: &str, experiment: &str) -> f64 {
    let client = lgdea_http::blocking().build().unwrap();
    let url = |call: &str| format!("{}/api/2.0/mlflow/{call}", server.trim_end_matches('/'));
    let post = |call: &str, body: &Value| -> Value {
        client.post(url(call)).json(body).send().unwrap().error_for_status().unwrap().json().unwrap()
    };
    let found: Value = client
        .get(url("experiments/get-by-name"))
        .query(&[("experiment_name", experiment)])
        .send()
        .unwrap()
        .json()
        .unwrap();
    let began = Instant::now();
    let created =
        post("runs/create", &json!({ "experiment_id": found["experiment"]["experiment_id"], "start_time": 1 }));
    let id = &created["run"]["info"]["run_id"];
    let rows: Vec<Value> = (0..METRICS)
        .map(|row| {
            let (step, metric) = (row / PER_EVENT, row % PER_EVENT);
            json!({ "key": format!("train/metric_{metric}"), "value": step as f64 / 7.0, "timestamp": 1_700_000_000_000_u64, "step": step })
        })
        .collect();
    for metrics in rows.chunks(1000) {
        post("runs/log-batch", &json!({ "run_id": id, "metrics": metrics, "params": [], "tags": [] }));
    }
    METRICS as f64 / began.elapsed().as_secs_f64()
}
