//! The shapes that servers give a response: what is read, and what is told of one that is none.

use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use lgdea_harness::language_model::{Fault, Reply, completion};
use serde_json::{Value, json};

use crate::{Replies, Says, Scratch, always, assert_right, denial, replied, settings};

fn message(reply: Replies) -> Result<Vec<String>, String> {
    replied(Fault::Replies(reply))
}

fn with(right: &str, change: impl Fn(&mut Value)) -> Reply {
    let mut body = completion(&json!({ "role": "assistant", "content": right }), "stop");
    change(&mut body);
    Reply::json(200, &body)
}

fn bytes(headers: &'static str, body: Vec<u8>) -> Reply {
    Reply { status: 200, headers, body }
}

fn whole(right: &str) -> String {
    completion(&json!({ "role": "assistant", "content": right }), "stop").to_string()
}

#[test]
fn content_may_be_parts_an_object_or_the_arguments_of_a_call() {
    let cases: [(&str, Replies); 11] = [
        ("parts", |_, right| {
            let thinking =
                json!({ "type": "thinking", "thinking": [{ "type": "text", "text": "{\"evidence\": []}" }] });
            Reply::message(&json!({ "content": [thinking, { "type": "text", "text": right }] }))
        }),
        ("parts that cut the JSON", |_, right| {
            let (one, two) = right.split_at(right.len() / 2);
            Reply::message(&json!({ "content": [{ "type": "text", "text": one }, { "type": "text", "text": two }] }))
        }),
        ("the answer before the thinking", |_, right| {
            let thinking = json!({ "type": "reasoning", "text": "{\"evidence\": []}" });
            Reply::message(&json!({ "content": [{ "type": "text", "text": right }, thinking] }))
        }),
        ("output_text", |_, right| Reply::message(&json!({ "content": [{ "type": "output_text", "text": right }] }))),
        ("text with a value", |_, right| {
            Reply::message(&json!({ "content": [{ "type": "text", "text": { "value": right } }] }))
        }),
        ("strings", |_, right| Reply::message(&json!({ "content": [right] }))),
        ("an object", |_, right| Reply::message(&json!({ "content": serde_json::from_str::<Value>(right).unwrap() }))),
        ("a tool call", |_, right| {
            let call = json!({ "type": "function", "function": { "name": "evidence", "arguments": right } });
            Reply::json(200, &completion(&json!({ "content": null, "tool_calls": [call] }), "tool_calls"))
        }),
        ("a tool call with an object", |_, right| {
            let arguments: Value = serde_json::from_str(right).unwrap();
            let call = json!({ "function": { "name": "evidence", "arguments": arguments } });
            Reply::message(&json!({ "content": "Calling.", "tool_calls": [call] }))
        }),
        ("a function call", |_, right| {
            Reply::message(&json!({ "content": null, "function_call": { "name": "evidence", "arguments": right } }))
        }),
        ("reasoning beside", |_, right| {
            Reply::message(&json!({ "content": right, "reasoning_content": "{\"evidence\": []}", "refusal": "" }))
        }),
    ];
    for (case, reply) in cases {
        assert_right(case, &message(reply));
    }
}

#[test]
fn what_stands_around_the_message_may_vary() {
    let cases: [(&str, Replies); 13] = [
        ("usage of floats", |_, right| {
            with(right, |it| it["usage"] = json!({ "prompt_tokens": 10.0, "completion_tokens": 5.5 }))
        }),
        ("usage null", |_, right| with(right, |it| it["usage"] = Value::Null)),
        ("usage of words", |_, right| {
            with(right, |it| it["usage"] = json!({ "prompt_tokens": "many", "completion_tokens": -1 }))
        }),
        ("usage a list", |_, right| with(right, |it| it["usage"] = json!([1]))),
        ("no finish reason", |_, right| with(right, |it| it["choices"][0]["finish_reason"] = Value::Null)),
        ("a number as finish reason", |_, right| with(right, |it| it["choices"][0]["finish_reason"] = 1.into())),
        ("error null", |_, right| with(right, |it| it["error"] = Value::Null)),
        ("warnings beside", |_, right| with(right, |it| it["message"] = "model loaded".into())),
        ("a byte order mark", |_, right| bytes("", [b"\xef\xbb\xbf", whole(right).as_bytes()].concat())),
        ("latin-1", |_, right| {
            let mut body = whole(&format!("e{right}")).into_bytes();
            let at = body.windows(2).position(|pair| pair == b"e{").unwrap();
            body[at] = 0xe9;
            bytes("", body)
        }),
        ("gzip", |_, right| {
            let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
            packer.write_all(whole(right).as_bytes()).unwrap();
            bytes("Content-Encoding: gzip\r\n", packer.finish().unwrap())
        }),
        ("gzip without a word", |_, right| {
            let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
            packer.write_all(whole(right).as_bytes()).unwrap();
            bytes("", packer.finish().unwrap())
        }),
        ("deflate", |_, right| {
            let mut packer = ZlibEncoder::new(Vec::new(), Compression::fast());
            packer.write_all(whole(right).as_bytes()).unwrap();
            bytes("Content-Encoding: deflate\r\n", packer.finish().unwrap())
        }),
    ];
    for (case, reply) in cases {
        assert_right(case, &message(reply));
    }
}

