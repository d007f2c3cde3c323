//! Evidence from language models.
//!
//! A [`prompt`](Prompt) asks about a report; the answer is parsed, [checked](check) against the text, and kept in a
//! [cache](Cache) as an [outcome](Outcome). `openai` asks a server for what the cache lacks, [`replay`] asks nobody.

mod answer;
mod cache;
mod check;
mod invalid;
mod openai;
mod outcome;
mod privacy;
mod prompt;
mod prose;
mod quote;
mod reasoning;
mod replay;
mod request;
mod residue;
mod tally;
mod texts;

use serde_json::Value;

use self::cache::Cache;
use self::outcome::Outcome;
use self::prompt::Prompt;
use self::request::Request;
use self::tally::by_reason;
use self::texts::Texts;
use crate::error::EvidenceError;
use crate::evidence::ReportEvidence;
use crate::extraction::{Extraction, ReportText};
use crate::ontology::Ontology;

pub use check::Dropped;
pub(crate) use openai::Openai;
pub(crate) use prompt::files as prompt_files;
pub(crate) use replay::Replay;
pub use residue::Residue;
pub use tally::{Failures, Tally, Unanswered};

/// A language model and how it is asked: all that determines its answers.
#[derive(Debug)]
struct LanguageModel {
    ontology: Ontology,
    schema: Value,
    prompt: Prompt,
    request: Request,
}

impl LanguageModel {
    /// Reads ontology and prompt.
    fn new(settings: &lgdea_spec::Replay) -> Result<Self, EvidenceError> {
        let ontology = Ontology::named_or_path(&settings.ontology)?;
        let schema = answer::schema(&ontology);
        let prompt = Prompt::named_or_path(&settings.prompt, &ontology, &schema)?;
        let request = Request::new(settings, prompt.hash.clone());
        Ok(Self { ontology, schema, prompt, request })
    }

    /// What the cache knows about each text.
    fn known(&self, cache: &Cache, texts: &Texts<'_>) -> Result<Vec<Option<Outcome>>, EvidenceError> {
        let known = |text: &&str| cache.get(&self.request, text, |outcome| outcome.holds(&self.ontology, text));
        texts.distinct.iter().map(known).collect()
    }

    /// The evidence of all reports whose text has an outcome, in their order.
    fn extraction(
        &self,
        reports: &[ReportText],
        texts: &Texts<'_>,
        outcomes: &[Option<Outcome>],
        mut tally: Tally,
    ) -> Extraction {
        let mut lines = Vec::with_capacity(reports.len());
        for (report, &text) in reports.iter().zip(&texts.of_report) {
            let Some(outcome) = &outcomes[text] else { continue };
            tally.dropped += outcome.dropped;
            lines.push(ReportEvidence {
                report_id: report.id.clone(),
                evidence: outcome.evidence.clone(),
                provider: "openai".to_owned(),
                model: self.request.model.clone(),
                prompt_hash: self.request.prompt_hash.clone(),
                failure: outcome.failure.clone(),
            });
        }
        tally.failures = by_reason(lines.iter().filter_map(|line| Some((line.failure.as_deref()?, &*line.report_id))));
        tally.failed = tally.failures.iter().map(|failures| failures.reports).sum();
        Extraction { reports: lines, tally }
    }
}
