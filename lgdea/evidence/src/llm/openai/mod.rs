//! A language model behind an OpenAI-compatible server.

mod ask;
mod chat;
mod client;
mod completion;
mod format;
mod health;
mod keeper;
mod refusal;

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use futures::{StreamExt, stream};

use self::ask::{Answer, Session, Stop};
use self::keeper::Keeper;
use super::LanguageModel;
use super::cache::Cache;
use super::outcome::Outcome;
use super::privacy::Address;
use super::tally::{Tally, Unanswered};
use super::texts::Texts;
use crate::error::EvidenceError;
use crate::extraction::{Extraction, Progress, ReportText};

/// A language model, its server, and what the cache lacks asked of it.
#[derive(Debug)]
pub(crate) struct Openai {
    model: LanguageModel,
    settings: lgdea_spec::Openai,
    address: Address,
}

impl Openai {
    pub(crate) fn new(settings: &lgdea_spec::Openai) -> Result<Self, EvidenceError> {
        let address = Address::new(&settings.base_url, settings.allow_remote)?;
        let model = LanguageModel::new(&settings.replayed())?;
        Ok(Self { model, settings: settings.clone(), address })
    }

    pub(crate) fn digest(&self) -> String {
        self.model.request.digest()
    }

    pub(crate) fn extract(
        &self,
        reports: &[ReportText],
        cache: &Path,
        progress: Progress<'_>,
    ) -> Result<Extraction, EvidenceError> {
        let texts = Texts::new(reports);
        let cache = Cache::open(cache)?;
        let mut outcomes = self.model.known(&cache, &texts)?;
        // A failure is no answer: these are asked again.
        for outcome in &mut outcomes {
            *outcome = outcome.take().filter(Outcome::is_answer);
        }
        let cached = texts.reports_with(&outcomes);
        progress(cached, reports.len());
        let tally = Tally { reports: reports.len(), cached, ..Tally::default() };
        let keeper = Keeper { model: &self.model, texts: &texts, cache, outcomes, tally, unanswered: HashMap::new() };
        let Keeper { outcomes, mut tally, unanswered, .. } = self.ask_all(keeper, progress)?;
        for (report, text) in reports.iter().zip(&texts.of_report) {
            if let Some(reason) = unanswered.get(text) {
                tally.unanswered.push(Unanswered { report_id: report.id.clone(), reason: reason.clone() });
            }
        }
        let price = |tokens: u64, per_million: f64| tokens as f64 * per_million / 1e6;
        tally.cost = price(tally.prompt_tokens, self.settings.prompt_price)
            + price(tally.completion_tokens, self.settings.completion_price);
        Ok(self.model.extraction(reports, &texts, &outcomes, tally))
    }

    /// Asks about every text that has no outcome.
    fn ask_all<'a>(&self, mut keeper: Keeper<'a>, progress: Progress<'_>) -> Result<Keeper<'a>, EvidenceError> {
        let texts = keeper.texts;
        let missing = keeper.missing();
        if missing.is_empty() {
            return Ok(keeper);
        }
        for &text in &missing {
            keeper.tally.residue.count(texts.distinct[text]);
        }
        let session = Session::new(&self.model, &self.settings, &self.address, missing.len())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| EvidenceError::Server {
            server: self.address.to_string(),
            problem: format!("cannot be called: {error}"),
        })?;
        let (sender, receiver) = mpsc::channel();
        let (asked, kept) = thread::scope(|scope| {
            // A file may be slow, and another process may hold it: the server is asked on meanwhile.
            let keeper = scope.spawn(move || keeper.keep_all(receiver, progress));
            let asked = runtime.block_on(self.ask_each(&session, texts, missing, sender));
            (asked, keeper.join().unwrap_or_else(|panic| resume_unwind(panic)))
        });
        let mut keeper = kept?;
        asked.map_err(|stop| self.stopped(stop, &keeper.tally))?;
        keeper.tally.answer_format_taken = session.format_taken();
        Ok(keeper)
    }

    async fn ask_each(
        &self,
        session: &Session<'_>,
        texts: &Texts<'_>,
        missing: Vec<usize>,
        keeper: mpsc::Sender<(usize, Answer)>,
    ) -> Result<(), Stop> {
        session.look_for_model().await?;
        let ask = |text: usize| async move { (text, session.ask(texts.distinct[text]).await) };
        let mut answers = stream::iter(missing).map(ask).buffer_unordered(self.settings.concurrency);
        while let Some((text, answer)) = answers.next().await {
            if keeper.send((text, answer?)).is_err() {
                // It could not keep the last one, and says why.
                break;
            }
        }
        Ok(())
    }

    fn stopped(&self, stop: Stop, tally: &Tally) -> EvidenceError {
        match stop {
            Stop::Error(error) => error,
            Stop::Server(problem) => {
                let (read, reports) = (tally.cached + tally.asked, tally.reports);
                let kept =
                    format!("{read} of {reports} reports are read and kept: the same command goes on from there");
                EvidenceError::Server { server: self.address.to_string(), problem: format!("{problem}; {kept}") }
            }
        }
    }
}