#[test]
fn an_answer_in_the_field_for_reasoning_is_read_where_it_is_all_and_told() {
    let said: [Replies; 4] = [
        |_, right| Reply::message(&json!({ "content": null, "reasoning_content": right, "reasoning": right })),
        |_, right| Reply::message(&json!({ "content": "", "reasoning": right })),
        |_, right| {
            Reply::message(&json!({ "content": " ", "reasoning": "", "reasoning_content": format!("\n{right}\n") }))
        },
        |_, right| Reply::message(&json!({ "reasoning": right })),
    ];
    for reply in said {
        assert_right("reasoning", &message(reply));
    }
    let server = always(Fault::Replies(|_, right| Reply::message(&json!({ "content": null, "reasoning": right }))));
    let tally = Scratch::new().extract(&settings(&server.base_url()), &[denial()]).unwrap().tally;
    assert_eq!(tally.from_reasoning, 1);
    assert!(tally.warnings()[0].contains("its reasoning parser is set wrongly"), "{:?}", tally.warnings());
}

#[test]
fn a_draft_in_the_field_for_reasoning_is_no_answer() {
    let cases: [(Replies, &str); 7] = [
        (
            |_, right| Reply::message(&json!({ "content": "", "reasoning": format!("Perhaps {right}") })),
            "field for reasoning",
        ),
        (
            |_, right| Reply::message(&json!({ "content": null, "reasoning_content": format!("{right} or not") })),
            "field for reasoning",
        ),
        (
            |_, right| Reply::message(&json!({ "content": null, "reasoning": format!("{right}{right}") })),
            "field for reasoning",
        ),
        (|_, _| Reply::message(&json!({ "content": null, "reasoning": "{\"note\": 1}" })), "field for reasoning"),
        (
            |_, right| Reply::json(200, &completion(&json!({ "content": null, "reasoning": right }), "length")),
            "cut off",
        ),
        (
            |_, right| {
                with("", |it| {
                    it["choices"][0]["message"]["reasoning"] = right.into();
                    it["choices"][0]["finish_reason"] = Value::Null;
                })
            },
            "field for reasoning",
        ),
        (|_, right| Reply::message(&json!({ "content": "I am done.", "reasoning": right })), "without any JSON"),
    ];
    for (reply, expected) in cases {
        let failure = message(reply).unwrap_err();
        assert!(failure.starts_with("no valid answer: ") && failure.contains(expected), "{expected}: {failure}");
    }
}

#[test]
fn a_turn_that_was_not_finished_or_was_refused_is_no_answer() {
    let cases: [(Replies, &str); 6] = [
        (|_, right| Reply::json(200, &completion(&json!({ "content": right }), "length")), "cut off at 2048 tokens"),
        (
            |_, right| Reply::json(200, &completion(&json!({ "content": right[..9] }), "length")),
            "cut off at 2048 tokens",
        ),
        (
            |_, right| Reply::json(200, &completion(&json!({ "content": right }), "content_filter")),
            "withheld by the server's content filter",
        ),
        (|_, _| Reply::message(&json!({ "content": null, "refusal": "I can't help." })), "refused by the model"),
        (
            |_, _| Reply::message(&json!({ "content": [{ "type": "refusal", "refusal": "No." }] })),
            "refused by the model",
        ),
        (
            |_, right| Reply::json(200, &completion(&json!({ "content": right }), "error")),
            "broken off by an error of the server",
        ),
    ];
    for (reply, expected) in cases {
        assert_eq!(message(reply), Err(format!("no valid answer: {expected}")));
    }
}

#[test]
fn answers_in_another_form_than_the_schema_are_none_and_say_why() {
    let schema = "no valid answer: JSON that does not follow the schema";
    let malformed = "no valid answer: malformed JSON";
    let cases: [(Says, &str); 9] = [
        (|right| serde_json::from_str::<Value>(right).unwrap()["evidence"][0].to_string(), schema),
        (|right| format!("{{\"result\": {right}}}"), schema),
        (|right| right.replace("absent", "Absent"), schema),
        (|right| right.replace("\"location\":[]", "\"location\":\"right lung\""), schema),
        (|right| right.replace("\"laterality\":\"none\"", "\"laterality\":[\"left\"]"), schema),
        (|right| right.replace('"', "'"), malformed),
        (|right| right.replace("}]}", "},]}"), malformed),
        (|right| right.replace("\"location\":[]", "\"location\":NaN"), malformed),
        (|right| json!(right).to_string(), malformed),
    ];
    for (index, (says, expected)) in cases.into_iter().enumerate() {
        assert_eq!(crate::read(says), Err(expected.to_owned()), "{index}");
    }
}

