//! What training reads: images, token ids, evidence and pools, all on the host.

use std::collections::HashMap;

use lgdea_data::{Corpus, ImageStore, PairingManifest, Split, Study};
use lgdea_evidence::{ReportEvidence, phrases};
use lgdea_model::Tokenizer;
use lgdea_spec::{EvidenceSpace, Experiment, TextEncoder};

use crate::TrainError;

/// Called with how many items are done, and of how many.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// The corpus, ready to batch. Positions are those of the corpus's studies.
pub struct Prepared {
    /// All studies.
    pub studies: Vec<Study>,
    /// Their images.
    pub images: ImageStore,
    /// Per study, its report; `None` where it has none.
    pub(crate) reports: Vec<Option<ReadReport>>,
    /// Token ids of every distinct evidence phrase of the training reports.
    pub(crate) phrases: Vec<Vec<i32>>,
    /// Training studies by use.
    pub(crate) pools: Pools,
    /// The word pieces.
    pub tokenizer: Tokenizer,
    max_phrase_tokens: usize,
}

/// A report as the text encoder sees it.
pub(crate) struct ReadReport {
    /// Token ids of the whole report.
    pub(crate) tokens: Vec<i32>,
    /// Its evidence, as positions in [`Prepared::phrases`]; never empty for a readable training report, else empty.
    pub(crate) phrases: Vec<usize>,
    /// Reports with the same evidence have the same number.
    pub(crate) evidence_set: usize,
}

/// Training studies by use, as positions.
pub(crate) struct Pools {
    /// `P`.
    pub(crate) paired: Vec<usize>,
    /// `U_I`.
    pub(crate) images: Vec<usize>,
    /// `U_R`.
    pub(crate) reports: Vec<usize>,
}

impl Prepared {
    /// Joins a corpus, its images, evidence (by report id, which is the study's) and pairing.
    ///
    /// Evidence is taken from the paired and unpaired training reports alone, and the tokenizer learns from nothing else:
    /// reports that the pairing hides, and those held out, stay unread until they are evaluated.
    pub fn new(
        experiment: &Experiment,
        corpus: Corpus,
        images: ImageStore,
        evidence: &[ReportEvidence],
        pairing: &PairingManifest,
    ) -> Result<Self, TrainError> {
        let TextEncoder::Transformer(text) = &experiment.encoder.text;
        let studies = corpus.studies;
        let pools = Pools::new(&studies, pairing);
        let mut evidence = EvidenceTable::new(evidence, &studies, &pools, &experiment.evidence_space);

        let texts: Vec<Option<String>> =
            studies.iter().map(|study| study.report.as_ref().map(lgdea_data::Report::text)).collect();
        let readable = pools.reports().filter_map(|study| texts[study].as_deref());
        let learned_from = readable.chain(evidence.phrases.iter().map(String::as_str));
        let tokenizer = Tokenizer::train(learned_from, text.vocabulary)?;

        let mut reports = Vec::with_capacity(studies.len());
        for (study, report) in texts.iter().enumerate() {
            reports.push(match report {
                Some(report) => {
                    let (phrases, evidence_set) = evidence.of_study.remove(&study).unwrap_or_default();
                    Some(ReadReport { tokens: tokenizer.encode(report, text.max_tokens)?, phrases, evidence_set })
                }
                None => None,
            });
        }
        let phrases = evidence
            .phrases
            .iter()
            .map(|phrase| tokenizer.encode(phrase, text.max_phrase_tokens))
            .collect::<Result<_, _>>()?;
        let max_phrase_tokens = text.max_phrase_tokens;
        Ok(Self { studies, images, reports, phrases, pools, tokenizer, max_phrase_tokens })
    }

    /// Token ids of a prompt or phrase.
    pub(crate) fn prompt(&self, text: &str) -> Result<Vec<i32>, TrainError> {
        Ok(self.tokenizer.encode(text, self.max_phrase_tokens)?)
    }

    /// The report of a study that is known to have one.
    pub(crate) fn report(&self, study: usize) -> Option<&ReadReport> {
        self.reports[study].as_ref()
    }

    /// Positions of the studies of a split, in order.
    pub(crate) fn split(&self, split: Split) -> Vec<usize> {
        (0..self.studies.len()).filter(|&study| self.studies[study].split == split).collect()
    }
}

impl Pools {
    fn new(studies: &[Study], pairing: &PairingManifest) -> Self {
        let position: HashMap<&str, usize> =
            studies.iter().enumerate().map(|(position, study)| (study.id.as_str(), position)).collect();
        let find = |ids: &[String]| ids.iter().filter_map(|id| position.get(id.as_str()).copied()).collect();
        Self { paired: find(&pairing.paired), images: find(&pairing.images), reports: find(&pairing.reports) }
    }

    /// Studies whose report may be read in training: paired, then report-only.
    pub(crate) fn reports(&self) -> impl Iterator<Item = usize> + '_ {
        self.paired.iter().chain(&self.reports).copied()
    }
}

/// Distinct phrases and evidence sets of the training reports.
struct EvidenceTable {
    phrases: Vec<String>,
    /// Per study position: its phrases, and the number of its evidence set.
    of_study: HashMap<usize, (Vec<usize>, usize)>,
}

impl EvidenceTable {
    fn new(evidence: &[ReportEvidence], studies: &[Study], pools: &Pools, space: &EvidenceSpace) -> Self {
        let by_report: HashMap<&str, &ReportEvidence> =
            evidence.iter().map(|one| (one.report_id.as_str(), one)).collect();
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut sets: HashMap<Vec<usize>, usize> = HashMap::new();
        let mut table = Self { phrases: Vec::new(), of_study: HashMap::new() };
        for study in pools.reports() {
            let found = by_report.get(studies[study].id.as_str());
            let phrases = match found {
                Some(found) => phrases(found, space.max_phrases, &space.no_finding_phrase),
                None => vec![space.no_finding_phrase.clone()],
            };
            let own: Vec<usize> = phrases
                .into_iter()
                .map(|phrase| {
                    *known.entry(phrase).or_insert_with_key(|phrase| {
                        table.phrases.push(phrase.clone());
                        table.phrases.len() - 1
                    })
                })
                .collect();
            let mut set = own.clone();
            set.sort_unstable();
            let next = sets.len();
            let number = *sets.entry(set).or_insert(next);
            table.of_study.insert(study, (own, number));
        }
        table
    }
}
