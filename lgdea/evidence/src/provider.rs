//! The provider that an experiment names: rules, a language model, or its kept answers.

use std::path::{Path, PathBuf};

use lgdea_spec::Evidence;
use rayon::prelude::*;

use crate::error::EvidenceError;
use crate::evidence::ReportEvidence;
use crate::extraction::{Extraction, Progress, ReportText};
use crate::llm::{Openai, Replay, Tally, prompt_files};
use crate::{Ontology, Rules};

/// What is hashed together with an ontology: to be changed whenever the rules read it otherwise.
const RULES_VERSION: &str = "lgdea evidence rules 2";

/// Reports that rules read before their evidence is handed on: few enough for it to be in a processor's cache still.
const PART: usize = 256;

/// Who reads reports, as an experiment names it.
#[derive(Debug)]
pub struct Provider(Reader);

#[derive(Debug)]
enum Reader {
    Rules(Box<Rules>),
    Openai(Box<Openai>),
    Replay(Box<Replay>),
}

impl Provider {
    /// The provider of an experiment. Reads its ontology and prompt, and contacts nobody.
    pub fn new(settings: &Evidence) -> Result<Self, EvidenceError> {
        Ok(Self(match settings {
            Evidence::Rules(rules) => Reader::Rules(Box::new(Rules::new(&Ontology::named_or_path(&rules.ontology)?))),
            Evidence::Openai(openai) => Reader::Openai(Box::new(Openai::new(openai)?)),
            Evidence::Replay(replay) => Reader::Replay(Box::new(Replay::new(replay)?)),
        }))
    }

    /// The files of the user's own that the provider of an experiment reads: its ontology, and its prompt with the templates
    /// that this takes in.
    ///
    /// # Errors
    /// The prompt cannot be read, or a path names an environment variable that cannot be used.
    pub fn files(settings: &Evidence) -> Result<Vec<PathBuf>, EvidenceError> {
        let prompt = match settings {
            Evidence::Rules(_) => None,
            Evidence::Openai(openai) => Some(&openai.prompt),
            Evidence::Replay(replay) => Some(&replay.prompt),
        };
        let mut files = prompt.map_or(Ok(Vec::new()), |prompt| prompt_files(prompt))?;
        files.extend(Some(lgdea_spec::expand_env(settings.ontology())?).filter(|ontology| ontology.is_file()));
        Ok(files)
    }

    /// Hash of all that determines what the provider reads in a text; a replay has that of the model it replays.
    pub fn digest(&self) -> String {
        match &self.0 {
            Reader::Rules(rules) => {
                let mut hasher = blake3::Hasher::new_derive_key(RULES_VERSION);
                hasher.update(rules.ontology().digest().as_bytes()).finalize().to_hex().to_string()
            }
            Reader::Openai(openai) => openai.digest(),
            Reader::Replay(replay) => replay.digest(),
        }
    }

    /// Whether reading needs the answers of a server.
    pub fn asks_a_server(&self) -> bool {
        matches!(self.0, Reader::Openai(_))
    }

    /// Reads reports; what a language model answers is kept in the file `cache`, so that it is asked once.
    ///
    /// Waits for the server; must not be called from a thread that drives a tokio runtime.
    pub fn extract(
        &self,
        reports: &[ReportText],
        cache: &Path,
        progress: Progress<'_>,
    ) -> Result<Extraction, EvidenceError> {
        let mut all = Vec::new();
        let tally = self.extract_each(reports, cache, progress, |part| -> Result<(), EvidenceError> {
            all.extend(part);
            Ok(())
        })?;
        Ok(Extraction { reports: all, tally })
    }

    /// As [`Provider::extract`], and hands on the evidence part by part, in the order of the reports: that of a language model
    /// at once, when the server has answered all, that of rules as they read, since it takes more memory than the reports.
    pub fn extract_each<E: From<EvidenceError>>(
        &self,
        reports: &[ReportText],
        cache: &Path,
        progress: Progress<'_>,
        mut each: impl FnMut(Vec<ReportEvidence>) -> Result<(), E>,
    ) -> Result<Tally, E> {
        let Extraction { reports, tally } = match &self.0 {
            Reader::Rules(rules) => return read_by_rules(rules, reports, progress, each),
            Reader::Openai(openai) => openai.extract(reports, cache, progress)?,
            Reader::Replay(replay) => replay.extract(reports, cache, progress)?,
        };
        each(reports)?;
        Ok(tally)
    }
}

fn read_by_rules<E>(
    rules: &Rules,
    reports: &[ReportText],
    progress: Progress<'_>,
    mut each: impl FnMut(Vec<ReportEvidence>) -> Result<(), E>,
) -> Result<Tally, E> {
    for (part, texts) in reports.chunks(PART).enumerate() {
        each(texts.par_iter().map(|report| rules.extract(&report.id, &report.text)).collect())?;
        progress(part * PART + texts.len(), reports.len());
    }
    Ok(Tally { reports: reports.len(), ..Tally::default() })
}
