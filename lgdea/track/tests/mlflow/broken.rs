//! Servers that are away, stuck, or not what they should be. None of these tests needs MLflow.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use lgdea_harness::http::{plain, serve};
use lgdea_track::mlflow::{Mirror, Settings, sync};
use lgdea_track::{History, Status};

use crate::{begin, ended, settings};

/// Runs a whole small run beside the server at `uri`; returns how long the run and the wait at its end took.
fn run_beside(uri: &str, wait: Duration) -> (Duration, Duration, lgdea_track::mlflow::Report) {
    let (_folder, run, journal) = begin("abc");
    let begun = Instant::now();
    let mirror = Mirror::start(&run, settings(uri, "lgdea"));
    for step in 0..1000 {
        journal.metrics(step, &[("loss", 1.0)]).unwrap();
    }
    journal.write(ended(Status::Finished)).unwrap();
    let ran = begun.elapsed();
    let report = mirror.finish(wait);
    assert_eq!(History::read(&run).unwrap().unwrap().metrics["loss"], (999, 1.0));
    (ran, begun.elapsed().saturating_sub(ran), report)
}

#[test]
fn a_server_that_is_away_costs_nothing_but_the_wait() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (ran, waited, report) = run_beside(&format!("http://{closed}"), Duration::from_secs(2));
    assert!(ran < Duration::from_secs(1), "{ran:?}");
    assert!(waited < Duration::from_millis(2500), "{waited:?}");
    assert!(!report.complete && report.behind > 10_000 && report.url.is_none(), "{report:?}");
    assert!(report.error.unwrap().contains("refused"));
}

#[test]
fn a_server_that_never_answers_costs_nothing_but_the_wait() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("http://{}", silent.local_addr().unwrap());
    let (ran, waited, report) = run_beside(&uri, Duration::from_secs(1));
    assert!(ran < Duration::from_secs(1), "{ran:?}");
    assert!(waited < Duration::from_millis(1500), "{waited:?}");
    assert!(!report.complete && report.behind > 10_000, "{report:?}");
    assert!(report.error.unwrap().contains("within 1 s"));
}

/// The error with which a server is given up at once, for every answer that waiting does not mend.
fn given_up(uri: &str) -> String {
    let (_folder, run, journal) = begin("abc");
    let begun = Instant::now();
    let by_sync = sync(&run, &settings(uri, "lgdea"), Duration::from_mins(1)).unwrap_err().to_string();
    journal.write(ended(Status::Finished)).unwrap();
    let by_mirror = Mirror::start(&run, settings(uri, "lgdea")).finish(Duration::from_mins(1));
    assert!(begun.elapsed() < Duration::from_secs(5), "waited for nothing");
    assert_eq!(by_mirror.error.as_ref(), Some(&by_sync));
    assert!(!by_sync.contains("hunter2"), "{by_sync}");
    by_sync
}

#[test]
fn wrong_credentials_are_explained_without_being_shown() {
    let message = "You are not authenticated. Please see https://mlflow.org on how to authenticate.";
    let uri = serve(move |_| plain("401 UNAUTHORIZED", "", message));
    let error = given_up(&uri);
    assert!(error.contains("401") && error.contains("You are not authenticated"), "{error}");
    assert!(error.contains("set MLFLOW_TRACKING_USERNAME"), "{error}");
    let with_password = uri.replace("http://", "http://user:hunter2@");
    let error = given_up(&with_password);
    assert!(error.contains("check MLFLOW_TRACKING_USERNAME"), "{error}");
}

#[test]
fn credentials_are_sent_as_http_wants_them() {
    let uri = serve(|request| {
        let request = String::from_utf8_lossy(request).to_lowercase();
        let basic = request.contains("authorization: basic dxnlcjpodw50zxiy"); // base64 of user:hunter2, in lower case
        plain(if basic { "418 I'M A TEAPOT" } else { "401 UNAUTHORIZED" }, "", "")
    });
    let error = given_up(&uri.replace("http://", "http://user:hunter2@"));
    assert!(error.contains("418"), "{error}");
}

#[test]
fn a_server_that_does_not_know_its_host_gets_a_hint() {
    let message = "Invalid Host header - possible DNS rebinding attack detected";
    let error = given_up(&serve(move |_| plain("403 FORBIDDEN", "", message)));
    assert!(error.contains("--allowed-hosts 127.0.0.1"), "{error}");
    let error = given_up(&serve(|_| plain("403 FORBIDDEN", "", "Permission denied")));
    assert!(error.contains("this user may not"), "{error}");
}

#[test]
fn an_address_that_is_not_mlflows_is_said_so() {
    let page = "<!doctype html><title>Welcome</title>";
    let error = given_up(&serve(move |_| plain("200 OK", "", page)));
    assert!(error.contains("is the tracking URI right"), "{error}");
    let error = given_up(&serve(move |_| plain("404 NOT FOUND", "", page)));
    assert!(error.contains("is the tracking URI right") && !error.contains("doctype"), "{error}");
    let error = given_up(&serve(|_| plain("301 MOVED", "Location: https://elsewhere/\r\n", "")));
    assert!(error.contains("https://elsewhere/"), "{error}");
}

#[test]
fn a_folder_without_a_run_is_refused() {
    let settings = Settings::from_env("http://127.0.0.1:9", "lgdea").unwrap().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let run = lgdea_track::RunDir::at(folder.path());
    let error = sync(&run, &settings, Duration::ZERO).unwrap_err().to_string();
    assert!(error.contains("journal.jsonl"), "{error}");
    std::fs::write(run.journal(), "{\"time\":1,\"event\":\"note\",\"text\":\"\"}\n").unwrap();
    let error = sync(&run, &settings, Duration::ZERO).unwrap_err().to_string();
    assert!(error.contains("does not begin with"), "{error}");
    std::fs::write(run.journal(), "nonsense\n").unwrap();
    let error = sync(&run, &settings, Duration::ZERO).unwrap_err().to_string();
    assert!(error.contains("line 1"), "{error}");
}