/// The settings of a server that is given up soon.
fn impatient(reply: Replies) -> String {
    let server = always(Fault::Replies(reply));
    let settings = lgdea_spec::Openai { patience_seconds: 1, ..settings(&server.base_url()) };
    match Scratch::new().extract(&settings, &[denial()]) {
        Err(error) => error.to_string(),
        Ok(extraction) => extraction.tally.to_string(),
    }
}

/// Errors in a response of success, and what must be told of them.
const ERRORS: [(Replies, &str); 12] = [
    (
        |_, _| Reply::json(200, &json!({ "error": { "message": "Provider returned error", "code": 502 } })),
        "200 with an error (502)",
    ),
    (
        |_, _| {
            Reply::json(
                200,
                &json!({ "error": { "message": "no", "type": "authentication_error", "code": "invalid_api_key" } }),
            )
        },
        "answers 200 with an error (invalid_api_key): it asks for a key",
    ),
    (|_, _| Reply::json(200, &json!({ "error": { "message": "no", "code": 401 } })), "(401): it asks for a key"),
    (
        |_, _| {
            Reply::json(
                200,
                &json!({ "choices": null, "object": "error", "message": "context length exceeded", "code": 40001 }),
            )
        },
        "1 200 with an error (40001: longer than the model's context)",
    ),
    (
        |_, _| Reply::json(200, &json!({ "choices": [], "error": { "code": "model_overloaded" } })),
        "200 with an error (model_overloaded)",
    ),
    (
        |_, _| Reply::json(200, &json!({ "detail": [{ "type": "missing", "loc": ["body"], "msg": "x" }] })),
        "200 with an error (missing)",
    ),
    (|_, _| Reply::json(200, &json!({ "error": "small effusion" })), "not answered: 1 200 with an error, as denial"),
    (
        |_, _| Reply::json(200, &json!({ "choices": [{ "error": { "code": 503 }, "message": { "content": "" } }] })),
        "200 with an error (503)",
    ),
    (|_, _| Reply::json(200, &json!({ "errors": [{ "code": "bad_thing" }] })), "200 with an error (bad_thing)"),
    (
        |_, _| Reply::json(200, &json!({ "error": { "type": "overloaded_error" } })),
        "200 with an error (overloaded_error)",
    ),
    (|_, _| Reply::json(200, &json!({ "error": { "code": "insufficient_quota" } })), "no money or quota left"),
    (
        |_, _| Reply::json(429, &json!({ "error": { "code": "insufficient_quota" } })),
        "answers 429 (insufficient_quota): the account has no money",
    ),
];

#[test]
fn an_error_within_a_success_is_told_as_for_a_status() {
    for (reply, expected) in ERRORS {
        let told = impatient(reply);
        assert!(told.contains(expected), "{expected}: {told}");
        assert!(!told.contains("effusion"), "{told}");
    }
}

#[test]
fn what_is_no_completion_says_what_it_is() {
    let cases: [(Replies, &str); 9] = [
        (
            |_, right| bytes("Content-Type: text/event-stream\r\n", format!("data: {right}\n\n").into_bytes()),
            "streams its answer piece by piece (text/event-stream)",
        ),
        (|_, right| bytes("", format!("data: {right}\n\ndata: [DONE]\n\n").into_bytes()), "streams its answer"),
        (|_, _| bytes("Content-Encoding: br\r\n", vec![1, 2, 3]), "packs its answers as br"),
        (|_, _| bytes("Content-Encoding: gzip\r\n", vec![1, 2, 3]), "a packed response that is damaged"),
        (|_, _| bytes("", b"<html>ok</html>".to_vec()), "a response that is a web page"),
        (|_, _| bytes("", b"OK".to_vec()), "a response that is no JSON"),
        (|_, _| bytes("", vec![]), "a response that is no JSON"),
        (|_, _| Reply::json(200, &json!({ "choices": null })), "a response that is no chat completion"),
        (
            |_, _| Reply::json(200, &json!({ "choices": [{ "message": { "content": 7 } }] })),
            "a response that is no chat completion",
        ),
    ];
    for (reply, expected) in cases {
        let told = impatient(reply);
        assert!(told.contains(expected), "{expected}: {told}");
    }
}
