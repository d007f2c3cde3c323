//! Servers that fail: what is tried again, what is given up, and what the user is told.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use lgdea_evidence::Dropped;
use lgdea_harness::language_model::{Behaviour, Fault, Faults, Server};
use lgdea_spec::{AnswerFormat, Openai};

use crate::{Scratch, by_rules, reports, settings, statements};

fn faulty(faults: Faults) -> Server {
    Server::start(Behaviour { faults, ..Behaviour::default() })
}

fn error(settings: &Openai, count: usize) -> String {
    Scratch::new().extract(settings, &reports(count)).unwrap_err().to_string()
}

#[test]
fn through_all_faults_every_report_is_read_once_and_nothing_unchecked_gets_in() {
    let (server, scratch, reports) = (faulty(Faults::Drawn(1)), Scratch::new(), reports(400));
    let settings = settings(&server.base_url());
    let extraction = scratch.extract(&settings, &reports).unwrap();
    let tally = &extraction.tally;
    assert_eq!(tally.unanswered, []);
    assert_eq!(extraction.reports.len(), 400);
    let mut failed = 0;
    for (report, evidence) in reports.iter().zip(&extraction.reports) {
        assert_eq!(report.id, evidence.report_id);
        match &evidence.failure {
            None => assert_eq!(statements(&evidence.evidence), by_rules(&report.text), "{}", report.text),
            Some(failure) => {
                assert!(failure.starts_with("no valid answer: "), "{failure}");
                assert!(evidence.evidence.is_empty());
                failed += 1;
            }
        }
    }
    assert_eq!(tally.failed, failed);
    assert!(failed > 0 && tally.repaired > 0 && tally.dropped.quote_not_in_report > 0, "{tally:?}");
    assert!(tally.dropped.finding_outside_ontology > 0, "{tally:?}");

    assert_eq!(tally.failures.iter().map(|failures| failures.reports).sum::<usize>(), failed);
    assert_eq!(scratch.replay(&settings, &reports).unwrap().reports, extraction.reports);

    let asked = server.total();
    server.behave(Behaviour::default());
    let again = scratch.extract(&settings, &reports).unwrap();
    assert_eq!(server.total() - asked, failed, "a failure is no answer: these are asked again, and no others");
    assert_eq!((again.tally.cached, again.tally.asked, again.tally.failed), (400 - failed, failed, 0));
    for (before, after) in extraction.reports.iter().zip(&again.reports) {
        assert!(before.failure.is_some() || before == after, "an answer stays");
    }
}

#[test]
fn an_answer_is_repaired_once() {
    for (fault, reason) in [
        (Fault::Empty, "empty"),
        (Fault::Truncated, "cut off at 2048 tokens"),
        (Fault::WrongTypes, "JSON that does not follow the schema"),
        (Fault::Megabytes, "longer than 1 MiB"),
    ] {
        let server = faulty(Faults::First(fault));
        let settings = settings(&server.base_url());
        let extraction = Scratch::new().extract(&settings, &reports(5)).unwrap();
        assert_eq!((extraction.tally.repaired, extraction.tally.failed, server.total()), (5, 0, 10), "{fault:?}");
        let repair = &server.bodies()[9]["messages"];
        let last = repair.as_array().unwrap().last().unwrap();
        assert!(
            last["role"] == "user" && last["content"].as_str().unwrap().contains(reason.split(" that").next().unwrap()),
            "{last}"
        );

        server.behave(Behaviour { faults: Faults::Always(fault), ..Behaviour::default() });
        let extraction = Scratch::new().extract(&settings, &reports(5)).unwrap();
        assert_eq!((extraction.tally.failed, server.total()), (5, 20), "{fault:?}");
        assert_eq!(extraction.reports[0].failure.as_deref(), Some(&*format!("no valid answer: {reason}")));
    }
}

#[test]
fn answers_in_a_fence_are_read_and_claims_without_ground_are_dropped() {
    let expect = |fault, dropped| {
        let server = faulty(Faults::Always(fault));
        let reports = reports(5);
        let extraction = Scratch::new().extract(&settings(&server.base_url()), &reports).unwrap();
        assert_eq!((extraction.tally.dropped, extraction.tally.repaired, extraction.tally.failed), (dropped, 0, 0));
        assert_eq!(statements(&extraction.reports[3].evidence), by_rules(&reports[3].text));
    };
    expect(Fault::Fenced, Dropped::default());
    expect(Fault::InventedQuotes, Dropped { quote_not_in_report: 5, ..Dropped::default() });
    expect(Fault::OutsideOntology, Dropped { finding_outside_ontology: 5, ..Dropped::default() });
}

#[test]
fn what_fails_in_passing_is_tried_again() {
    let faults = [
        Fault::Status(500),
        Fault::Status(503),
        Fault::Status(408),
        Fault::TooMany(0),
        Fault::Hang,
        Fault::Cut,
        Fault::Garbage,
    ];
    for fault in faults {
        let server = faulty(Faults::First(fault));
        let extraction = Scratch::new().extract(&settings(&server.base_url()), &reports(5)).unwrap();
        assert_eq!((extraction.tally.asked, extraction.tally.failed, server.total()), (5, 0, 10), "{fault:?}");
    }
}

