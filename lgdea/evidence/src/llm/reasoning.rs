//! Which parts of what a model said are its reasoning: tags and channels that chat templates put around it.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What begins or ends reasoning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Reasoning begins: `<think>`.
    Opens,
    /// Reasoning ends: `</think>`. Where none began, the template had opened it before the model's first word.
    Closes,
    /// A channel begins that is reasoning, as `analysis` of gpt-oss.
    Aside,
    /// The channel with the answer begins: `final`.
    Final,
    /// A channel ends: `<|end|>`.
    Ends,
}

/// Tags as models are known to write them: DeepSeek-R1, Qwen, GLM and most others (`<think>`), Magistral (`[THINK]`), Kimi
/// (`◁think▷`), Seed (`<seed:think>`), Cohere (`<|START_THINKING|>`), Sky-T1 (`<|begin_of_thought|>`), `MedGemma`
/// (`<unused94>`), Gemma 4 (`<|channel>`), gpt-oss (`<|channel|>analysis<|message|>`, or `analysis…assistantfinal` where a
/// server drops the special tokens), Apriel (`[BEGIN FINAL RESPONSE]`).
static MARK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?xi)
        (?:<|&lt;) \s* [|｜]? \s* (?P<close>/ | end[_▁](?:of[_▁])?)? \s* (?:(?:begin|start)[_▁](?:of[_▁])?)? (?:\w{1,20}[:_-] | ant)?
            (?: think | thinking | thoughts? | reasoning | reflection | analysis | scratch[_-]?pad | rationale | monologue
              | drafts? | plan | planning | working | brainstorm(?:ing)? | deliberation | attempt | cot | notes | example
              | explanation | critique | review | verification )
            (?: [_-]? (?: process | steps? | answer | output | json | \d{1,2} ) )?
            (?:\s[^<>]{0,200}?)? \s* (?P<void>/)? \s* [|｜]? (?:>|&gt;)
        | \[ \s* (?P<close_bracket>/)? \s* (?: think | thinking | thoughts? | reasoning | draft | scratchpad ) \s* \]
        | ◁ (?P<close_triangle>/)? think ▷
        | <unused94> | (?P<unused><unused95>)
        | <\|channel\|> \s* (?P<channel>\w*) [^<{\[]* (?: <\|constrain\|> [^<{\[]* )? (?: <\|message\|> )?
        | <\|channel> | (?P<gemma><channel\|>)
        | (?P<end> <\| (?: end | return | call | start ) \|> | \[END\ FINAL\ RESPONSE\] )
        | assistant (?P<glued> final | analysis | commentary )
        | (?P<bare> (?-i: \A \s* analysis [A-Z] ) )
        | (?P<final> \[BEGIN\ FINAL\ RESPONSE\] )
        ",
    )
    .expect("a valid pattern")
});

/// The first mark at or after a byte.
pub(super) fn next_mark(said: &str, from: usize) -> Option<(Range<usize>, Mark)> {
    let mut at = from;
    loop {
        let found = MARK.captures_at(said, at)?;
        let range = found.get(0).expect("the whole match").range();
        // `<think/>` holds nothing.
        if found.name("void").is_none() {
            return Some((range, mark(&found)));
        }
        at = range.end;
    }
}

fn mark(found: &Captures<'_>) -> Mark {
    let is = |name: &str| found.name(name).is_some();
    let channel = found.name("channel").or(found.name("glued"));
    match channel.map(|name| name.as_str().eq_ignore_ascii_case("final")) {
        Some(true) => Mark::Final,
        Some(false) => Mark::Aside,
        None if is("bare") => Mark::Aside,
        None if is("final") => Mark::Final,
        None if is("end") => Mark::Ends,
        None if ["close", "close_bracket", "close_triangle", "unused", "gemma"].into_iter().any(is) => Mark::Closes,
        None => Mark::Opens,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(said: &str) -> Vec<Mark> {
        let mut at = 0;
        std::iter::from_fn(|| {
            let (range, mark) = next_mark(said, at)?;
            at = range.end;
            Some(mark)
        })
        .collect()
    }

    #[test]
    fn tags_of_many_models() {
        let pairs = [
            "<think>x</think>",
            "<THINK>x</Think>",
            "<thinking>x</thinking>",
            "<thought>x</thought>",
            "<reasoning>x</reasoning>",
            "<reflection>x</reflection>",
            "<analysis>x</analysis>",
            "<scratchpad>x</scratchpad>",
            "<think duration=\"3\">x</think>",
            "< think >x< / think >",
            "<think\n>x</think >",
            "< THINK lang='en' step=\"1\">x</ THINK>",
            "&lt;think&gt;x&lt;/think&gt;",
            "<｜begin▁of▁thinking｜>x<｜end▁of▁thinking｜>",
            "<draft>x</draft>",
            "<draft id=\"1\" note=\"a first try that is wrong, and has a long note beside it, longer than eighty characters\">x</draft>",
            "<first_draft>x</first_draft>",
            "<draft_answer>x</draft_answer>",
            "<draft2>x</draft2>",
            "<thought_process>x</thought_process>",
            "<scratch_pad>x</scratch_pad>",
            "<Brainstorming>x</Brainstorming>",
            "<example>x</example>",
            "[DRAFT]x[/DRAFT]",
            "[ thinking ]x[ /thinking ]",
            "[THINK]x[/THINK]",
            "<|think|>x<|/think|>",
            "<|begin_of_thought|>x<|end_of_thought|>",
            "<|START_THINKING|>x<|END_THINKING|>",
            "<seed:think>x</seed:think>",
            "<antThinking>x</antThinking>",
            "<inner_monologue>x</inner_monologue>",
            "<chain_of_thought>x</chain_of_thought>",
            "◁think▷x◁/think▷",
            "<unused94>thought x<unused95>",
            "<|channel>thought\nx<channel|>",
        ];
        for pair in pairs {
            assert_eq!(marks(pair), [Mark::Opens, Mark::Closes], "{pair}");
        }
    }

    #[test]
    fn channels() {
        let harmony =
            "<|channel|>analysis<|message|>x<|end|><|start|>assistant<|channel|>final <|constrain|>json<|message|>y";
        assert_eq!(marks(harmony), [Mark::Aside, Mark::Ends, Mark::Ends, Mark::Final]);
        assert_eq!(marks("<|channel|>commentary to=functions.x <|constrain|>json<|message|>{}"), [Mark::Aside]);
        assert_eq!(marks("analysisWe see.assistantfinal{}"), [Mark::Aside, Mark::Final]);
        assert_eq!(marks("x\n[BEGIN FINAL RESPONSE]\ny[END FINAL RESPONSE]"), [Mark::Final, Mark::Ends]);
    }

    #[test]
    fn what_is_none() {
        for said in [
            "<think/>",
            "< think / >",
            "<thinkers>",
            "<br>",
            "analysis of it",
            "Analysis: A",
            "[1]",
            "a < thinking b",
            "<i>x</i>",
            "<answer>",
            "<json>",
        ] {
            assert_eq!(marks(said), [], "{said}");
        }
    }
}
