//! A language model's answers from the cache alone.

use std::path::Path;

use super::LanguageModel;
use super::cache::Cache;
use super::tally::Tally;
use super::texts::Texts;
use crate::error::EvidenceError;
use crate::extraction::{Extraction, Progress, ReportText};

/// How many missing reports an error names.
const NAMED: usize = 5;

/// A language model's answers from the cache alone.
#[derive(Debug)]
pub(crate) struct Replay {
    model: LanguageModel,
    prompt: String,
}

impl Replay {
    pub(crate) fn new(settings: &lgdea_spec::Replay) -> Result<Self, EvidenceError> {
        Ok(Self { model: LanguageModel::new(settings)?, prompt: settings.prompt.clone() })
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
        // Looking for answers makes no file.
        let outcomes = if cache.exists() {
            self.model.known(&Cache::open(cache)?, &texts)?
        } else {
            vec![None; texts.distinct.len()]
        };
        let cached = texts.reports_with(&outcomes);
        progress(cached, reports.len());
        if cached < reports.len() {
            let missing = reports.iter().zip(&texts.of_report).filter(|&(_, &text)| outcomes[text].is_none());
            let first: Vec<&str> = missing.take(NAMED).map(|(report, _)| report.id.as_str()).collect();
            return Err(EvidenceError::Replay {
                cache: cache.into(),
                missing: reports.len() - cached,
                reports: reports.len(),
                first: first.join(", "),
                model: self.model.request.model.clone(),
                prompt: self.prompt.clone(),
            });
        }
        let tally = Tally { reports: reports.len(), cached, ..Tally::default() };
        Ok(self.model.extraction(reports, &texts, &outcomes, tally))
    }
}
