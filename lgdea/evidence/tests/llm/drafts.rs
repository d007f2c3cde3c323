//! Drafts: what a model writes before its answer is never taken for it.

use crate::{assert_right, read};

/// Made with a placeholder: closures that capture nothing are plain functions.
macro_rules! says {
    ($($said:literal),+ $(,)?) => {
        [$((
            $said,
            read(|right| $said.replace("EMPTY", r#"{"evidence": []}"#).replace("RIGHT", right)),
        )),+]
    };
}

#[test]
fn the_answer_follows_reasoning_in_the_tags_of_any_model() {
    for (case, read) in says![
        "<think>EMPTY</think>RIGHT",
        "<think>\nFirst EMPTY, but it denies one.\n</think>\n\n```json\nRIGHT\n```",
        "<thinking>EMPTY</thinking>\nRIGHT",
        "<reasoning>EMPTY</reasoning>\nRIGHT",
        "<thought>EMPTY</thought>\nRIGHT",
        "<Think>EMPTY</THINK>\nRIGHT",
        "[THINK]EMPTY[/THINK]RIGHT",
        "<|think|>EMPTY<|/think|>RIGHT",
        "<|begin_of_thought|>EMPTY<|end_of_thought|><|begin_of_solution|>RIGHT<|end_of_solution|>",
        "<|START_THINKING|>EMPTY<|END_THINKING|><|START_RESPONSE|>RIGHT<|END_RESPONSE|>",
        "<seed:think>EMPTY</seed:think>RIGHT",
        "◁think▷EMPTY◁/think▷RIGHT",
        "<unused94>thought\nEMPTY<unused95>RIGHT",
        "<|channel>thought\nEMPTY<channel|>RIGHT",
        "The template opened it: EMPTY</think>RIGHT",
        "<think>a <think>b</think> EMPTY</think>RIGHT",
        "<think>{\"quote\": \"</think>\"} EMPTY</think>RIGHT",
        "<think></think>RIGHT",
        "<think/>RIGHT",
        "RIGHT<think>That was EMPTY before.</think>",
        "<think>EMPTY</think>RIGHT<think>Not EMPTY.</think>",
    ] {
        assert_right(case, &read);
    }
}

#[test]
fn the_answer_is_in_the_final_channel() {
    for (case, read) in says![
        "<|channel|>analysis<|message|>EMPTY<|end|><|start|>assistant<|channel|>final<|message|>RIGHT",
        "<|channel|>analysis<|message|>EMPTY<|end|><|start|>assistant<|channel|>final <|constrain|>json<|message|>RIGHT<|return|>",
        "<|start|>assistant<|channel|>commentary<|message|>EMPTY<|end|><|channel|>final<|message|>RIGHT<|end|>",
        "<|channel|>analysis<|message|>EMPTY<|channel|>final<|message|>RIGHT",
        "EMPTY<|channel|>final<|message|>RIGHT",
        "<|channel|>final<|message|>RIGHT<|end|><|start|>assistant<|channel|>analysis<|message|>EMPTY<|end|>",
        "analysisWe may say EMPTY but it denies one.assistantfinalRIGHT",
        "analysisWe may say EMPTY.assistantcommentaryEMPTYassistantfinalRIGHT",
        "Here are my steps: EMPTY\n[BEGIN FINAL RESPONSE]\nRIGHT\n[END FINAL RESPONSE]",
    ] {
        assert_right(case, &read);
    }
}

#[test]
fn the_answer_follows_a_draft_in_prose_or_in_a_fence() {
    for (case, read) in says![
        "Draft: EMPTY\nIt denies one, so the final answer is:\nRIGHT",
        "The shape is:\n```json\nEMPTY\n```\nAnswer:\n```json\nRIGHT\n```",
        "The shape is:\n```json\n{\"evidence\": [{\"finding\": ...}]}\n```\nAnswer:\n```json\nRIGHT\n```",
        "EMPTY RIGHT",
        "EMPTY\n\nWait.\n\nEMPTY\n\nRIGHT\nI hope that {this} helps [as asked].",
        "{\"note\": \"here\"}\nRIGHT",
        "RIGHT\n{\"note\": \"done\"}",
        "RIGHT RIGHT",
        "Findings [1], [as asked] {so}: RIGHT",
        "{\nRIGHT",
        "{\"evidence\": [ no, I mean: RIGHT",
        "\u{feff}RIGHT",
        "I think <b>EMPTY</b> is wrong.\n**RIGHT**",
    ] {
        assert_right(case, &read);
    }
}

#[test]
fn a_tag_within_a_string_is_text() {
    for (case, read) in [
        ("close", read(|right| right.replacen('{', r#"{"note": "</think>", "#, 1))),
        ("open", read(|right| right.replacen('{', r#"{"note": "<think>", "#, 1))),
        ("channel", read(|right| right.replacen('{', r#"{"note": "<|channel|>analysis<|message|>", "#, 1))),
        ("bracket", read(|right| right.replacen('{', r#"{"note": "[THINK] {\"evidence\": []}", "#, 1))),
    ] {
        assert_right(case, &read);
    }
}

#[test]
fn reasoning_that_does_not_end_holds_no_answer() {
    let unfinished = Err("no valid answer: reasoning that does not end".to_owned());
    for (case, read) in says![
        "<think>\nIt denies pneumothorax EMPTY so ...",
        "<think>EMPTY</think><think>RIGHT",
        "<thinking>RIGHT",
        "[THINK]RIGHT",
        "<|think|>RIGHT",
        "<|channel|>analysis<|message|>RIGHT",
        "analysisWe may say RIGHT",
        "EMPTY<think>no, it is RIGHT",
        "<|begin_of_thought|>RIGHT",
        "<think>RIGHT<|end|>",
        "◁think▷RIGHT",
    ] {
        assert_eq!(read, unfinished, "{case}");
    }
    for (case, read) in says![
        "<think>RIGHT</think>",
        "RIGHT</think>",
        "<|channel|>analysis<|message|>RIGHT<|end|>",
        "<|channel|>commentary<|message|>RIGHT<|end|><|channel|>final<|message|>",
    ] {
        assert_eq!(read, Err("no valid answer: without any JSON".to_owned()), "{case}");
    }
}

#[test]
fn a_broken_answer_does_not_bring_back_the_draft_before_it() {
    for (case, read) in says![
        "Draft: EMPTY\nFinal: {\"evidence\": [{\"finding\": \"edema\", \"polarity\"",
        "Draft: EMPTY\nFinal: {\"evidence\": [{\"finding\": \"edema\",}]}",
        "Draft: EMPTY\nFinal: {'evidence': [{'finding': 'edema'}]}",
        "Draft: EMPTY\nFinal: {evidence: [{finding: \"edema\"}]}",
        "Draft: EMPTY\nFinal: {\"evidence\": [{\"finding\": 7}]}",
        "Draft: EMPTY\nFinal: {\"evidence\": \"none\"}",
        "Draft: EMPTY\nFinal: {\"finding\": \"edema\", \"polarity\": \"present\"}",
        "Draft: EMPTY\nFinal: [{\"finding\": \"edema\"}]",
        "Draft: EMPTY\nFinal: {",
        "{\"draft\": EMPTY, \"final\": {\"evidence\": [{\"finding\"",
        "{\"draft\": EMPTY, \"final\": RIGHT}",
        "{\"evidence\": [{\"finding\": \"edema\" \"location\": []}]}",
        "{\"evidence\": [{\"finding\": \"edema\", \"location\": NaN}]}",
        "{// the answer\n\"evidence\": [{\"location\": []}]}",
        "[]\n[{\"finding\": \"edema\"",
        "I find nothing: []",
    ] {
        let failure = read.expect_err(case);
        assert!(failure.starts_with("no valid answer: "), "{case}: {failure}");
    }
}
