//! Language models: real HTTP to a server of our own, with every fault that a server can have.
#![allow(clippy::unwrap_used)]

mod drafts;
mod extraction;
mod failures;
mod faults;
mod formats;
mod load;
mod parameters;
mod privacy;
mod prompts;
mod real;
mod shapes;

use std::path::{Path, PathBuf};

use lgdea_evidence::{Evidence, EvidenceError, Extraction, Ontology, Provider, ReportText, Rules};
use lgdea_harness::language_model::{Behaviour, Fault, Faults, Reply, Server};
use lgdea_spec::{AnswerFormat, Openai, Replay};

/// Settings that reach a server of the tests.
fn settings(base_url: &str) -> Openai {
    Openai {
        base_url: base_url.to_owned(),
        model: "rules".into(),
        prompt: "evidence".into(),
        ontology: "chest".into(),
        temperature: 0.0,
        seed: 0,
        max_tokens: 2048,
        leave_out: vec![],
        answer_format: AnswerFormat::JsonSchema,
        api_key_env: String::new(),
        allow_remote: false,
        concurrency: 16,
        timeout_seconds: 1,
        patience_seconds: 60,
        prompt_price: 1.0,
        completion_price: 10.0,
    }
}

/// The replay of these settings.
fn replay(settings: &Openai) -> Replay {
    Replay {
        model: settings.model.clone(),
        prompt: settings.prompt.clone(),
        ontology: settings.ontology.clone(),
        temperature: settings.temperature,
        seed: settings.seed,
        max_tokens: settings.max_tokens,
        leave_out: settings.leave_out.clone(),
        answer_format: settings.answer_format,
    }
}

/// A folder with a cache.
struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn cache(&self) -> PathBuf {
        self.0.path().join("evidence.sqlite")
    }

    fn extract(&self, settings: &Openai, reports: &[ReportText]) -> Result<Extraction, EvidenceError> {
        extract(&lgdea_spec::Evidence::Openai(settings.clone()), reports, &self.cache())
    }

    fn replay(&self, settings: &Openai, reports: &[ReportText]) -> Result<Extraction, EvidenceError> {
        extract(&lgdea_spec::Evidence::Replay(replay(settings)), reports, &self.cache())
    }
}

fn extract(settings: &lgdea_spec::Evidence, reports: &[ReportText], cache: &Path) -> Result<Extraction, EvidenceError> {
    Provider::new(settings)?.extract(reports, cache, &|_, _| {})
}

/// What a server replies to a request, given the right answer.
type Replies = fn(&serde_json::Value, &str) -> Reply;

/// The right answer as what a server replies.
fn answer(right: &str) -> Reply {
    Reply::message(&serde_json::json!({ "role": "assistant", "content": right }))
}

/// What a model says, given the right answer.
type Says = fn(&str) -> String;

/// A server that always has this fault.
fn always(fault: Fault) -> Server {
    Server::start(Behaviour { faults: Faults::Always(fault), ..Behaviour::default() })
}

/// A report that denies one finding: `{"evidence": []}` is a draft of its answer, and wrong.
fn denial() -> ReportText {
    ReportText { id: "denial".into(), text: "FINDINGS: No pneumothorax.".into() }
}

/// What a model came to that says this of the right answer: the evidence of [`denial`], or why there is none.
fn read(says: Says) -> Result<Vec<String>, String> {
    replied(Fault::Says(says))
}

fn replied(fault: Fault) -> Result<Vec<String>, String> {
    let server = always(fault);
    let extraction = Scratch::new().extract(&settings(&server.base_url()), &[denial()]);
    let extraction = extraction.map_err(|error| error.to_string())?;
    if let Some(unanswered) = extraction.tally.unanswered.first() {
        return Err(unanswered.reason.clone());
    }
    let report = &extraction.reports[0];
    match &report.failure {
        Some(failure) => Err(failure.clone()),
        None => Ok(statements(&report.evidence)),
    }
}

fn assert_right(case: &str, read: &Result<Vec<String>, String>) {
    assert_eq!(*read, Ok(by_rules(&denial().text)), "{case}");
}

/// Reports in the language of radiologists, all different.
fn reports(count: usize) -> Vec<ReportText> {
    const STATEMENTS: [&str; 12] = [
        "The heart is mildly enlarged.",
        "Small left pleural effusion.",
        "No pneumothorax, effusion or focal consolidation.",
        "Possible right lower lobe pneumonia.",
        "There is a large right apical pneumothorax.",
        "Patchy opacities in both lung bases, atelectasis or infiltrate.",
        "Calcified granuloma in the left upper lobe.",
        "Degenerative changes of the thoracic spine.",
        "The lungs are clear.",
        "Moderate pulmonary edema, unchanged.",
        "Hyperinflated lungs; no nodule at 37 °C.",
        "Old healed rib fractures on the right.",
    ];
    let statement = |at: usize| STATEMENTS[at % STATEMENTS.len()];
    let report = |index: usize| {
        let (one, two, three) =
            (statement(index), statement(index / 12 + index + 5), statement(index / 144 + index + 7));
        let text =
            format!("HISTORY: Case {index}, rule out pneumonia.\n\nFINDINGS: {one} {two}\n{three}\nIMPRESSION: {one}");
        ReportText { id: format!("r{index}"), text }
    };
    (0..count).map(report).collect()
}

/// Reports of Open-I; none where the data is missing.
fn openi_reports(count: usize) -> Option<Vec<ReportText>> {
    let archive = lgdea_harness::data("openi/openi_reports.tgz")?;
    let mut reports = lgdea_evidence::read_reports(&archive).unwrap().reports;
    reports.truncate(count);
    Some(reports)
}

/// What the rules read in a text, without the order and place of the quotes.
fn by_rules(text: &str) -> Vec<String> {
    static RULES: std::sync::LazyLock<Rules> =
        std::sync::LazyLock::new(|| Rules::new(&Ontology::named_or_path("chest").unwrap()));
    statements(&RULES.extract("", text).evidence)
}

fn statements(evidence: &[Evidence]) -> Vec<String> {
    let statement = |one: &Evidence| format!("{:?} {} {:?} {}", one.polarity, one.finding, one.location, one.text);
    let mut statements: Vec<String> = evidence.iter().map(statement).collect();
    statements.sort();
    statements
}
