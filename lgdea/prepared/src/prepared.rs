//! What training reads: images, token ids, evidence and pools, all on the host.

use std::collections::{HashMap, HashSet};

use lgdea_data::{Corpus, ImageStore, PairingManifest, Split, Study};
use lgdea_eval::prompts::{PromptClass, PromptSet};
use lgdea_evidence::{ReportEvidence, phrases};
use lgdea_model::{BertShape, ModelShape, Tokenizer, TokenizerError};
use lgdea_spec::{EvidenceSpace, Experiment, ReportText};
use rayon::prelude::*;

use crate::{PreparedError, pretrained};

/// The corpus, ready to batch. Positions are those of the corpus's studies.
pub struct Prepared {
    /// All studies.
    pub studies: Vec<Study>,
    /// Their images.
    pub images: ImageStore,
    /// Per study, its report; `None` where it has none.
    pub reports: Vec<Option<ReadReport>>,
    /// Token ids of every distinct evidence phrase of the training reports.
    pub phrases: Vec<Vec<i32>>,
    /// Training studies by use.
    pub pools: Pools,
    /// Classes to learn from labels; none where no term does.
    pub classes: Vec<PromptClass>,
    /// Whether the unpaired images are taught the reports that the pairing hides.
    pub oracle: bool,
    /// The word pieces.
    pub tokenizer: Tokenizer,
    max_phrase_tokens: usize,
    /// The BERT that the experiment names, where it does.
    bert: Option<BertShape>,
}

/// A report as the text encoder sees it.
pub struct ReadReport {
    /// Token ids of the whole report.
    pub tokens: Vec<i32>,
    /// Its evidence, as positions in [`Prepared::phrases`]; never empty for a readable training report, else empty.
    pub phrases: Vec<usize>,
    /// Reports with the same evidence have the same number.
    pub evidence_set: usize,
}

/// Training studies by use, as positions.
pub struct Pools {
    /// `P`.
    pub paired: Vec<usize>,
    /// `U_I`.
    pub images: Vec<usize>,
    /// `U_R`.
    pub reports: Vec<usize>,
}

/// The studies whose report's evidence an experiment reads, in the corpus's order: those whose report training may read;
/// with `report-text = "evidence"` the held-out ones too, as that is what their reports are then; and with the oracle
/// those whose report the pairing hides.
pub fn evidence_readers<'a>(
    experiment: &Experiment,
    studies: &'a [Study],
    pairing: &PairingManifest,
) -> Vec<&'a Study> {
    let mut wanted: HashSet<&str> = pairing.paired.iter().chain(&pairing.reports).map(String::as_str).collect();
    if experiment.graph.oracle {
        wanted.extend(pairing.images.iter().map(String::as_str));
    }
    let held_out = experiment.encoder.report_text == ReportText::Evidence;
    let reads = |study: &&Study| wanted.contains(study.id.as_str()) || held_out && study.split != Split::Train;
    studies.iter().filter(|study| study.report.is_some()).filter(reads).collect()
}

impl Prepared {
    /// Joins a corpus, its images, evidence (by report id, which is the study's) and pairing.
    ///
    /// Evidence is taken from the paired and unpaired training reports alone, and the tokenizer learns from nothing else:
    /// reports that the pairing hides, and those held out, stay unread until they are evaluated. A training report that
    /// has no evidence because its reading failed is left out with its pair: it is not known to be normal.
    pub fn new(
        experiment: &Experiment,
        corpus: Corpus,
        images: ImageStore,
        evidence: &[ReportEvidence],
        pairing: &PairingManifest,
    ) -> Result<Self, PreparedError> {
        let text = &experiment.encoder.text;
        let studies = corpus.studies;
        let read: HashMap<&str, &ReportEvidence> = evidence
            .iter()
            .filter(|report| report.failure.is_none())
            .map(|report| (report.report_id.as_str(), report))
            .collect();
        let space = &experiment.evidence_space;
        let mut pools = Pools::new(&studies, pairing, &read);
        let oracle = experiment.graph.oracle;
        if oracle {
            // As elsewhere, studies whose report's reading failed are left out.
            let has_report = |study: usize| studies[study].report.is_some();
            pools.images.retain(|&study| !has_report(study) || read.contains_key(studies[study].id.as_str()));
            let without = pools.images.iter().filter(|&&study| !has_report(study)).count();
            if without > 0 {
                return Err(PreparedError::NothingHidden { without, images: pools.images.len() });
            }
        }
        let revealed = pools.images.iter().copied().filter(|_| oracle);
        let evidence = EvidenceTable::new(&read, &studies, pools.reports().chain(revealed), space);

        let text_of = |study: &Study| match experiment.encoder.report_text {
            ReportText::Report => study.report.as_ref().map(lgdea_data::Report::text),
            ReportText::Evidence => {
                let found = read.get(study.id.as_str())?;
                Some(phrases(found, space.max_phrases, &space.no_finding_phrase).join(". "))
            }
        };
        let texts: Vec<Option<String>> = studies.iter().map(text_of).collect();
        let readable = pools.reports().filter_map(|study| texts[study].as_deref());
        let learned_from = readable.chain(evidence.phrases.iter().map(String::as_str));
        let bert = pretrained::bert_shape(text)?;
        let tokenizer = pretrained::tokenizer(text, bert.as_ref(), learned_from)?;

        let read_report = |(study, report): (usize, &Option<String>)| {
            let Some(report) = report else { return Ok(None) };
            let (phrases, evidence_set) = evidence.of_study.get(&study).cloned().unwrap_or_default();
            let tokens = tokenizer.encode(report, text.max_tokens())?;
            Ok::<_, PreparedError>(Some(ReadReport { tokens, phrases, evidence_set }))
        };
        let reports = texts.par_iter().enumerate().map(read_report).collect::<Result<_, _>>()?;
        let phrases = evidence
            .phrases
            .iter()
            .map(|phrase| tokenizer.encode(phrase, text.max_phrase_tokens()))
            .collect::<Result<_, _>>()?;
        let max_phrase_tokens = text.max_phrase_tokens();
        let classes = if experiment.loss.supervised.weight > 0.0 {
            PromptSet::named_or_path(&experiment.eval.zero_shot.prompts)?.classes
        } else {
            Vec::new()
        };
        Ok(Self { studies, images, reports, phrases, pools, classes, oracle, tokenizer, max_phrase_tokens, bert })
    }

