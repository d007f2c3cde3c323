//! A real server with a real model, where there is one: a small model answers badly, and nothing invalid may pass.

use std::time::Instant;

use lgdea_evidence::{Dropped, Ontology, ReportText};
use lgdea_harness::Service;
use lgdea_spec::{AnswerFormat, Openai};

use crate::{Scratch, settings};

/// Short reports, about which the model answers with the schema, and quotes what they do not say.
const REPORTS: [&str; 2] = ["No pneumothorax.", "Right lower lobe pneumonia."];

fn reports() -> Vec<ReportText> {
    let report = |(index, text): (usize, &&str)| ReportText { id: format!("r{index}"), text: (*text).into() };
    REPORTS.iter().enumerate().map(report).collect()
}

/// The settings of the server of `tests/services/llm.sh`, which answers one request at a time.
fn small(base_url: &str) -> Openai {
    Openai {
        model: "smollm2".into(),
        prompt: "few-shot".into(),
        concurrency: 1,
        timeout_seconds: 120,
        ..settings(base_url)
    }
}

#[test]
fn nothing_invalid_of_a_small_model_passes() {
    let Some(base_url) = Service::Llm.find() else { return };
    let ontology = Ontology::named_or_path("chest").unwrap();
    let (start, reports) = (Instant::now(), reports());
    for answer_format in [AnswerFormat::JsonSchema, AnswerFormat::Text] {
        let scratch = Scratch::new();
        let settings = Openai { answer_format, max_tokens: 200, ..small(&base_url) };
        let extraction = scratch.extract(&settings, &reports).unwrap();
        let tally = &extraction.tally;
        assert_eq!((extraction.reports.len(), &tally.unanswered[..]), (reports.len(), &[][..]));
        assert!(tally.completion_tokens > 0, "a real server counts");
        if answer_format == AnswerFormat::JsonSchema {
            // Held to the schema by the server, it quotes what the reports do not say.
            let invents = tally.failures.iter().any(|failures| failures.reason.contains("none is in the report"));
            assert!(invents || tally.dropped != Dropped::default(), "there was something to check: {tally}");
        }
        for (report, read) in reports.iter().zip(&extraction.reports) {
            assert!(read.failure.is_none() || read.evidence.is_empty());
            for one in &read.evidence {
                let quote = one.quote(&report.text).expect("a quote of the report");
                assert!(report.text.contains(quote) && !quote.trim().is_empty());
                assert!(ontology.finding_names().any(|name| name == one.finding), "{}", one.finding);
            }
        }
        let failed = extraction.reports.iter().filter(|report| report.failure.is_some()).count();
        assert_eq!(tally.failures.iter().map(|failures| failures.reports).sum::<usize>(), failed);
        let told = format!("{tally}\n{}", tally.warnings().join("\n"));
        assert!(REPORTS.iter().all(|text| !told.contains(text)), "{told}");
        assert_eq!(scratch.replay(&settings, &reports).unwrap().reports, extraction.reports);
        report(answer_format, &told, start);
    }
}

#[allow(clippy::print_stdout, reason = "what a model reaches is worth a look")]
fn report(format: AnswerFormat, told: &str, start: Instant) {
    println!("{} after {:.0} s: {told}", format.name(), start.elapsed().as_secs_f64());
}

/// `cargo test -p lgdea-evidence --test llm -- --ignored --nocapture share_of_valid` with `LGDEA_TEST_LLM` set: the table of
/// docs/guides/language-model.md.
#[test]
#[ignore = "takes minutes, and only measures"]
fn share_of_valid_answers_by_format() {
    let Some(base_url) = Service::Llm.find() else { return };
    let reports = crate::reports(20);
    for prompt in ["few-shot", "terse"] {
        for answer_format in AnswerFormat::JsonSchema.ladder() {
            let settings = Openai { prompt: prompt.into(), answer_format, max_tokens: 256, ..small(&base_url) };
            let start = Instant::now();
            let tally = Scratch::new().extract(&settings, &reports).unwrap().tally;
            let valid =
                format!("{prompt}: {} of {} valid; {tally}\n{:?}", tally.answered(), tally.reports, tally.failures);
            report(answer_format, &valid, start);
        }
    }
}
