//! Failures: counted by reason, kept for a replay, and asked for again.

use std::path::Path;
use std::time::{Duration, Instant};

use lgdea_evidence::ReportEvidence;
use lgdea_harness::language_model::{Behaviour, Fault, Faults, Reply, Server};
use serde_json::json;

use crate::{Scratch, always, by_rules, denial, reports, settings, statements};

#[test]
fn a_server_that_is_set_right_is_asked_again_about_all_that_failed() {
    let faults = [
        Fault::Empty,
        Fault::Truncated,
        Fault::WrongTypes,
        Fault::Says(|right| format!("<think>{right}")),
        Fault::Says(|_| "I cannot do that.".into()),
        Fault::Says(|right| right[..right.len() / 2].into()),
        Fault::Says(|right| right.replace('"', "'")),
        Fault::Replies(|_, _| Reply::message(&json!({ "content": null, "refusal": "No." }))),
        Fault::Replies(|_, _| Reply::message(&json!({ "content": null, "reasoning_content": "Hm." }))),
        Fault::Replies(|_, _| Reply::message(&json!({ "content": [{ "type": "thinking", "thinking": "Hm." }] }))),
    ];
    for fault in faults {
        let (server, scratch) = (always(fault), Scratch::new());
        let (settings, reports) = (settings(&server.base_url()), reports(5));
        let extraction = scratch.extract(&settings, &reports).unwrap();
        let tally = &extraction.tally;
        assert_eq!((tally.failed, tally.answered(), tally.failures.len()), (5, 0, 1), "{fault:?}");
        assert_eq!((tally.failures[0].reports, &*tally.failures[0].first), (5, "r0"), "{fault:?}");
        let told = &tally.warnings()[0];
        assert!(told.contains("5 of 5 reports have no valid answer") && told.contains(", as r0)"), "{told}");

        server.behave(Behaviour::default());
        let asked = server.total();
        let again = scratch.extract(&settings, &reports).unwrap();
        assert_eq!((server.total() - asked, again.tally.cached, again.tally.failed), (5, 0, 0), "{fault:?}");
        assert_eq!(statements(&again.reports[3].evidence), by_rules(&reports[3].text));
        assert_eq!(scratch.replay(&settings, &reports).unwrap().reports, again.reports);
    }
}

#[test]
fn reasons_are_counted_with_one_report_each() {
    let server = Server::start(Behaviour { faults: Faults::About("Case 1", Fault::Empty), ..Behaviour::default() });
    let (scratch, settings) = (Scratch::new(), settings(&server.base_url()));
    scratch.extract(&settings, &reports(20)[2..3]).unwrap();
    server.behave(Behaviour { faults: Faults::About("Case 1", Fault::Truncated), ..Behaviour::default() });
    scratch.extract(&settings, &reports(20)).unwrap();
    server.behave(Behaviour { faults: Faults::About("Case 1,", Fault::Empty), ..Behaviour::default() });
    // The reports 10 to 19 are read now.
    let tally = scratch.extract(&settings, &reports(20)).unwrap().tally;
    assert_eq!((tally.failed, tally.cached, tally.asked), (1, 9, 11));
    assert_eq!((&*tally.failures[0].reason, &*tally.failures[0].first), ("no valid answer: empty", "r1"));
    assert!(tally.to_string().contains("1 without a valid answer"), "{tally}");
}

#[test]
fn a_replay_knows_of_failures_and_asks_nobody() {
    let (server, scratch) = (always(Fault::Empty), Scratch::new());
    let (settings, reports) = (settings(&server.base_url()), reports(4));
    let first = scratch.extract(&settings, &reports).unwrap();
    let asked = server.total();
    let replayed = scratch.replay(&settings, &reports).unwrap();
    assert_eq!((replayed.reports, replayed.tally.failed), (first.reports, 4));
    assert_eq!(server.total(), asked);
}

/// A cache as earlier versions left it, with a failure kept as if it were an answer.
#[test]
fn a_failure_that_an_earlier_version_kept_is_no_answer() {
    let (server, scratch) = (Server::start(Behaviour::default()), Scratch::new());
    let (settings, report) = (settings(&server.base_url()), denial());
    scratch.extract(&settings, std::slice::from_ref(&report)).unwrap();
    let kept = r#"{"evidence":[],"failure":"no valid answer: empty","dropped":{"quote_not_in_report":0,"quote_in_ignored_section":0,"finding_outside_ontology":0,"location_outside_ontology":0}}"#;
    overwrite(&scratch.cache(), kept);
    let replayed = scratch.replay(&settings, std::slice::from_ref(&report)).unwrap();
    assert_eq!(replayed.reports[0].failure.as_deref(), Some("no valid answer: empty"));
    let again = scratch.extract(&settings, std::slice::from_ref(&report)).unwrap();
    assert_eq!((server.total(), again.tally.cached, again.tally.asked), (2, 0, 1));
    let ReportEvidence { evidence, failure, .. } = &again.reports[0];
    assert_eq!((statements(evidence), failure), (by_rules(&report.text), &None));
}

fn overwrite(cache: &Path, outcome: &str) {
    let connection = rusqlite::Connection::open(cache).unwrap();
    assert_eq!(connection.execute("UPDATE answer SET outcome = ?1", [outcome]).unwrap(), 1);
}

/// Reports that the server always fails at: they are named, with the reason, and not waited for as long as for a server.
#[test]
fn a_report_that_always_fails_is_named_soon() {
    let faults: [(Fault, &str); 4] = [
        (Fault::Status(500), "500 (server_error), 6 times"),
        (Fault::Garbage, "a response that is a web page, 6 times"),
        (Fault::Cut, "times"),
        (
            Fault::Replies(|_, _| Reply::json(200, &json!({ "choices": [] }))),
            "a response that is no chat completion, 6 times",
        ),
    ];
    for (fault, reason) in faults {
        for (count, concurrency) in [(1, 16), (8, 16), (8, 1)] {
            let server = Server::start(Behaviour { faults: Faults::About("Case 0,", fault), ..Behaviour::default() });
            let settings = lgdea_spec::Openai { concurrency, patience_seconds: 300, ..settings(&server.base_url()) };
            let began = Instant::now();
            let extraction = Scratch::new().extract(&settings, &reports(count)).unwrap();
            let told = &extraction.tally.unanswered;
            assert_eq!((told.len(), &*told[0].report_id, extraction.reports.len()), (1, "r0", count - 1), "{fault:?}");
            assert!(told[0].reason.contains(reason), "{fault:?}: {}", told[0].reason);
            assert!(began.elapsed() < Duration::from_secs(20), "{fault:?}: {:?}", began.elapsed());
            assert!(extraction.tally.to_string().contains("as r0"), "{}", extraction.tally);
        }
    }
}

#[test]
fn the_last_report_is_named_when_patience_ends() {
    for fault in [Fault::Status(503), Fault::Status(500), Fault::TooMany(0), Fault::Hang] {
        let server = Server::start(Behaviour { faults: Faults::About("Case 3,", fault), ..Behaviour::default() });
        let settings = lgdea_spec::Openai { patience_seconds: 2, ..settings(&server.base_url()) };
        let began = Instant::now();
        let extraction = Scratch::new().extract(&settings, &reports(6)).unwrap();
        let told = &extraction.tally.unanswered;
        assert_eq!((told.len(), &*told[0].report_id, extraction.reports.len()), (1, "r3", 5), "{fault:?}");
        assert!(began.elapsed() < Duration::from_secs(10), "{fault:?}: {:?}", began.elapsed());
    }
}
