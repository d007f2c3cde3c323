//! What a model says in words around its JSON: whether they make a draft of it, or say another answer.

use std::sync::LazyLock;

use regex::Regex;

use super::invalid::Invalid;

/// Why words keep the last object from being the answer, if they do. `before` and `after`: what was said around it, without
/// reasoning between tags.
pub(super) fn objection(before: &str, after: &str) -> Option<Invalid> {
    if PATTERNS.answer.is_match(after) || PATTERNS.withdrawn.is_match(after) || PATTERNS.nothing.is_match(after) {
        return Some(Invalid {
            reason: "in words after the JSON, which say that it was not the answer".into(),
            problem: "The answer was not the last thing said: words came after it. Reply with the JSON object alone."
                .into(),
        });
    }
    is_draft(before, after).then(|| Invalid {
        reason: "a draft, with no answer after it".into(),
        problem: "The JSON was called a draft or stood in reasoning. Reply with the final JSON object alone.".into(),
    })
}

/// Whether an object is a draft by what it is called: right before it, or by the heading that it stands under and is not
/// the end of.
fn is_draft(before: &str, after: &str) -> bool {
    if PATTERNS.called_draft.is_match(before) {
        return true;
    }
    let end_of = |pattern: &Regex| pattern.find_iter(before).last().map(|found| found.end());
    end_of(&PATTERNS.heading)
        .is_some_and(|heading| end_of(&PATTERNS.answer) < Some(heading) && after.contains(char::is_alphanumeric))
}

struct Patterns {
    /// A heading of reasoning or of a draft, alone on its line or before a colon.
    heading: Regex,
    /// What calls the object that follows a draft.
    called_draft: Regex,
    /// What announces the answer.
    answer: Regex,
    /// What takes an answer back.
    withdrawn: Regex,
    /// An answer in one word.
    nothing: Regex,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let pattern = |pattern: &str| Regex::new(pattern).expect("a valid pattern");
    // Markdown and numbers before a heading.
    let start = r"^[\s\#*_>`~(\[\d.)-]*";
    let draft = r"(?: (?: (?:my|the|an?|some|this\ is|here\ is|here's|let's|first|second|initial|rough|preliminary|internal|quick) \s+ )*
        (?: drafts? | thinking | thoughts? | reasoning | rationale | analysis | scratch\s?pad | brainstorm(?:ing)? | deliberation
          | monologue | chain[\ -]of[\ -]thought | step[\ -]by[\ -]step | attempt | guess | sketch | example | working
          | (?:initial|first|preliminary|tentative|rough|possible|candidate|wrong) \s+ (?:answer|output|json|response|version|result|idea) )
        (?: \s+ (?: \d+ | process | steps? | version | answer | output | json | response ) )* )";
    // What may stand between a name and its object.
    let gap = r"[\s:=*_`~>(\[)\]—–-]*";
    Patterns {
        heading: pattern(&format!(r"(?xim) {start} {draft} \s* (?: [:*_)\]=—–-] | $ )")),
        called_draft: pattern(&format!(
            r"(?xi) (?: \b(?: (?:first|rough|initial|my|a|the)\s+ )* (?:drafts?|attempt|guess|sketch) (?:\s+(?:\d+|answer|json|version))?
                | (?m:{start}) {draft} | \b(?:perhaps|maybe|might\ be|could\ be|not|isn't|for\ (?:example|instance)|an?\ example|e\.g\.),? )
              {gap} (?:json\b)? {gap} \z"
        )),
        answer: pattern(&format!(
            r"(?xim) \b (?:final|actual|real|correct(?:ed)?|revised|updated|true|right|new|better) \s+
                (?:answer|output|result|response|json|verdict|version|evidence|decision) \b
                \W{{0,3}} (?: is\b | are\b | should\b | would\b | must\b | [:=*_—–-] )
              | \b (?:the|my|so|our) \s+ answer \s+ (?:is|should|would|must) \b
              | {start} (?: (?:my|the|so|and|thus|hence|final|actual|real|correct(?:ed)?|revised|updated|true|new) \s+ )*
                (?:answer|output|result|response|final|conclusion|verdict|solution|decision|revision|update)
                \s* (?: [:=*_—–-] | $ )
              | < \s* (?:final[_\s-]?)? (?:answer|output|result|response|solution) \s* > | \\boxed"
        )),
        withdrawn: pattern(&format!(
            r"(?xim) (?: {start} | [.!?]\s+ ) (?: but\s+ | oh[,\s]+ | no[,\s]+ )?
                (?: no\s*[,.:;!—–-] | wait\b | actually\b | hmm+\b | correction\b | oops\b | on\ second\ thoughts? | scratch\ that | strike\ that
                  | never\ ?mind | instead\b | rather\b )
              | \b i \s+ (?: was | am | made ) \s+ (?:wrong|mistaken|an?\ (?:mistake|error))
              | \b (?: that | this | it | which | the\ (?:above|json|object|answer|draft) | above ) \s* (?:\s(?:is|was|were)|'s) \s+
                (?: (?:only|just|still|quite|clearly) \s+ )* (?: (?:an?|the|my) \s+ )? (?:first\s+)?
                (?: wrong | incorrect | mistaken | mistake | drafts? | example | guess | thinking
                  | (?:not|never) (?:\s+\w+){{0,2}} \s+ (?:right|correct|answer) ) \b
              | \b (?:ignore|disregard|discard|forget) \s+ (?:it|that|this|the\ (?:above|draft|json|object|previous)|everything)"
        )),
        nothing: pattern(
            r"(?xi) \A \W* (?: none | nothing | null | nil | n/?a | empty | normal | (?:there\ (?:is|are)\s+)? no \s+ (?:\w+\s+){0,2} (?:findings?|evidence|abnormalit(?:y|ies)) (?:\s+ (?:at\ all|found|present|here))? ) \W* \z",
        ),
    }
});
