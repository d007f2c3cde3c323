//! Servers that are away, stuck, or not what they should be. None of these tests needs MLflow.

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use lgdea_harness::http::{plain, serve, silent};
use lgdea_track::mlflow::{Mirror, Report, Settings, sync};
use lgdea_track::{History, Status};

use crate::{begin, ended, settings};

/// The longest wait that is allowed here, as by default.
const ALLOWED: Duration = Duration::from_secs(30);
/// What a run may cost beside a tracker that is away, on a busy machine.
const NOTHING: Duration = Duration::from_secs(4);
/// The same where the server has answered before.
const LITTLE: Duration = Duration::from_secs(12);

/// Runs a whole small run beside the server at `uri`, with `more` time until its end; returns how long the run itself and the
/// wait at its end took.
fn run_beside(uri: &str, more: Duration) -> (Duration, Duration, Report) {
    let (_folder, run, journal) = begin("abc");
    let begun = Instant::now();
    let mirror = Mirror::start(&run, settings(uri, "lgdea"));
    for step in 0..1000 {
        journal.metrics(step, &[("loss", 1.0)]).unwrap();
    }
    journal.write(ended(Status::Finished)).unwrap();
    let ran = begun.elapsed();
    std::thread::sleep(more);
    let ended = Instant::now();
    let report = mirror.finish(ended + ALLOWED);
    assert_eq!(History::read(&run).unwrap().unwrap().metrics["loss"], (999, 1.0));
    (ran, ended.elapsed(), report)
}

/// Sees to it that a run loses no time to the server at `uri`, that nothing is said to be there, and why; returns that.
fn costs_at_most(cost: Duration, uri: &str) -> String {
    let (ran, waited, report) = run_beside(uri, Duration::ZERO);
    assert!(ran < NOTHING && waited < cost, "{uri}: {ran:?}, {waited:?}");
    assert!(!report.complete && report.behind > 10_000, "{report:?}");
    let left = report.left("lgdea sync abc").unwrap();
    assert!(left.ends_with("`lgdea sync abc` sends the rest") && !left.contains('\n'), "{left}");
    report.error.unwrap()
}

#[test]
fn a_port_that_nobody_listens_at_costs_nothing() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = costs_at_most(NOTHING, &format!("http://{closed}"));
    assert!(error.contains("refused"), "{error}");
}

#[test]
fn a_server_that_accepts_and_never_answers_costs_nothing() {
    let (_listener, uri) = silent();
    let error = costs_at_most(NOTHING, &uri);
    assert!(error.contains(&uri) && error.contains("does not answer"), "{error}");
}

#[test]
fn a_longer_run_does_not_wait_for_a_silent_server_at_all() {
    let (_listener, uri) = silent();
    let (_, waited, report) = run_beside(&uri, Duration::from_millis(1500));
    assert!(waited < Duration::from_millis(800), "{waited:?}");
    assert!(report.error.unwrap().contains("does not answer"));
}

#[test]
fn a_name_that_does_not_resolve_costs_nothing() {
    costs_at_most(NOTHING, "http://tracker.invalid:5000");
}

#[test]
fn an_address_that_swallows_packets_costs_nothing() {
    // Of a network that is for documentation: nobody is there.
    costs_at_most(NOTHING, "http://192.0.2.1:5000");
}

