//! No report is quoted: words that every report of a corpus holds appear in nothing that is told, logged, kept or sent.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod corpus;
mod mistakes;

use lgdea_harness::language_model::{Behaviour, Fault, Faults, Server};
use lgdea_harness::{Service, Workspace, http};

use corpus::{CANARY, assert_unquoted, corpus, run};

/// Every command that reads reports or what was made of them, at the highest log level.
#[test]
fn no_command_quotes_a_report() {
    let place = corpus();
    run(&place, 0, &["run", "own.toml"]);
    let dir = place.runs("results").remove(0);
    let name = dir.name();
    for arguments in [
        &["check", "own.toml"][..],
        &["plan", "sweep.toml"],
        &["sweep", "sweep.toml", "--workers", "2"],
        &["sweep", "sweep.toml", "--status"],
        &["compare", "results"],
        &["report", "results", "--out", "results/page.html"],
        &["ground", name, "--image", "s3", "--phrase", "edema", "--out", "heat.png"],
        &["prototypes", name, "--json"],
        &["prototypes", name, "--keep"],
        &["graph", name],
        &["embed", name, "--out", "results/embedded.npz", "--features", "--prompts"],
        &["embed", name, "--out", "results/embedded.safetensors", "--force"],
        &["export", name, "--out", "exported"],
        &["profile", "own.toml", "--steps", "2"],
        &["evidence", "extract", "--input", "reports.jsonl", "--out", "evidence.jsonl"],
        &["evidence", "extract", "--input", "reports.jsonl", "--out", "-"],
        &["evidence", "diff", "evidence.jsonl", "evidence.jsonl"],
    ] {
        run(&place, 0, arguments);
    }
    place.assert_nothing_kept();
}

/// What MLflow gets: parameters, tags, metrics, figures, models' names.
#[test]
fn no_request_to_the_tracker_quotes_a_report() {
    let Some(uri) = Service::Mlflow.find() else { return };
    let (address, sent) = http::recording(&uri);
    let place = corpus();
    let tracked = format!("{}\n[tracker]\nuri = \"{address}\"\nexperiment = \"privacy\"\n", place.read("own.toml"));
    place.write("own.toml", tracked);
    run(&place, 0, &["run", "own.toml"]);
    run(&place, 0, &["sweep", "sweep.toml", "--workers", "2"]);
    run(&place, 0, &["sync", "--uri", &address]);
    let sent = sent.lock().unwrap();
    assert!(sent.windows(9).any(|bytes| bytes == b"log-batch"), "the runs were sent");
    assert_unquoted("a request to MLflow", &sent);
}

/// A model's server gets the reports, as it must; what it makes of them, its faults included, is told without them.
#[test]
fn no_failure_of_a_language_model_quotes_a_report() {
    for fault in [
        Fault::Echo,
        Fault::Garbage,
        Fault::Empty,
        Fault::Truncated,
        Fault::WrongTypes,
        Fault::Fenced,
        Fault::OutsideOntology,
        Fault::InventedQuotes,
        Fault::Status(400),
        Fault::Cut,
    ] {
        let server = Server::start(Behaviour { faults: Faults::Always(fault), ..Behaviour::default() });
        let place = corpus();
        let experiment = format!(
            "[evidence.openai]\nmodel = \"rules\"\nbase-url = \"{}\"\ntimeout-seconds = 2\npatience-seconds = 1\n",
            server.base_url()
        );
        place.write("llm.toml", experiment);
        let extract = ["evidence", "extract", "--input", "reports.jsonl", "--experiment", "llm.toml"];
        let said =
            place.said(&[&extract[..], &["--cache", "results/cache.sqlite", "--out", "evidence.jsonl"]].concat());
        assert!(!said.is_empty());
        assert_unquoted(&format!("{fault:?}"), said.as_bytes());
        assert!(server.bodies().iter().any(|body| body.to_string().contains(CANARY)), "the server is asked");
        place.assert_nothing_kept();
    }
}

#[test]
fn the_canary_would_be_seen() {
    let place = Workspace::new().with("results/journal.jsonl", format!("{{\"text\":\"{}\"}}", CANARY.to_uppercase()));
    let place = corpus::Corpus::at(place);
    assert!(std::panic::catch_unwind(|| assert_unquoted("text", format!("a {CANARY} b").as_bytes())).is_err());
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| place.assert_nothing_kept())).is_err());
}
