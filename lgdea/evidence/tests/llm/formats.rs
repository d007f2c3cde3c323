//! Answer formats that a server does not take: weaker ones step in, are told, and are kept as what they are.

use std::time::{Duration, Instant};

use lgdea_harness::language_model::{Behaviour, Fault, Faults, Reply, Server};
use lgdea_spec::{AnswerFormat, Openai};
use serde_json::{Value, json};

use crate::{Replies, Scratch, always, answer, by_rules, reports, settings, statements};

fn asked_format(request: &Value) -> &str {
    request["response_format"]["type"].as_str().unwrap_or("text")
}

fn error(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "error": { "message": message, "type": "server_error", "code": null } }))
}

/// Asks about a few reports; all must be read, in the format that is told.
fn taken(reply: Replies) -> (Option<AnswerFormat>, usize, Duration) {
    let server = always(Fault::Replies(reply));
    let settings = Openai { patience_seconds: 20, concurrency: 4, ..settings(&server.base_url()) };
    let (scratch, reports, start) = (Scratch::new(), reports(20), Instant::now());
    let extraction = scratch.extract(&settings, &reports).unwrap();
    for (report, evidence) in reports.iter().zip(&extraction.reports) {
        assert_eq!(statements(&evidence.evidence), by_rules(&report.text));
    }
    let tally = &extraction.tally;
    let told = tally.warnings().iter().filter(|warning| warning.contains("answer-format")).count();
    assert_eq!(told, usize::from(tally.answer_format_taken.is_some()), "told once");
    assert_eq!(scratch.replay(&settings, &reports).unwrap().reports, extraction.reports);
    (tally.answer_format_taken, server.total(), start.elapsed())
}

#[test]
fn a_format_that_always_ends_with_500_is_left() {
    let (format, asked, time) = taken(|request, right| match asked_format(request) {
        "json_schema" => error(500, "something broke"),
        _ => answer(right),
    });
    assert_eq!(format, Some(AnswerFormat::JsonObject));
    assert!(asked < 20 + 16 && time < Duration::from_secs(15), "{asked} requests, {time:?}");

    let (format, asked, _) = taken(|request, right| match asked_format(request) {
        "text" => answer(right),
        _ => error(500, "something broke"),
    });
    assert_eq!(format, Some(AnswerFormat::Text));
    assert!(asked < 20 + 24, "{asked} requests");
}

#[test]
fn a_500_that_names_the_format_is_a_refusal() {
    for reply in [
        |request: &Value, right: &str| match asked_format(request) {
            "json_schema" => error(500, "response_format type must be one of text or json_object"),
            _ => answer(right),
        },
        |request: &Value, right: &str| match asked_format(request) {
            "json_schema" => error(500, "Failed to parse grammar"),
            _ => answer(right),
        },
        |request: &Value, right: &str| match asked_format(request) {
            "json_schema" => error(400, "'json_schema' is not supported"),
            _ => answer(right),
        },
        |request: &Value, right: &str| match asked_format(request) {
            "json_schema" => error(422, "no"),
            _ => answer(right),
        },
        |request: &Value, right: &str| match asked_format(request) {
            "json_schema" => error(501, "not implemented"),
            _ => answer(right),
        },
        |request: &Value, right: &str| match asked_format(request) {
            "json_schema" => {
                Reply::json(200, &json!({ "error": { "message": "unsupported", "param": "response_format" } }))
            }
            _ => answer(right),
        },
    ] {
        let (format, asked, time) = taken(reply);
        assert_eq!(format, Some(AnswerFormat::JsonObject));
        assert!(asked <= 20 + 4 && time < Duration::from_secs(10), "{asked} requests, {time:?}");
    }
}

#[test]
fn a_server_that_fails_in_passing_keeps_its_format() {
    let server = Server::start(Behaviour { faults: Faults::First(Fault::Status(500)), ..Behaviour::default() });
    // Of many requests at a time, enough may fail before one is answered.
    let settings = Openai { concurrency: 1, ..settings(&server.base_url()) };
    let tally = Scratch::new().extract(&settings, &reports(5)).unwrap().tally;
    assert_eq!((tally.answer_format_taken, tally.failed, tally.unanswered), (None, 0, vec![]));
    assert_eq!(asked_format(server.bodies().last().unwrap()), "json_schema");
}

#[test]
fn a_server_that_fails_in_every_format_says_so() {
    let server = always(Fault::Status(500));
    let settings = Openai { patience_seconds: 8, ..settings(&server.base_url()) };
    let error = Scratch::new().extract(&settings, &reports(4)).unwrap_err().to_string();
    assert!(error.contains("has failed every request for 8 s (last: 500 (server_error))"), "{error}");
    assert!(error.contains("in each answer-format that is weaker, too"), "{error}");
}

#[test]
fn an_answer_in_a_weaker_format_is_none_to_who_asked_for_that_format() {
    let server = Server::start(Behaviour { refused_formats: &["json_schema"], ..Behaviour::default() });
    let (scratch, reports, settings) = (Scratch::new(), reports(5), settings(&server.base_url()));
    let first = scratch.extract(&settings, &reports).unwrap();
    let asked = server.total();
    let again = scratch.extract(&settings, &reports).unwrap();
    assert_eq!((server.total(), again.tally.cached), (asked, 5), "the same question has its answers");
    assert_eq!(again.reports, first.reports);

    let weaker = Openai { answer_format: AnswerFormat::JsonObject, ..settings };
    let tally = scratch.extract(&weaker, &reports).unwrap().tally;
    assert_eq!((server.total() - asked, tally.cached, tally.answer_format_taken), (5, 0, None));
}
