//! Asks a server about one text: attempts, formats and repairs.

use std::cell::Cell;
use std::time::Duration;

use lgdea_spec::AnswerFormat;

use super::chat::{ChatRequest, Completion, ResponseFormats, weaker};
use super::client::{Client, Failure};
use super::health::{Health, pause};
use crate::error::EvidenceError;
use crate::llm::LanguageModel;
use crate::llm::answer::{Claim, Invalid, parse};
use crate::llm::cache::Usage;
use crate::llm::check::check;
use crate::llm::outcome::Outcome;
use crate::llm::privacy::Address;
use crate::llm::prompt::Message;

/// A report that failed so often, while the server answered others, is left alone.
const ATTEMPTS: u32 = 6;
/// A server that refused so many requests and took none refuses them all.
const REFUSALS: u32 = 8;
/// Bytes of an invalid answer that the model is shown when it is asked to repair it.
const SHOWN: usize = 8 << 10;
/// Models that an error names.
const NAMED: usize = 10;

/// All requests of one extraction to one server.
pub(super) struct Session<'a> {
    model: &'a LanguageModel,
    client: Client,
    health: Health,
    formats: ResponseFormats,
    /// The strongest format that the server is not known to refuse, and whether it has taken it.
    format: Cell<AnswerFormat>,
    format_works: Cell<bool>,
    refusals: Cell<u32>,
}

/// What came of asking about a text.
pub(super) struct Answer {
    /// Or why the server gave none.
    pub(super) outcome: Result<Outcome, String>,
    /// Whether the second answer was valid.
    pub(super) repaired: bool,
    pub(super) usage: Usage,
}

/// Why an extraction ends early.
pub(super) enum Stop {
    /// What is the matter with the server.
    Server(String),
    Error(EvidenceError),
}

impl From<EvidenceError> for Stop {
    fn from(error: EvidenceError) -> Self {
        Self::Error(error)
    }
}

/// Why a conversation has no next turn.
enum Silence {
    /// The server does not want it.
    Refused(String),
    /// The server failed it again and again.
    Failed(String),
    Stop(Stop),
}

impl<'a> Session<'a> {
    pub(super) fn new(
        model: &'a LanguageModel,
        settings: &lgdea_spec::Openai,
        address: &Address,
    ) -> Result<Self, EvidenceError> {
        Ok(Self {
            model,
            client: Client::new(settings, address)?,
            health: Health::new(Duration::from_secs(settings.patience_seconds), settings.concurrency),
            formats: ResponseFormats::new(&model.schema),
            format: Cell::new(settings.answer_format),
            format_works: Cell::new(false),
            refusals: Cell::new(0),
        })
    }

    /// The format that the server took, where it is weaker than the one asked for.
    pub(super) fn format_taken(&self) -> Option<AnswerFormat> {
        Some(self.format.get()).filter(|format| *format != self.model.request.answer_format)
    }

    /// Waits for the server and makes sure that it has the model, before any report is sent.
    pub(super) async fn look_for_model(&self) -> Result<(), Stop> {
        let wanted = &self.model.request.model;
        let mut attempts = 0;
        let names = loop {
            match self.client.models().await {
                Ok(names) => break names.unwrap_or_default(),
                Err(Failure::Transient { what, retry_after }) => {
                    self.health.failure(&what, retry_after).map_err(Stop::Server)?;
                    tokio::time::sleep(pause(attempts)).await;
                    drop(self.health.permit().await);
                    attempts += 1;
                }
                Err(Failure::Fatal(problem)) => return Err(Stop::Server(problem)),
                Err(Failure::Refused { .. }) => break Vec::new(),
            }
        };
        self.health.alive();
        // Ollama lists `name:latest` for `name`.
        let same = |name: &String| name == wanted || name.strip_suffix(":latest") == Some(wanted);
        if names.is_empty() || names.iter().any(same) {
            return Ok(());
        }
        Err(Stop::Server(unknown_model(wanted, &names)))
    }

