//! What training reads: images, token ids, evidence and pools, all on the host.

use std::collections::HashSet;

use lgdea_data::{Corpus, ImageStore, PairingManifest, Split, Study, hide_labels};
use lgdea_eval::prompts::{PromptClass, PromptSet};
use lgdea_evidence::{Ontology, ReportEvidence, Rules};
use lgdea_model::{Memories, ModelShape, TextShape, Tokenizer, TokenizerError};
use lgdea_spec::{EvidenceSpace, Experiment, Need, ReportText, TextEncoder};
use rayon::prelude::*;

use crate::evidence_table::{EvidenceTable, ReadEvidence};
use crate::mismatched::mismatch;
use crate::{Labelled, Pools, PreparedError, PublishedFeatures, pretrained};

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
    /// What labels of unpaired images teach, where they do.
    pub labelled: Option<Labelled>,
    /// The word pieces.
    pub tokenizer: Tokenizer,
    /// What frozen networks make of images and texts, as far as it was made before training.
    pub memories: Memories,
    /// What the published image encoder makes of the images, where the relation graph reads it.
    pub image_view: Option<PublishedFeatures>,
    max_phrase_tokens: usize,
    /// The shape of the text encoder.
    text_shape: TextShape,
}

/// A report as the text encoder sees it.
pub struct ReadReport {
    /// Token ids of the whole report.
    pub tokens: Vec<i32>,
    /// Its evidence, as positions in [`Prepared::phrases`]; never empty for a readable training report, else empty.
    pub phrases: Vec<usize>,
    /// Reports with the same evidence have the same number.
    pub evidence_set: usize,
    /// Token ids of its evidence phrases, where the evaluation reads them and training does not; else empty.
    pub held_out: Vec<Vec<i32>>,
}

/// The studies whose report's evidence an experiment reads, in the corpus's order: those whose report training may read; the held-out
/// ones where [`Experiment::reads_held_out_evidence`]; and with the oracle those whose report the pairing hides.
pub fn evidence_readers<'a>(
    experiment: &Experiment,
    studies: &'a [Study],
    pairing: &PairingManifest,
) -> Vec<&'a Study> {
    let mut wanted: HashSet<&str> = pairing.paired.iter().chain(&pairing.reports).map(String::as_str).collect();
    if experiment.graph.oracle {
        wanted.extend(pairing.images.iter().map(String::as_str));
    }
    let held_out = experiment.reads_held_out_evidence();
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
        let (text, space, oracle) = (&experiment.encoder.text, &experiment.evidence_space, experiment.graph.oracle);
        let mut studies = corpus.studies;
        hide_labels(&mut studies, experiment.pairing.label_ratio, experiment.seed.stream("labels"));
        let read = ReadEvidence::new(evidence);
        let mut pools = Pools::new(&studies, pairing, &read);
        if oracle {
            pools.reveal(&studies, &read)?;
        }
        let revealed = pools.images.iter().copied().filter(|_| oracle);
        let mut table = EvidenceTable::new(&read, &studies, pools.reports().chain(revealed), space);
        let labelled = experiment.labels_teach().then(|| -> Result<Labelled, PreparedError> {
            let rules = Rules::new(&Ontology::named_or_path(experiment.evidence.ontology())?);
            Labelled::new(&rules, &space.no_finding_phrase, &studies, &pools.images, &mut table)
        });
        let labelled = labelled.transpose()?;

        let texts = texts(&studies, &read, experiment);
        let readable = pools.reports().filter_map(|study| texts[study].as_deref());
        let learned_from = readable.chain(table.phrases.iter().map(String::as_str));
        let (tokenizer, text_shape) = pretrained::words(text, learned_from)?;

        let words = Words { tokenizer: &tokenizer, text, space };
        let mut reports = words.reports(&studies, &texts, &read, &table)?;
        if experiment.pairing.mismatched {
            mismatch(&mut reports, pools.paired.clone(), experiment.seed.stream("mismatched"))?;
        }
        let max_phrase_tokens = text.max_phrase_tokens();
        let phrase = |phrase: &String| tokenizer.encode(phrase, max_phrase_tokens);
        let phrases = table.phrases.iter().map(phrase).collect::<Result<_, _>>()?;
        let classes = if experiment.needs().has(Need::Labels) {
            PromptSet::named_or_path(&experiment.eval.zero_shot.prompts)?.classes
        } else {
            Vec::new()
        };
        Ok(Self {
            studies,
            images,
            reports,
            phrases,
            pools,
            classes,
            oracle,
            labelled,
            tokenizer,
            memories: Memories::default(),
            image_view: None,
            max_phrase_tokens,
            text_shape,
        })
    }

    /// Studies that are scored and not trained on, in the words of this training. `experiment` is the one that was trained; with
    /// `report-text = "evidence"` the evidence is what their reports are.
    ///
    /// # Errors
    /// A report cannot be split into word pieces.
    pub fn of_evaluation_set(
        &self,
        experiment: &Experiment,
        corpus: Corpus,
        images: ImageStore,
        evidence: &[ReportEvidence],
    ) -> Result<Self, PreparedError> {
        let (studies, tokenizer) = (corpus.studies, self.tokenizer.clone());
        let read = ReadEvidence::new(evidence);
        let texts = texts(&studies, &read, experiment);
        let words = Words { tokenizer: &tokenizer, text: &experiment.encoder.text, space: &experiment.evidence_space };
        let reports = words.reports(&studies, &texts, &read, &EvidenceTable::default())?;
        let pools = Pools { paired: Vec::new(), images: Vec::new(), reports: Vec::new() };
        let (classes, text_shape) = (self.classes.clone(), self.text_shape.clone());
        let Self { oracle, max_phrase_tokens, .. } = *self;
        Ok(Self {
            studies,
            images,
            reports,
            phrases: Vec::new(),
            pools,
            classes,
            oracle,
            labelled: None,
            tokenizer,
            memories: self.memories.clone(),
            image_view: None,
            max_phrase_tokens,
            text_shape,
        })
    }

    /// What the model's shape depends on besides the experiment.
    pub fn model_shape(&self) -> ModelShape {
        ModelShape { text: self.text_shape.clone(), classes: self.classes.len() }
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

    /// Token ids of the evidence phrases of a study's report; none where nobody has read them.
    pub fn evidence(&self, study: usize) -> Vec<&[i32]> {
        let Some(report) = self.report(study) else { return Vec::new() };
        let learned = report.phrases.iter().map(|&phrase| self.phrases[phrase].as_slice());
        learned.chain(report.held_out.iter().map(Vec::as_slice)).collect()
    }

    /// Whether a split has a study with an image, as scores need it.
    pub fn has_images(&self, split: Split) -> bool {
        self.split(split).into_iter().any(|study| self.images.pixels(study).is_some())
    }

    /// Positions of the studies of a split, in order.
    pub fn split(&self, split: Split) -> Vec<usize> {
        (0..self.studies.len()).filter(|&study| self.studies[study].split == split).collect()
    }
}

