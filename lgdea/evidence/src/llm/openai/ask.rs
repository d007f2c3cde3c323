//! Asks a server about one text: attempts, formats and repairs.

use std::cell::Cell;
use std::time::Duration;

use lgdea_spec::{AnswerFormat, Parameter};
use tokio::time::Instant;

use super::chat::{ChatRequest, LimitName, LimitNames, ResponseFormats};
use super::client::{Client, Failure, Trouble};
use super::completion::Completion;
use super::format::Formats;
use super::health::{Health, pause};
use super::refusal::About;
use crate::error::EvidenceError;
use crate::llm::LanguageModel;
use crate::llm::answer::{Claim, parse};
use crate::llm::cache::Usage;
use crate::llm::check::check;
use crate::llm::invalid::Invalid;
use crate::llm::outcome::Outcome;
use crate::llm::privacy::Address;
use crate::llm::prompt::Message;

/// A report that failed so often, while the server answered others or said that it is not its state, is left alone.
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
    response_formats: ResponseFormats,
    formats: Formats,
    limit_names: LimitNames,
    refusals: Cell<u32>,
    /// Texts that are not done with.
    left: Cell<usize>,
}

/// What came of asking about a text.
pub(super) struct Answer {
    /// Or why the server gave none.
    pub(super) outcome: Result<Outcome, String>,
    /// Whether the second answer was valid.
    pub(super) repaired: bool,
    /// Whether the server had put the answer where reasoning belongs.
    pub(super) from_reasoning: bool,
    /// The format that the server took.
    pub(super) taken: AnswerFormat,
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
        texts: usize,
    ) -> Result<Self, EvidenceError> {
        Ok(Self {
            model,
            client: Client::new(settings, address)?,
            health: Health::new(Duration::from_secs(settings.patience_seconds), settings.concurrency),
            response_formats: ResponseFormats::new(&model.schema),
            formats: Formats::new(settings.answer_format),
            limit_names: LimitNames::default(),
            refusals: Cell::new(0),
            left: Cell::new(texts),
        })
    }

    /// The format that the server took, where it is weaker than the one asked for.
    pub(super) fn format_taken(&self) -> Option<AnswerFormat> {
        self.formats.weaker_taken()
    }

    /// Waits for the server and makes sure that it has the model, before any report is sent.
    pub(super) async fn look_for_model(&self) -> Result<(), Stop> {
        let wanted = &self.model.request.model;
        let mut attempts = 0;
        let names = loop {
            match self.client.models().await {
                Ok(names) => break names.unwrap_or_default(),
                Err(Failure::Transient { what, retry_after, .. }) => {
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
        if names.is_empty() || names.iter().any(|name| is_name_of(name, wanted)) {
            return Ok(());
        }
        Err(Stop::Server(unknown_model(wanted, &names)))
    }

    /// Asks about a text, and once more where the answer is invalid.
    pub(super) async fn ask(&self, text: &str) -> Result<Answer, Stop> {
        let answer = self.converse(text).await;
        self.left.set(self.left.get() - 1);
        answer
    }

    async fn converse(&self, text: &str) -> Result<Answer, Stop> {
        let mut usage = Usage::default();
        let mut messages = self.model.prompt.messages(text)?;
        let first = match self.turn(&messages, &mut usage).await {
            Ok(turn) => turn,
            Err(Silence::Refused(what) | Silence::Failed(what)) => return Ok(Answer::none(what, usage)),
            Err(Silence::Stop(stop)) => return Err(stop),
        };
        let invalid = match self.outcome(first.claims, text) {
            Ok(outcome) => return Ok(Answer::of(outcome, first.kind, usage)),
            Err(invalid) => invalid,
        };
        add_repair(&mut messages, &first.said, self.model.prompt.repair(text, &invalid.problem)?);
        let (outcome, kind) = match self.turn(&messages, &mut usage).await {
            Ok(second) => (self.outcome(second.claims, text), second.kind),
            // It took the report, but not the longer conversation.
            Err(Silence::Refused(_)) => (Err(invalid), first.kind),
            Err(Silence::Failed(what)) => return Ok(Answer::none(what, usage)),
            Err(Silence::Stop(stop)) => return Err(stop),
        };
        Ok(match outcome {
            Ok(outcome) => Answer { repaired: true, ..Answer::of(outcome, kind, usage) },
            Err(invalid) => Answer::of(failed(&invalid), Kind { from_reasoning: false, ..kind }, usage),
        })
    }

    /// What claims come to that were read in an answer about a text.
    fn outcome(&self, claims: Result<Vec<Claim>, Invalid>, text: &str) -> Result<Outcome, Invalid> {
        let (evidence, dropped) = check(&self.model.ontology, claims?, text)?;
        Ok(Outcome { evidence, failure: None, dropped })
    }

    /// The model's next turn, in as many attempts and as weak a format as the server needs.
    async fn turn(&self, messages: &[Message], usage: &mut Usage) -> Result<Turn, Silence> {
        let successes = self.health.successes();
        let mut refused_to = None;
        let mut attempts = 0;
        loop {
            let permit = self.health.permit().await;
            let (format, limit, sent) =
                (refused_to.unwrap_or_else(|| self.formats.next()), self.limit_names.current(), Instant::now());
            let response_format = self.response_formats.of(format);
            let request = ChatRequest::new(&self.model.request, messages, limit, response_format);
            match self.client.complete(&request).await {
                Ok(completion) => {
                    self.health.success();
                    self.formats.answered(format, refused_to.is_some());
                    self.limit_names.answered();
                    usage.prompt_tokens += completion.usage.prompt_tokens;
                    usage.completion_tokens += completion.usage.completion_tokens;
                    return Ok(Turn::new(completion, format));
                }
                Err(Failure::Transient { trouble, what, retry_after }) => {
                    if trouble == Trouble::Error500 {
                        self.formats.failed(format, sent);
                    }
                    attempts += 1;
                    if let Err(problem) = self.health.failure(&what, retry_after) {
                        return Err(self.out_of_patience(trouble, &what, attempts, problem));
                    }
                    drop(permit);
                    let is_its_own = matches!(trouble, Trouble::Failed | Trouble::Error500);
                    if attempts >= ATTEMPTS && (is_its_own || self.health.successes() > successes) {
                        return Err(Silence::Failed(failed_at(&what, attempts)));
                    }
                    // A server that works is not spared by a long pause.
                    let longest = if is_its_own { 2 } else { u32::MAX };
                    tokio::time::sleep(pause((attempts - 1).min(longest))).await;
                }
                Err(Failure::Refused { status, what, about }) => {
                    self.health.alive();
                    let weaker = weaker(status, &about, format);
                    refused_to = weaker.or(refused_to);
                    if weaker.is_none() && !self.has_other_name(&about, limit) {
                        return Err(self.refused(status, &what, &about));
                    }
                }
                Err(Failure::Fatal(problem)) => return Err(Silence::Stop(Stop::Server(problem))),
            }
        }
    }

    /// A server that does not answer about the last text may answer about others.
    fn out_of_patience(&self, trouble: Trouble, what: &str, attempts: u32, problem: String) -> Silence {
        if self.left.get() == 1 && trouble != Trouble::NoConnection {
            return Silence::Failed(failed_at(what, attempts));
        }
        let formats = if self.formats.all_failed() { ", in each answer-format that is weaker, too" } else { "" };
        Silence::Stop(Stop::Server(format!("{problem}{formats}")))
    }

    /// Whether the server refused the name of the longest answer, which has another.
    fn has_other_name(&self, about: &[About], limit: LimitName) -> bool {
        let tokens = Parameter::MaxTokens;
        about.contains(&About::Parameter(tokens)) && self.model.request.sends(tokens) && self.limit_names.refused(limit)
    }

    fn refused(&self, status: u16, what: &str, about: &[About]) -> Silence {
        self.refusals.set(self.refusals.get() + 1);
        let none_taken = self.health.successes() == 0;
        let stop = |problem| Silence::Stop(Stop::Server(problem));
        let parameters = about.iter().filter_map(|about| about.parameter());
        let sent: Vec<Parameter> = parameters.filter(|&parameter| self.model.request.sends(parameter)).collect();
        if none_taken && !sent.is_empty() {
            stop(refused_parameters(&sent, what))
        } else if status == 404 {
            stop(format!(
                "answers {what}: it knows no chat completions there, or no such model; check base-url and model"
            ))
        } else if none_taken && self.refusals.get() >= REFUSALS {
            stop(format!("refuses every request (last: {what}); check model, max-tokens, temperature and prompt"))
        } else {
            Silence::Refused(what.to_owned())
        }
    }
}

/// What is to be known of a turn, beside what was said.
#[derive(Clone, Copy)]
struct Kind {
    taken: AnswerFormat,
    from_reasoning: bool,
}

/// A turn of the model, read.
struct Turn {
    claims: Result<Vec<Claim>, Invalid>,
    said: String,
    kind: Kind,
}

impl Turn {
    fn new(completion: Completion, taken: AnswerFormat) -> Self {
        let Completion { invalid, said, from_reasoning, .. } = completion;
        let claims = invalid.map_or_else(|| parse(&said), Err);
        Self { claims, said, kind: Kind { taken, from_reasoning } }
    }
}

impl Answer {
    fn of(outcome: Outcome, kind: Kind, usage: Usage) -> Self {
        let Kind { taken, from_reasoning } = kind;
        Self { outcome: Ok(outcome), repaired: false, from_reasoning, taken, usage }
    }

    /// The server gave none.
    fn none(why: String, usage: Usage) -> Self {
        Self { outcome: Err(why), repaired: false, from_reasoning: false, taken: AnswerFormat::Text, usage }
    }
}

/// Goes on with a conversation whose last answer was invalid. Roles alternate, which some templates insist on.
fn add_repair(messages: &mut Vec<Message>, said: &str, repair: Message) {
    if !said.trim().is_empty() {
        let shown = &said[..said.floor_char_boundary(SHOWN)];
        messages.push(Message { role: "assistant", content: shown.to_owned() });
        messages.push(repair);
    } else if let Some(last) = messages.last_mut() {
        last.content = format!("{}\n\n{}", last.content, repair.content);
    }
}

/// The format to ask in instead, where the server may have refused this one.
fn weaker(status: u16, about: &[About], format: AnswerFormat) -> Option<AnswerFormat> {
    let unnamed = about.is_empty() && matches!(status, 400 | 404 | 415 | 422 | 501);
    (unnamed || about.contains(&About::Format)).then(|| format.weaker()).flatten()
}

fn refused_parameters(parameters: &[Parameter], what: &str) -> String {
    let refused = parameters.iter().map(|parameter| match parameter {
        Parameter::MaxTokens => "max-tokens, as max_tokens and as max_completion_tokens",
        Parameter::Temperature => "the temperature",
        Parameter::Seed => "the seed",
        Parameter::SystemRole => "the system's message",
    });
    let refused: Vec<&str> = refused.collect();
    let other = match parameters {
        [Parameter::MaxTokens] => "give another max-tokens, or ",
        [Parameter::Temperature] => "give another temperature, or ",
        _ => "",
    };
    let names: Vec<String> = parameters.iter().map(|parameter| format!("\"{}\"", parameter.name())).collect();
    let them = if names.len() == 1 { "it" } else { "them" };
    let (refused, names) = (refused.join(", and "), names.join(", "));
    format!("refuses {refused}: {what}; {other}leave {them} out with evidence.openai.leave-out = [{names}]")
}

fn failed_at(what: &str, attempts: u32) -> String {
    if attempts == 1 { what.to_owned() } else { format!("{what}, {attempts} times") }
}

fn failed(invalid: &Invalid) -> Outcome {
    Outcome { failure: Some(format!("no valid answer: {}", invalid.reason)), ..Outcome::default() }
}

/// Ollama lists `name:latest` for `name`, llama.cpp the path of a file.
fn is_name_of(listed: &str, wanted: &str) -> bool {
    let file = listed.rsplit(['/', '\\']).next().and_then(|file| file.strip_suffix(".gguf"));
    listed == wanted || listed.strip_suffix(":latest") == Some(wanted) || file == Some(wanted)
}

fn unknown_model(wanted: &str, names: &[String]) -> String {
    let similar = names.iter().map(|name| (strsim::jaro_winkler(name, wanted), name));
    let best = similar.filter(|(score, _)| *score > 0.8).max_by(|one, two| one.0.total_cmp(&two.0));
    let guess = best.map_or(String::new(), |(_, name)| format!("; did you mean {name:?}?"));
    let more = if names.len() > NAMED { ", …" } else { "" };
    let listed = names[..names.len().min(NAMED)].join(", ");
    format!("has no model {wanted:?}{guess} It lists: {listed}{more}")
}