#[test]
fn a_server_that_breaks_off_costs_nothing() {
    costs_at_most(NOTHING, &serve(|_| Vec::new()));
    costs_at_most(NOTHING, &serve(|_| b"HTTP/1.1 200 OK\r\nContent-Le".to_vec()));
    costs_at_most(NOTHING, &serve(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".to_vec()));
}

#[test]
fn a_server_that_fails_at_everything_costs_nothing() {
    for status in ["500 INTERNAL SERVER ERROR", "502 BAD GATEWAY", "503 SERVICE UNAVAILABLE", "504 GATEWAY TIMEOUT"] {
        let error = costs_at_most(NOTHING, &serve(move |_| plain(status, "", "broken")));
        assert!(error.contains(&status[..3]), "{error}");
    }
}

#[test]
fn a_server_that_asks_for_patience_costs_nothing() {
    for status in ["429 TOO MANY REQUESTS", "503 SERVICE UNAVAILABLE"] {
        costs_at_most(NOTHING, &serve(move |_| plain(status, "Retry-After: 600\r\n", "later")));
    }
}

/// Answers as MLflow does, as far as a run of metrics needs it.
fn answer(request: &[u8]) -> Vec<u8> {
    let line = String::from_utf8_lossy(&request[..request.len().min(200)]).into_owned();
    let run = r#"{"run":{"info":{"run_id":"r","experiment_id":"1","artifact_uri":"mlflow-artifacts:/1/r/artifacts"}}}"#;
    let body = match line.split(' ').nth(1).unwrap_or_default() {
        path if path.contains("get-by-name") => r#"{"experiment":{"experiment_id":"1"}}"#,
        path if path.contains("runs/create") || path.contains("runs/get") => run,
        _ => "{}",
    };
    plain("200 OK", "Content-Type: application/json\r\n", body)
}

#[test]
fn a_server_that_falls_silent_in_the_middle_costs_little() {
    for good in [1, 2, 4] {
        let asked = AtomicUsize::new(0);
        let uri = serve(move |request| {
            if asked.fetch_add(1, Ordering::Relaxed) >= good {
                std::thread::sleep(Duration::from_mins(2));
            }
            answer(request)
        });
        let error = costs_at_most(LITTLE, &uri);
        assert!(error.contains("does not answer"), "{error}");
    }
}

#[test]
fn a_server_that_dies_in_the_middle_costs_little() {
    for good in [1, 2, 4] {
        let asked = AtomicUsize::new(0);
        let uri = serve(
            move |request| {
                if asked.fetch_add(1, Ordering::Relaxed) >= good { Vec::new() } else { answer(request) }
            },
        );
        costs_at_most(LITTLE, &uri);
    }
}

#[test]
fn a_slow_server_that_is_alive_gets_the_whole_run() {
    // As one on the other side of the world: longer than any single wait, all answers together.
    let uri = serve(|request| {
        std::thread::sleep(Duration::from_millis(700));
        answer(request)
    });
    let (ran, _, report) = run_beside(&uri, Duration::ZERO);
    assert!(ran < NOTHING, "{ran:?}");
    assert!(report.complete && report.behind == 0 && report.left("lgdea sync").is_none(), "{report:?}");
}

#[test]
fn even_a_server_that_makes_progress_is_not_waited_for_for_ever() {
    let (_folder, run, journal) = begin("abc");
    let uri = serve(|request| {
        std::thread::sleep(Duration::from_millis(700));
        answer(request)
    });
    let mirror = Mirror::start(&run, settings(&uri, "lgdea"));
    journal.write(ended(Status::Finished)).unwrap();
    let begun = Instant::now();
    let report = mirror.finish(begun + Duration::from_secs(1));
    assert!(begun.elapsed() < NOTHING);
    assert!(report.error.unwrap().contains("did not take everything in time"));
}

#[test]
fn what_is_left_is_sent_beside_what_comes_next() {
    let (_folder, run, journal) = begin("abc");
    let mut mirror = Mirror::start(&run, settings(&serve(answer), "lgdea"));
    journal.write(ended(Status::Finished)).unwrap();
    mirror.stop();
    let begun = Instant::now();
    while History::read(&run).unwrap().is_none() || !run.path().join("mlflow.json").exists() {
        assert!(begun.elapsed() < ALLOWED, "nothing was sent");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(mirror.finish(Instant::now() + ALLOWED).complete);
}

#[test]
fn a_run_that_never_gets_a_journal_has_nothing_to_show() {
    let folder = tempfile::tempdir().unwrap();
    let run = lgdea_track::RunDir::at(folder.path().join("none"));
    let report = Mirror::start(&run, settings("http://127.0.0.1:9", "lgdea")).finish(Instant::now() + ALLOWED);
    assert!(report.complete && report.left("lgdea sync").is_none(), "{report:?}");
}

/// The error with which a server is given up at once, for every answer that waiting does not mend.
fn given_up(uri: &str) -> String {
    let (_folder, run, journal) = begin("abc");
    let begun = Instant::now();
    let by_sync = sync(&run, &settings(uri, "lgdea"), Duration::from_mins(1)).unwrap_err().to_string();
    journal.write(ended(Status::Finished)).unwrap();
    let by_mirror = Mirror::start(&run, settings(uri, "lgdea")).finish(Instant::now() + ALLOWED);
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
