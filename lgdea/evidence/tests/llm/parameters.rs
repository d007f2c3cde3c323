//! Parameters that a server refuses: another name is tried, or the refusal names what to leave out.

use lgdea_evidence::Provider;
use lgdea_harness::language_model::{Behaviour, Fault, Reply};
use lgdea_spec::{Openai, Parameter};
use serde_json::{Value, json};

use crate::{Replies, Scratch, always, answer, by_rules, replay, reports, settings, statements};

fn refused(status: u16, message: &str, param: Option<&str>) -> Reply {
    let error =
        json!({ "message": message, "type": "invalid_request_error", "param": param, "code": "unsupported_parameter" });
    Reply::json(status, &json!({ "error": error }))
}

fn has_system(request: &Value) -> bool {
    request["messages"].as_array().unwrap().iter().any(|message| message["role"] == "system")
}

#[test]
fn the_longest_answer_has_two_names() {
    let replies: [Replies; 3] = [
        |request, right| match request.get("max_tokens") {
            Some(_) => refused(400, "Use 'max_completion_tokens' instead.", Some("max_tokens")),
            None => answer(right),
        },
        |request, right| match request.get("max_tokens") {
            Some(_) => refused(400, "Unsupported parameter: 'max_tokens' is not supported with this model.", None),
            None => answer(right),
        },
        |request, right| match request.get("max_tokens") {
            Some(_) => Reply::json(
                422,
                &json!({ "detail": [{ "type": "extra_forbidden", "loc": ["body", "max_tokens"], "msg": "x" }] }),
            ),
            None => answer(right),
        },
    ];
    for reply in replies {
        let server = always(Fault::Replies(reply));
        let settings = Openai { concurrency: 2, ..settings(&server.base_url()) };
        let (scratch, reports) = (Scratch::new(), reports(10));
        let extraction = scratch.extract(&settings, &reports).unwrap();
        assert_eq!(statements(&extraction.reports[3].evidence), by_rules(&reports[3].text));
        assert!(server.total() <= 12, "{} requests", server.total());
        let body = &server.bodies()[server.total() - 1];
        assert_eq!((body.get("max_tokens"), &body["max_completion_tokens"]), (None, &2048.into()));
        assert_eq!(body["response_format"]["type"], "json_schema", "that was not what it refused");
        assert_eq!(extraction.tally.answer_format_taken, None);
    }
}

/// What servers say of a parameter that they refuse, and what must be told of it.
const REFUSALS: [(Replies, &str); 10] = [
    (
        |_, _| {
            Reply::json(
                422,
                &json!({ "detail": [{ "type": "extra_forbidden", "loc": ["body", "seed"], "msg": "No." }] }),
            )
        },
        "refuses the seed: 422 (extra_forbidden: seed); leave it out with evidence.openai.leave-out = [\"seed\"]",
    ),
    (
        |_, _| refused(400, "Unrecognized request argument supplied: seed", None),
        "refuses the seed: 400 (unsupported_parameter: seed)",
    ),
    (
        |_, _| refused(400, "'temperature' does not support 0 with this model.", Some("temperature")),
        "refuses the temperature: 400 (unsupported_parameter: temperature); give another temperature, or leave it out",
    ),
    (|_, _| refused(400, "Only the default temperature is supported", None), "leave-out = [\"temperature\"]"),
    (
        |_, _| {
            Reply::json(
                400,
                &json!({ "object": "error", "message": "System role not supported", "type": "BadRequestError", "param": null, "code": 400 }),
            )
        },
        "refuses the system's message: 400 (BadRequestError: system role); leave it out with evidence.openai.leave-out = [\"system-role\"]",
    ),
    (
        |_, _| {
            Reply::json(
                500,
                &json!({ "error": { "message": "Conversation roles must alternate user/assistant", "code": 500 } }),
            )
        },
        "refuses the system's message: 500 (system role)",
    ),
    (
        |_, _| {
            refused(400, "Unsupported value: 'messages[0].role' does not support 'system'", Some("messages[0].role"))
        },
        "leave-out = [\"system-role\"]",
    ),
    (
        |_, _| refused(400, "max_tokens is too large: 2048", Some("max_tokens")),
        "refuses max-tokens, as max_tokens and as max_completion_tokens: 400 (unsupported_parameter: max_tokens); give another max-tokens, or leave it out",
    ),
    (|_, _| refused(400, "no", Some("max_completion_tokens")), "leave-out = [\"max-tokens\"]"),
    (
        |_, _| Reply::json(200, &json!({ "error": { "message": "no", "param": "seed" } })),
        "refuses the seed: 200 with an error (seed)",
    ),
];

#[test]
fn a_refusal_names_the_parameter_and_how_to_leave_it_out() {
    for (reply, expected) in REFUSALS {
        let server = always(Fault::Replies(reply));
        let error = Scratch::new().extract(&settings(&server.base_url()), &reports(3)).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
        assert!(server.total() <= 6, "at once, after {} requests", server.total());
    }
}