    /// Asks about a text, and once more where the answer is invalid.
    pub(super) async fn ask(&self, text: &str) -> Result<Answer, Stop> {
        let mut usage = Usage::default();
        let mut messages = self.model.prompt.messages(text)?;
        let first = match self.turn(&messages, &mut usage).await {
            Ok(turn) => turn,
            Err(Silence::Refused(what) | Silence::Failed(what)) => {
                return Ok(Answer { outcome: Err(what), repaired: false, usage });
            }
            Err(Silence::Stop(stop)) => return Err(stop),
        };
        let invalid = match first.content.and_then(|content| parse(&content)) {
            Ok(claims) => return Ok(Answer { outcome: Ok(self.outcome(claims, text)), repaired: false, usage }),
            Err(invalid) => invalid,
        };
        if !first.said.trim().is_empty() {
            let shown = &first.said[..first.said.floor_char_boundary(SHOWN)];
            messages.push(Message { role: "assistant", content: shown.to_owned() });
        }
        messages.push(self.model.prompt.repair(text, &invalid.problem)?);
        let second = match self.turn(&messages, &mut usage).await {
            Ok(second) => second.content.and_then(|content| parse(&content)),
            // It took the report, but not the longer conversation.
            Err(Silence::Refused(_)) => Err(invalid),
            Err(Silence::Failed(what)) => return Ok(Answer { outcome: Err(what), repaired: false, usage }),
            Err(Silence::Stop(stop)) => return Err(stop),
        };
        Ok(match second {
            Ok(claims) => Answer { outcome: Ok(self.outcome(claims, text)), repaired: true, usage },
            Err(invalid) => Answer { outcome: Ok(failed(&invalid)), repaired: false, usage },
        })
    }

    fn outcome(&self, claims: Vec<Claim>, text: &str) -> Outcome {
        let (evidence, dropped) = check(&self.model.ontology, claims, text);
        Outcome { evidence, failure: None, dropped }
    }

    /// The model's next turn, in as many attempts and as weak a format as the server needs.
    async fn turn(&self, messages: &[Message], usage: &mut Usage) -> Result<Completion, Silence> {
        let successes = self.health.successes();
        let mut format = self.format.get();
        let mut attempts = 0;
        loop {
            let permit = self.health.permit().await;
            let request = ChatRequest::new(&self.model.request, messages, self.formats.of(format));
            let result = self.client.complete(&request).await;
            match result {
                Ok(turn) => {
                    self.health.success();
                    self.take_format(format);
                    usage.prompt_tokens += turn.usage.prompt_tokens;
                    usage.completion_tokens += turn.usage.completion_tokens;
                    return Ok(turn);
                }
                Err(Failure::Transient { what, retry_after }) => {
                    self.health.failure(&what, retry_after).map_err(|problem| Silence::Stop(Stop::Server(problem)))?;
                    drop(permit);
                    attempts += 1;
                    if attempts >= ATTEMPTS && self.health.successes() > successes {
                        return Err(Silence::Failed(format!("{what}, {attempts} times")));
                    }
                    tokio::time::sleep(pause(attempts - 1)).await;
                }
                Err(Failure::Refused { status, what }) => {
                    self.health.alive();
                    match weaker(format).filter(|_| matches!(status, 400 | 404 | 422 | 501)) {
                        Some(weaker) => format = weaker,
                        None => return Err(self.refused(status, what)),
                    }
                }
                Err(Failure::Fatal(problem)) => return Err(Silence::Stop(Stop::Server(problem))),
            }
        }
    }

    /// Remembers a weaker format for the requests to come, unless the server has taken the stronger one before: then it
    /// was this conversation that the server refused.
    fn take_format(&self, format: AnswerFormat) {
        if format == self.format.get() {
            self.format_works.set(true);
        } else if !self.format_works.get() {
            self.format.set(format);
            self.format_works.set(true);
        }
    }

    fn refused(&self, status: u16, what: String) -> Silence {
        self.refusals.set(self.refusals.get() + 1);
        let all = self.health.successes() == 0 && self.refusals.get() >= REFUSALS;
        if status == 404 {
            let problem = format!(
                "answers {what}: it knows no chat completions there, or no such model; check base-url and model"
            );
            Silence::Stop(Stop::Server(problem))
        } else if all {
            let problem =
                format!("refuses every request (last: {what}); check model, max-tokens, temperature and prompt");
            Silence::Stop(Stop::Server(problem))
        } else {
            Silence::Refused(what)
        }
    }
}

fn failed(invalid: &Invalid) -> Outcome {
    Outcome { failure: Some(format!("no valid answer: {}", invalid.reason)), ..Outcome::default() }
}

fn unknown_model(wanted: &str, names: &[String]) -> String {
    let similar = names.iter().map(|name| (strsim::jaro_winkler(name, wanted), name));
    let best = similar.filter(|(score, _)| *score > 0.8).max_by(|one, two| one.0.total_cmp(&two.0));
    let guess = best.map_or(String::new(), |(_, name)| format!("; did you mean {name:?}?"));
    let more = if names.len() > NAMED { ", …" } else { "" };
    let listed = names[..names.len().min(NAMED)].join(", ");
    format!("has no model {wanted:?}{guess} It lists: {listed}{more}")
}
