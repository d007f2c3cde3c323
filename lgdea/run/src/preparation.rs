//! From an experiment to everything that training reads: inputs, images, pairs, evidence.

use std::iter;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use lgdea_cache::{Cache, Stage};
use lgdea_data::{Corpus, ImageStore, Making, PairingManifest, Study};
use lgdea_evidence::{Extraction, Provider, ReportText};
use lgdea_inputs::{Loaded, LoadedSet, Loader};
use lgdea_prepared::{Prepared, evidence_readers};
use lgdea_spec::Experiment;

use crate::open_set::OpenSet;
use crate::{Audience, RunError};

/// The stages before training.
#[derive(Clone, Copy)]
pub struct Preparation<'a> {
    /// What is to be trained.
    pub experiment: &'a Experiment,
    /// Folder whose cache holds what is made once for all runs.
    pub results: &'a Path,
    /// Who is told how it goes.
    pub audience: &'a dyn Audience,
}

impl Preparation<'_> {
    /// All stages, one after the other, for a model on `device`.
    pub fn all(&self, device: &Device) -> Result<Prepared, RunError> {
        let Loaded { mut corpus, sets, provider, .. } = self.inputs()?;
        let (images, _) = self.opened(&mut corpus, sets)?;
        let pairing = self.pairs(&corpus)?;
        let evidence = self.evidence(&provider, &corpus, &pairing)?;
        let mut prepared = Prepared::new(self.experiment, corpus, images, &evidence.reports, &pairing)?;
        prepared.memories = self.memories(&prepared, iter::empty(), device)?;
        prepared.image_view = self.image_view(&prepared.images, device)?;
        Ok(prepared)
    }

    /// The studies of the experiment, without the images that cannot be read and what training goes without, their images, and
    /// the evaluation sets.
    pub fn data(&self) -> Result<(Corpus, ImageStore, Vec<OpenSet>), RunError> {
        let Loaded { mut corpus, sets, .. } = self.inputs()?;
        let (images, sets) = self.opened(&mut corpus, sets)?;
        Ok((corpus, images, sets))
    }

    /// Opens the images of a corpus and of evaluation sets, and keeps what is trained on and what is scored apart.
    pub(crate) fn opened(
        &self,
        corpus: &mut Corpus,
        sets: Vec<LoadedSet>,
    ) -> Result<(ImageStore, Vec<OpenSet>), RunError> {
        let mut images = self.images(corpus)?;
        let mut sets = self.open(sets)?;
        self.keep_apart(corpus, &mut images, &mut sets)?;
        Ok((images, sets))
    }

    /// Reads what the experiment reads.
    pub(crate) fn inputs(&self) -> Result<Loaded, RunError> {
        self.inputs_by(&mut Loader::new(Cache::of_results(self.results)))
    }

    /// As [`Preparation::inputs`], by a loader that may know something of them.
    pub(crate) fn inputs_by(&self, loader: &mut Loader) -> Result<Loaded, RunError> {
        let counter = self.audience.counter("reading data");
        Ok(loader.load(&self.experiment.inputs(), &counter)?)
    }

    /// Opens the images of the corpus, decoded or rendered once for all runs of the results, and takes those that cannot be
    /// read out of it.
    pub(crate) fn images(&self, corpus: &mut Corpus) -> Result<ImageStore, RunError> {
        let counter = self.audience.counter("reading images");
        let making = Making {
            size: self.experiment.encoder.image.size(),
            threads: self.experiment.device.threads,
            progress: &counter,
            waiting: &|holder| self.audience.say(&format!("{holder} is reading the same images: waiting for it")),
        };
        let (images, _) = ImageStore::open(corpus, making, &Cache::of_results(self.results))?;
        Ok(images)
    }

    /// The pairs: drawn, or those of the manifest that the experiment names.
    pub fn pairs(&self, corpus: &Corpus) -> Result<PairingManifest, RunError> {
        let Experiment { pairing, seed, .. } = self.experiment;
        Ok(lgdea_data::pair(corpus, pairing, seed.stream("pairing"))?)
    }

    /// Evidence of the reports that the experiment reads. Answers of language models are kept in the results for all runs.
    pub(crate) fn evidence(
        &self,
        provider: &Provider,
        corpus: &Corpus,
        pairing: &PairingManifest,
    ) -> Result<Extraction, RunError> {
        self.read(provider, &report_texts(evidence_readers(self.experiment, &corpus.studies, pairing)))
    }

    /// Evidence of reports.
    pub(crate) fn read(&self, provider: &Provider, reports: &[ReportText]) -> Result<Extraction, RunError> {
        if !provider.asks_a_server() {
            return self.extract(provider, reports);
        }
        // One process asks at a time, so that no report is paid for twice.
        let waiting =
            |holder: &str| self.audience.say(&format!("{holder} is asking the same language model: waiting for it"));
        let cache = Cache::of_results(self.results);
        cache.alone(Stage::Evidence, &provider.digest(), &waiting, || self.extract(provider, reports))?
    }

    fn extract(&self, provider: &Provider, reports: &[ReportText]) -> Result<Extraction, RunError> {
        let counter = self.audience.counter("reading evidence");
        let cache = evidence_cache(self.results);
        let extraction = provider.extract(reports, &cache, &counter).map_err(RunError::Evidence)?;
        let unanswered = &extraction.tally.unanswered;
        match unanswered.first() {
            None => Ok(extraction),
            Some(first) => Err(RunError::Unanswered {
                unanswered: unanswered.len(),
                reports: reports.len(),
                first: first.report_id.clone(),
                reason: first.reason.clone(),
            }),
        }
    }
}

/// Where the answers of language models are kept.
pub(crate) fn evidence_cache(results: &Path) -> PathBuf {
    results.join("cache").join("evidence.sqlite")
}

/// The reports of the studies that have one, for a provider to read.
pub(crate) fn report_texts<'a>(studies: impl IntoIterator<Item = &'a Study>) -> Vec<ReportText> {
    let text = |study: &Study| Some(ReportText { id: study.id.clone(), text: study.report.as_ref()?.text() });
    studies.into_iter().filter_map(text).collect()
}