    /// What the model's shape depends on besides the experiment.
    pub fn model_shape(&self) -> ModelShape {
        let bert = self.bert.clone();
        ModelShape { vocabulary: self.tokenizer.vocabulary(), classes: self.classes.len(), bert }
    }

    /// Unpaired images' studies that have a report, which the pairing hides from training.
    pub fn hidden(&self) -> impl Iterator<Item = &Study> {
        self.pools.images.iter().map(|&study| &self.studies[study]).filter(|study| study.report.is_some())
    }

    /// Studies of the validation split that have a report.
    pub fn validation(&self) -> impl Iterator<Item = &Study> {
        self.studies.iter().filter(|study| study.split == Split::Validation && study.report.is_some())
    }

    /// Token ids of a prompt or phrase.
    pub fn prompt(&self, text: &str) -> Result<Vec<i32>, TokenizerError> {
        self.tokenizer.encode(text, self.max_phrase_tokens)
    }

    /// Token ids of prompts or phrases.
    pub fn prompts(&self, texts: &[&str]) -> Result<Vec<Vec<i32>>, TokenizerError> {
        texts.iter().map(|text| self.prompt(text)).collect()
    }

    /// The report of a study that is known to have one.
    pub fn report(&self, study: usize) -> Option<&ReadReport> {
        self.reports[study].as_ref()
    }

    /// Whether a split has a study with an image, as scores need it.
    pub fn has_images(&self, split: Split) -> bool {
        self.split(split).into_iter().any(|study| self.images.pixels(study).is_some())
    }

    /// The classes of prompts that no study of any split is labelled with.
    pub fn unlabelled<'p>(&self, prompts: &'p PromptSet) -> Vec<&'p str> {
        let labelled: HashSet<&String> =
            self.studies.iter().filter_map(|study| study.labels.as_ref()).flatten().collect();
        let classes = prompts.classes.iter().map(|class| &class.name);
        classes.filter(|name| !labelled.contains(name)).map(String::as_str).collect()
    }

    /// Positions of the studies of a split, in order.
    pub fn split(&self, split: Split) -> Vec<usize> {
        (0..self.studies.len()).filter(|&study| self.studies[study].split == split).collect()
    }
}

impl Pools {
    fn new(studies: &[Study], pairing: &PairingManifest, evidence: &HashMap<&str, &ReportEvidence>) -> Self {
        let position: HashMap<&str, usize> =
            studies.iter().enumerate().map(|(position, study)| (study.id.as_str(), position)).collect();
        let find = |id: &String| position.get(id.as_str()).copied();
        let find_read = |id: &String| find(id).filter(|_| evidence.contains_key(id.as_str()));
        Self {
            paired: pairing.paired.iter().filter_map(find_read).collect(),
            images: pairing.images.iter().filter_map(find).collect(),
            reports: pairing.reports.iter().filter_map(find_read).collect(),
        }
    }

    /// Studies whose image is a node of the relation graph: paired, then image-only.
    pub fn images_of_graph(&self) -> impl Iterator<Item = usize> + '_ {
        self.paired.iter().chain(&self.images).copied()
    }

    /// Studies whose report may be read in training: paired, then report-only.
    pub fn reports(&self) -> impl Iterator<Item = usize> + '_ {
        self.paired.iter().chain(&self.reports).copied()
    }
}

/// Distinct phrases and evidence sets of the reports that training reads.
struct EvidenceTable {
    phrases: Vec<String>,
    /// Per study position: its phrases, and the number of its evidence set.
    of_study: HashMap<usize, (Vec<usize>, usize)>,
}

impl EvidenceTable {
    fn new(
        evidence: &HashMap<&str, &ReportEvidence>,
        studies: &[Study],
        readable: impl Iterator<Item = usize>,
        space: &EvidenceSpace,
    ) -> Self {
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut sets: HashMap<Vec<usize>, usize> = HashMap::new();
        let mut table = Self { phrases: Vec::new(), of_study: HashMap::new() };
        for study in readable {
            let Some(found) = evidence.get(studies[study].id.as_str()) else { continue };
            let own: Vec<usize> = phrases(found, space.max_phrases, &space.no_finding_phrase)
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
