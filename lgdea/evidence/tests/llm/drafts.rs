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
        "< think >EMPTY< / think >RIGHT",
        "<THINK lang=\"en\">EMPTY</THINK >RIGHT",
        "<draft>EMPTY</draft>RIGHT",
        "<draft>EMPTY</draft>\n<answer>RIGHT</answer>",
        "<thought>EMPTY</thought><final_answer>RIGHT</final_answer>",
        "<scratchpad purpose=\"notes\">\nEMPTY\n</scratchpad>\nRIGHT",
        "<first_draft version='1'>EMPTY</first_draft>RIGHT",
        "[DRAFT]EMPTY[/DRAFT]RIGHT",
        "&lt;think&gt;EMPTY&lt;/think&gt;RIGHT",
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
        "Draft:\nEMPTY\n\nFinal answer:\nRIGHT",
        "**Thinking**\nEMPTY\n**Answer**\nRIGHT",
        "### Reasoning\nIt denies one, so not EMPTY.\n\n### Answer\n```json\nRIGHT\n```\nLet me know if more is needed.",
        "Reasoning: the report denies one.\n\n```json\nRIGHT\n```",
        "First attempt: EMPTY\nWait, it denies one.\n\nRIGHT",
        "Draft:\nEMPTY\n\nRIGHT",
        "My first guess is EMPTY. Actually, that is wrong. The correct answer: RIGHT",
        "RIGHT\nThis is the final answer",
        "RIGHT\n\nNote: the report denies pneumothorax, which is why it is listed as absent.",
        "RIGHT\n\nExplanation:\n- pneumothorax: it is not present.\n- No other finding is in the report.",
        "Here is the evidence in the requested JSON format:\n\nRIGHT\n\nThis JSON is correct and follows the schema.",
        "```json\nRIGHT\n```",
        "**Answer**: RIGHT",
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
fn a_draft_without_an_answer_after_it_is_none() {
    for (case, read) in says![
        "Draft:\nRIGHT",
        "**Draft**\n```json\nRIGHT\n```",
        "**Thinking**\nRIGHT",
        "Thinking: RIGHT",
        "### Reasoning\nRIGHT",
        "1. Thoughts:\nRIGHT",
        "Let me write a first draft: RIGHT",
        "My first attempt is below.\n\nFirst attempt: RIGHT",
        "Perhaps RIGHT",
        "It might be RIGHT",
        "Here is an example:\n```json\nRIGHT\n```",
        "For example: RIGHT",
        "Initial answer: RIGHT",
        "```thinking\nRIGHT\n```",
        "**Thinking**\nThe report denies one, so RIGHT or the like. It needs more thought.",
        "Answer: RIGHT\n\nDraft: EMPTY",
    ] {
        assert_eq!(read, Err("no valid answer: a draft, with no answer after it".to_owned()), "{case}");
    }
    for (case, read) in says![
        "<draft>RIGHT</draft>",
        "< think >RIGHT</think>",
        "<thought>RIGHT</thought>none",
        "<scratchpad>RIGHT</scratchpad>\nFinal answer: none",
        "<draft attempt=\"1\">RIGHT</draft>\nnone",
    ] {
        assert_eq!(read, Err("no valid answer: without any JSON".to_owned()), "{case}");
    }
}

#[test]
fn an_answer_in_words_takes_the_place_of_the_object_before_it() {
    for (case, read) in says![
        "Draft:\nRIGHT\n\nFinal answer: none",
        "**Thinking**\nRIGHT\n**Answer**\nnone",
        "RIGHT\n\nFinal answer: none",
        "RIGHT\n\n**Final Answer:** no findings",
        "RIGHT\nAnswer: []",
        "RIGHT\n## Answer\n{}",
        "RIGHT\nSo the answer is none.",
        "RIGHT\n<answer>none</answer>",
        "RIGHT\n\\boxed{none}",
        "RIGHT\n\nnone",
        "RIGHT\nNo findings.",
        "```json\nRIGHT\n```\nNone.",
        "RIGHT\nWait, that is not right.",
        "RIGHT\nActually, the report says nothing.",
        "RIGHT\nNo, there is nothing.",
        "RIGHT\nThat was only a draft.",
        "RIGHT\nI was wrong: there is none.",
        "RIGHT\nPlease ignore the above.",
        "RIGHT\nCorrection: no pneumothorax is mentioned.",
        "RIGHT\nThe correct answer would be an empty list.",
        "RIGHT\nConclusion: nothing.",
        "RIGHT\nOutput:\n[]",
        "RIGHT\n\n### Final answer\nnone",
        "RIGHT\n\n__Corrected answer__\nnothing",
    ] {
        let failure = read.expect_err(case);
        assert!(failure.starts_with("no valid answer: in words after the JSON"), "{case}: {failure}");
    }
}

#[test]
fn an_answer_that_contradicts_itself_or_quotes_nothing_is_none() {
    for (says, reason) in [
        (
            (|right| {
                right.replace("}]", r#"},{"finding":"pneumothorax","polarity":"present","quote":"pneumothorax"}]"#)
            }) as crate::Says,
            "with the same words for and against a finding",
        ),
        (
            |right| {
                right.replace("}]", r#"},{"finding":"pneumothorax","polarity":"uncertain","quote":"No pneumothorax"}]"#)
            },
            "with the same words for and against a finding",
        ),
        (
            |_| r#"{"evidence":[{"finding":"edema","polarity":"present","quote":"x"}]}"#.into(),
            "with a quote of fewer than 3 letters",
        ),
        (
            |right| right.replace("}]", r#"},{"finding":"edema","polarity":"absent","quote":"No"}]"#),
            "with a quote of fewer than 3 letters",
        ),
        (
            |_| r#"{"evidence":[{"finding":"edema","polarity":"present","quote":"wet lungs"}]}"#.into(),
            "with quotes of which none is in the report",
        ),
        (|right| right.replacen('{', r#"{"evidence":[],"#, 1), "JSON with a key given twice"),
        (|right| right.replace(r#""polarity":"#, r#""polarity":"present","polarity":"#), "JSON with a key given twice"),
        (
            |_| r#"{"evidence":[["pneumothorax","absent","none",[],"none","pneumothorax"]]}"#.into(),
            "JSON that does not follow the schema",
        ),
        (|right| right.replace(r#""absent""#, r#"{"absent":null}"#), "JSON that does not follow the schema"),
        (|_| r#"["pneumothorax"]"#.into(), "JSON that does not follow the schema"),
    ] {
        assert_eq!(read(says), Err(format!("no valid answer: {reason}")));
    }
    for (case, read) in [
        ("a list of claims", read(|right| right[r#"{"evidence":"#.len()..right.len() - 1].into())),
        ("a key that nobody asked for", read(|right| right.replacen('{', r#"{"reasoning":"It denies one.","#, 1))),
        (
            "the same claim twice",
            read(|right| {
                let claims = &right[r#"{"evidence":["#.len()..right.len() - 2];
                format!(r#"{{"evidence":[{claims},{claims}]}}"#)
            }),
        ),
    ] {
        assert_right(case, &read);
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