/// What makes token ids of texts.
struct Words<'a> {
    tokenizer: &'a Tokenizer,
    text: &'a TextEncoder,
    space: &'a EvidenceSpace,
}

impl Words<'_> {
    /// Token ids of reports, which have the evidence of the table; of those that it does not have, what was `read` is held out.
    fn reports(
        &self,
        studies: &[Study],
        texts: &[Option<String>],
        read: &ReadEvidence<'_>,
        table: &EvidenceTable,
    ) -> Result<Vec<Option<ReadReport>>, PreparedError> {
        let report = |(study, report): (usize, &Option<String>)| {
            let Some(report) = report else { return Ok(None) };
            let tokens = self.tokenizer.encode(report, self.text.max_tokens())?;
            let learned = table.of_study.get(&study).cloned();
            let held_out = if learned.is_some() { None } else { read.phrases(&studies[study], self.space) };
            let held_out = held_out.unwrap_or_default();
            let phrase = |phrase: &String| self.tokenizer.encode(phrase, self.text.max_phrase_tokens());
            let held_out = held_out.iter().map(phrase).collect::<Result<_, _>>()?;
            let (phrases, evidence_set) = learned.unwrap_or_default();
            Ok(Some(ReadReport { tokens, phrases, evidence_set, held_out }))
        };
        texts.par_iter().enumerate().map(report).collect()
    }
}

/// What the text encoder reads of studies.
fn texts(studies: &[Study], read: &ReadEvidence<'_>, experiment: &Experiment) -> Vec<Option<String>> {
    studies.iter().map(|study| text_of(study, read, experiment)).collect()
}

/// What the text encoder reads of a study, by the experiment's choice: its report, or the report's evidence.
fn text_of(study: &Study, read: &ReadEvidence<'_>, experiment: &Experiment) -> Option<String> {
    match experiment.encoder.report_text {
        ReportText::Report => study.report.as_ref().map(lgdea_data::Report::text),
        ReportText::Evidence => Some(read.phrases(study, &experiment.evidence_space)?.join(". ")),
    }
}