#[test]
fn a_refusal_of_several_parameters_names_all_of_them() {
    let replies: [(Replies, &str); 5] = [
        (
            |_, _| refused(400, "Unsupported parameters: 'temperature', 'seed'", None),
            "refuses the temperature, and the seed: 400 (unsupported_parameter: temperature, seed); leave them out with evidence.openai.leave-out = [\"temperature\", \"seed\"]",
        ),
        (
            |_, _| {
                let place = |name: &str| json!({ "type": "extra_forbidden", "loc": ["body", name], "msg": "No." });
                Reply::json(422, &json!({ "detail": [place("seed"), place("temperature")] }))
            },
            "leave-out = [\"seed\", \"temperature\"]",
        ),
        (
            |_, _| refused(400, "System role not supported; seed is not allowed", None),
            "leave-out = [\"system-role\", \"seed\"]",
        ),
        (
            |_, _| refused(400, "max_tokens, max_completion_tokens and seed are not supported", None),
            "refuses max-tokens, as max_tokens and as max_completion_tokens, and the seed",
        ),
        (
            |request, right| match (request.get("seed"), request.get("temperature"), request.get("max_tokens")) {
                (None, None, None) => answer(right),
                _ => refused(400, "Unrecognized request arguments supplied: max_tokens, seed, temperature", None),
            },
            "leave-out = [\"max-tokens\", \"seed\", \"temperature\"]",
        ),
    ];
    for (reply, expected) in replies {
        let server = always(Fault::Replies(reply));
        let error = Scratch::new().extract(&settings(&server.base_url()), &reports(3)).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
        assert!(server.total() <= 12, "at once, after {} requests", server.total());
    }
}

#[test]
fn what_is_left_out_is_not_sent() {
    let strict: Replies = |request, right| {
        let keys = ["max_tokens", "max_completion_tokens", "seed", "temperature"];
        match keys.into_iter().find(|key| request.get(key).is_some()) {
            Some(key) => refused(400, "no", Some(key)),
            None if has_system(request) => refused(400, "System role not supported", None),
            None => answer(right),
        }
    };
    let all = [Parameter::SystemRole, Parameter::Temperature, Parameter::Seed, Parameter::MaxTokens];
    let server = always(Fault::Replies(strict));
    let everything = settings(&server.base_url());
    let settings = Openai { leave_out: all.to_vec(), ..everything.clone() };
    let (scratch, reports) = (Scratch::new(), reports(3));
    let extraction = scratch.extract(&settings, &reports).unwrap();
    for (report, evidence) in reports.iter().zip(&extraction.reports) {
        assert_eq!(statements(&evidence.evidence), by_rules(&report.text));
    }
    let messages = server.bodies()[0]["messages"].clone();
    assert_eq!(messages.as_array().unwrap().len(), 1);
    let content = messages[0]["content"].as_str().unwrap();
    assert!(
        content.contains("pleural_effusion") && content.contains("<report>\n"),
        "the instructions are sent all the same"
    );
    for one in all {
        let others = all.into_iter().filter(|other| *other != one).collect();
        let settings = Openai { leave_out: others, ..settings.clone() };
        let error = Scratch::new().extract(&settings, &reports).unwrap_err().to_string();
        assert!(error.contains(&format!("leave-out = [\"{}\"]", one.name())), "{error}");
    }
}

#[test]
fn what_is_left_out_determines_the_answer_in_any_order() {
    let digest = |leave_out: &[Parameter]| {
        let settings = Openai { leave_out: leave_out.to_vec(), ..settings("http://127.0.0.1:1/v1") };
        let replayed = Provider::new(&lgdea_spec::Evidence::Replay(replay(&settings))).unwrap().digest();
        let digest = Provider::new(&lgdea_spec::Evidence::Openai(settings)).unwrap().digest();
        assert_eq!(digest, replayed);
        digest
    };
    let (seed, temperature) = (Parameter::Seed, Parameter::Temperature);
    assert_eq!(digest(&[seed, temperature]), digest(&[temperature, seed, temperature]));
    assert_ne!(digest(&[seed]), digest(&[]));
    assert_ne!(digest(&[seed]), digest(&[temperature]));
}

#[test]
fn roles_alternate_when_an_empty_answer_is_repaired() {
    let server = always(Fault::Empty);
    let leave_out = vec![Parameter::SystemRole];
    let settings = Openai { leave_out, ..settings(&server.base_url()) };
    assert_eq!(Scratch::new().extract(&settings, &reports(1)).unwrap().tally.failed, 1);
    let roles = |body: &Value| -> Vec<String> {
        body["messages"].as_array().unwrap().iter().map(|message| message["role"].as_str().unwrap().into()).collect()
    };
    assert_eq!(server.bodies().iter().map(roles).collect::<Vec<_>>(), [["user"], ["user"]]);
    server.behave(Behaviour::default());
    Scratch::new().extract(&settings, &reports(1)).unwrap();
}

#[test]
fn a_report_that_is_too_long_is_told_and_changes_no_format() {
    let server = always(Fault::Replies(|request, right| {
        if request["messages"][1]["content"].as_str().unwrap().contains("Case 2,") {
            refused(400, "This model's maximum context length is 2048 tokens. However, you requested max_tokens", None)
        } else {
            answer(right)
        }
    }));
    let tally = Scratch::new().extract(&settings(&server.base_url()), &reports(6)).unwrap().tally;
    assert_eq!(server.total(), 6);
    assert_eq!((tally.unanswered.len(), &*tally.unanswered[0].report_id), (1, "r2"));
    assert_eq!(tally.unanswered[0].reason, "400 (unsupported_parameter: longer than the model's context)");
    assert_eq!(tally.answer_format_taken, None);
}