#[test]
fn the_server_is_given_the_time_that_it_asks_for() {
    let server = faulty(Faults::First(Fault::TooMany(2)));
    let settings = Openai { concurrency: 2, ..settings(&server.base_url()) };
    let start = Instant::now();
    Scratch::new().extract(&settings, &reports(2)).unwrap();
    assert!(start.elapsed() >= Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(server.total(), 4);
}

#[test]
fn one_report_that_the_server_cannot_take_does_not_stop_the_others() {
    for (fault, reason) in [(Fault::Status(500), "500 (server_error), 6 times"), (Fault::Echo, "400")] {
        let server = Server::start(Behaviour {
            faults: Faults::About("Case 7,", fault),
            delay: Duration::from_millis(20),
            ..Behaviour::default()
        });
        let (settings, scratch, reports) = (settings(&server.base_url()), Scratch::new(), reports(40));
        let extraction = scratch.extract(&settings, &reports).unwrap();
        assert_eq!(extraction.reports.len(), 39);
        let unanswered = &extraction.tally.unanswered;
        assert_eq!((unanswered.len(), &*unanswered[0].report_id, &*unanswered[0].reason), (1, "r7", reason));

        server.behave(Behaviour::default());
        let asked = server.total();
        let extraction = scratch.extract(&settings, &reports).unwrap();
        assert_eq!((server.total() - asked, extraction.reports.len()), (1, 40), "only what is missing is asked again");
    }
}

#[test]
fn a_server_that_is_away_is_waited_for_and_then_named() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = Openai { patience_seconds: 2, ..settings(&format!("http://127.0.0.1:{port}/v1")) };
    let start = Instant::now();
    let error = error(&settings, 5);
    assert!((2..10).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert!(error.contains(&format!("http://127.0.0.1:{port}/v1 has failed every request for 2 s")), "{error}");
    assert!(error.contains("no connection: ") && error.contains("0 of 5 reports are read and kept"), "{error}");
}

#[test]
fn a_server_that_comes_back_goes_on() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = settings(&format!("http://127.0.0.1:{port}/v1"));
    let server = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(1));
        Server::at(port, Behaviour::default()).unwrap()
    });
    assert_eq!(Scratch::new().extract(&settings, &reports(5)).unwrap().reports.len(), 5);
    assert_eq!(server.join().unwrap().total(), 5);
}

#[test]
fn a_server_that_only_fails_is_tried_by_one_at_a_time_and_given_up() {
    let server = faulty(Faults::Always(Fault::Status(503)));
    let (settings, scratch, reports) = (settings(&server.base_url()), Scratch::new(), reports(60));
    let settings = Openai { patience_seconds: 3, ..settings };
    let error = scratch.extract(&settings, &reports).unwrap_err().to_string();
    assert!(error.contains("has failed every request for 3 s (last: 503 (server_error)); 0 of 60"), "{error}");
    assert!((16..32).contains(&server.total()), "{} requests", server.total());

    server.behave(Behaviour::default());
    assert_eq!(scratch.extract(&settings, &reports).unwrap().reports.len(), 60);
}

#[test]
fn what_was_read_before_a_server_fails_is_kept() {
    let server = faulty(Faults::About("Case 2", Fault::Status(503)));
    let (scratch, reports) = (Scratch::new(), reports(30));
    // The reports from 20 on fail, and nothing succeeds after them.
    let settings = Openai { patience_seconds: 2, concurrency: 1, ..settings(&server.base_url()) };
    let reports: Vec<_> = reports.into_iter().filter(|report| !["r2"].contains(&&*report.id)).collect();
    let error = scratch.extract(&settings, &reports).unwrap_err().to_string();
    assert!(error.contains("19 of 29 reports are read and kept: the same command goes on from there"), "{error}");
    server.behave(Behaviour::default());
    let asked = server.total();
    assert_eq!(scratch.extract(&settings, &reports).unwrap().tally.cached, 19);
    assert_eq!(server.total() - asked, 10);
}

#[test]
fn what_no_attempt_can_mend_stops_at_once() {
    let server = faulty(Faults::Always(Fault::Status(404)));
    let settings = settings(&server.base_url());
    assert!(
        error(&settings, 50)
            .contains("answers 404 (server_error): it knows no chat completions there, or no such model")
    );

    server.behave(Behaviour { faults: Faults::Always(Fault::Status(400)), ..Behaviour::default() });
    let text = Openai { answer_format: AnswerFormat::Text, ..settings.clone() };
    assert!(error(&text, 50).contains("refuses every request (last: 400 (server_error))"));
    assert!(server.total() < 100, "{} requests", server.total());

    // A server of its own: requests that were given up above may still reach the other one.
    let server = Server::start(Behaviour { models: Some(vec!["rules-7b", "other"]), ..Behaviour::default() });
    let settings = self::settings(&server.base_url());
    let message = error(&settings, 50);
    assert!(
        message.contains(r#"has no model "rules"; did you mean "rules-7b"? It lists: rules-7b, other"#),
        "{message}"
    );
    assert_eq!(server.total(), 0, "no report is sent before the model is known");

    server.behave(Behaviour { models: None, ..Behaviour::default() });
    Scratch::new().extract(&settings, &reports(2)).expect("a server need not list its models");
    server.behave(Behaviour { models: Some(vec!["rules:latest"]), ..Behaviour::default() });
    Scratch::new().extract(&settings, &reports(2)).expect("Ollama's way to list a model");
}
