//! A language model's server asked through the binary: extraction that is killed and resumed, and a training on its evidence.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use lgdea_evidence::ReportEvidence;
use lgdea_harness::language_model::{Behaviour, Fault, Faults, Server};
use lgdea_harness::{Run, Said, Workspace, std_command, tiny, wait_until};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::Value;

use super::lgdea;

const REPORTS: usize = 3000;

/// An experiment whose evidence the server reads.
fn experiment(server: &Server) -> String {
    format!("[evidence.openai]\nmodel = \"rules\"\nbase-url = \"{}\"\ntimeout-seconds = 2\n", server.base_url())
}

fn kill(mut child: Child) {
    assert!(child.try_wait().unwrap().is_none(), "the extraction ended before it could be killed");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Every report once, however often the extraction dies and whatever the server does; and nobody is asked again for what
/// was kept.
#[test]
fn three_thousand_reports_survive_two_kills_and_a_faulty_server() {
    let behaviour = Behaviour { delay: Duration::from_millis(5), faults: Faults::Drawn(7), ..Behaviour::default() };
    let server = Server::start(behaviour.clone());
    let findings = ["Small left pleural effusion.", "Cardiomegaly.", "No pneumothorax.", "Right lower lobe nodule."];
    let mut rows = String::from("report_id,report\n");
    for number in 0..REPORTS {
        writeln!(rows, "r{number:04},FINDINGS: {} Study {number}.", findings[number % findings.len()]).unwrap();
    }
    let folder = Workspace::new().with("reports.csv", rows).with("llm.toml", experiment(&server));
    let (input, file) = (folder.at("reports.csv"), folder.at("llm.toml"));
    let (cache, out) = (folder.at("cache.sqlite"), folder.at("evidence.jsonl"));
    let arguments =
        ["extract", "--input", &input, "--experiment", &file, "--cache", &cache, "--out", &out].map(str::to_owned);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();

    for answered in [REPORTS / 4, REPORTS / 2] {
        let child = std_command().arg("evidence").args(&arguments).stderr(Stdio::null()).spawn().unwrap();
        wait_until("answers", Duration::from_millis(5), || server.requests().len() >= answered);
        kill(child);
        assert!(!Path::new(&out).exists(), "what is not whole is not written");
    }
    lgdea(&arguments).assert().success().stderr(contains("from the cache"));

    let lines =
        |text: &str| -> Vec<ReportEvidence> { text.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    let first = lines(&std::fs::read_to_string(&out).unwrap());
    let ids: BTreeSet<&str> = first.iter().map(|line| line.report_id.as_str()).collect();
    assert_eq!((first.len(), ids.len()), (REPORTS, REPORTS));
    let failed = first.iter().filter(|line| line.failure.is_some()).count();

    server.behave(Behaviour::default());
    let asked = server.total();
    lgdea(&arguments).assert().success();
    assert_eq!(server.total() - asked, failed, "who failed is asked again, and nobody else");

    let (asked, text) = (server.total(), std::fs::read_to_string(&out).unwrap());
    assert!(lines(&text).iter().all(|line| line.failure.is_none()));
    lgdea(&arguments).assert().success().stderr(contains(format!("{REPORTS} from the cache")));
    assert_eq!(server.total(), asked, "an unchanged corpus costs nothing");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), text);
}

/// Failures are told with their reason, are no answers, and decide on the exit code where they are more than the answers.
#[test]
fn a_model_that_reads_nothing_fails_says_why_and_is_asked_again() {
    let unfinished = Fault::Says(|right| format!("<think>{right}"));
    let server = Server::start(Behaviour { faults: Faults::Always(unfinished), ..Behaviour::default() });
    let rows = "report_id,report\nr1,No pneumothorax.\nr2,Cardiomegaly.\nr3,Small left pleural effusion.\n";
    let folder = Workspace::new().with("reports.csv", rows).with("llm.toml", experiment(&server));
    let (input, file) = (folder.at("reports.csv"), folder.at("llm.toml"));
    let (cache, out) = (folder.at("cache.sqlite"), folder.at("evidence.jsonl"));
    let arguments = ["extract", "--input", &input, "--experiment", &file, "--cache", &cache, "--out", &out];

    let reason = contains("3 of 3 reports have no valid answer of the model (3 reasoning that does not end, as r1)");
    lgdea(&arguments).assert().code(1).stderr(reason).stderr(contains("pneumothorax").not());
    assert_eq!(std::fs::read_to_string(&out).unwrap().lines().count(), 3, "what is known is written");

    server.behave(Behaviour { faults: Faults::About("Cardio", unfinished), ..Behaviour::default() });
    lgdea(&arguments).assert().success().stderr(contains("1 of 3 reports has no valid answer"));
    server.behave(Behaviour::default());
    lgdea(&arguments).assert().success().stderr(contains("2 from the cache, 1 asked now"));
}

/// A run needs one report that was read.
#[test]
fn a_run_without_any_valid_answer_stops_and_says_why() {
    let server = Server::start(Behaviour { faults: Faults::Always(Fault::Empty), ..Behaviour::default() });
    let place = Workspace::new();
    let file = place.write("llm.toml", format!("{}{}", tiny::QUICK, experiment(&server)));
    let said = place.run(&file, "results", &[]).code(1).told_in_a_line();
    assert!(said.contains("no valid answer: empty"), "{said}");
}

/// A training whose evidence a model reads asks for the reports that it may read and for no others; a replay of it is the
/// same run.
#[test]
fn a_run_reads_by_a_model_what_it_may_read_and_is_replayed_without_it() {
    let server = Server::start(Behaviour::default());
    let place = Workspace::new();
    let alone = "retrieval = { local-share = 0.0, evidence-share = 0.0 }\n";
    let file = place.write("llm.toml", format!("{}{alone}{}", tiny::QUICK, experiment(&server)));
    let first = place.outcome(&file, "results", &[]);
    let pairing: Value = serde_json::from_slice(&std::fs::read(Run::of(&first).path("pairing.json")).unwrap()).unwrap();
    let readable = ["paired", "reports"].map(|pool| pairing[pool].as_array().unwrap().len()).iter().sum::<usize>();
    assert!(server.requests().len() <= readable && server.requests().len() > readable / 2);

    let asked = server.total();
    let prototypes = place.lgdea(&["prototypes", first["dir"].as_str().unwrap(), "--json"]).assert();
    prototypes.success().stdout(contains("pleural effusion"));
    assert_eq!(server.total(), asked, "nor does looking into the run ask anybody");
    let replayed = place.outcome(&file, "results", &["--force", "--set", "evidence.replay.model=rules"]);
    assert_eq!(server.total(), asked, "a replay asks nobody");
    assert_eq!(replayed["run_key"], first["run_key"]);
    assert_eq!(replayed["metrics"], first["metrics"]);

    place.outcome(&file, "results", &["--set", "eval.retrieval.local-share=0.3"]);
    assert!(
        server.total() > asked,
        "what the reports that are searched say is asked, too, where images are compared with it"
    );

    let other = ["--set", "seed=5", "--set", "evidence.replay.model=other"];
    let said = place.run(&file, "results", &other).code(1).told();
    assert!(said.contains("other"), "{said}");
}
