//! From an experiment to everything that training reads.

use std::path::{Path, PathBuf};

use lgdea_cache::{Cache, Stage};
use lgdea_data::{Corpus, ImageStore, Making, PairingManifest, Study};
use lgdea_evidence::{Extraction, Provider, ReportText};
use lgdea_inputs::{Loaded, Loader};
use lgdea_prepared::evidence_readers;
use lgdea_spec::Experiment;

use crate::failure::Failure;
use crate::progress::{Progress, say};

/// What a run depends on.
pub(crate) struct Inputs {
    pub(crate) corpus: Corpus,
    pub(crate) provider: Provider,
    pub(crate) run_key: String,
    /// The same of what determines the trained weights.
    pub(crate) training_key: String,
}

/// Reads what an experiment reads.
pub(crate) fn load(experiment: &Experiment, progress: &Progress) -> Result<Inputs, Failure> {
    let counter = progress.counter("reading data");
    let Loaded { corpus, provider, digests } = Loader::default()
        .load(&experiment.inputs(), &|done, total| counter.update(done, total))
        .map_err(|error| Failure::bad(&error))?;
    let (run_key, training_key) = (digests.run_key(experiment), digests.training_key(experiment));
    Ok(Inputs { corpus, provider, run_key, training_key })
}

/// Opens the images of the corpus, decoded or rendered once for all runs of `results`, taking those that cannot be read out
/// of it, and draws the pairs.
pub(crate) fn images_and_pairs(
    experiment: &Experiment,
    corpus: &mut Corpus,
    results: &Path,
    progress: &Progress,
) -> Result<(ImageStore, PairingManifest), Failure> {
    let counter = progress.counter("reading images");
    let making = Making {
        size: experiment.encoder.image.size(),
        threads: experiment.device.threads,
        progress: &|done, total| counter.update(done, total),
        waiting: &|holder| say(format!("{holder} is reading the same images: waiting for it")),
    };
    let (images, _) =
        ImageStore::open(corpus, making, &Cache::of_results(results)).map_err(|error| Failure::bad(&error))?;
    drop(counter);
    let pairing = lgdea_data::pair(corpus, &experiment.pairing, experiment.seed.stream("pairing"))
        .map_err(|error| Failure::bad(&error))?;
    Ok((images, pairing))
}

/// Evidence of the reports that the experiment reads. Answers of language models are kept in `results` for all runs.
pub(crate) fn evidence(
    experiment: &Experiment,
    provider: &Provider,
    corpus: &Corpus,
    pairing: &PairingManifest,
    results: &Path,
    progress: &Progress,
) -> Result<Extraction, Failure> {
    let studies = evidence_readers(experiment, &corpus.studies, pairing);
    if !provider.asks_a_server() {
        return extract(provider, &studies, &evidence_cache(results), progress);
    }
    // One process asks at a time, so that no report is paid for twice.
    let waiting = |holder: &str| say(format!("{holder} is asking the same language model: waiting for it"));
    Cache::of_results(results)
        .alone(Stage::Evidence, &provider.digest(), &waiting, || {
            extract(provider, &studies, &evidence_cache(results), progress)
        })
        .map_err(|error| Failure::failed(&error))?
}

/// Where the answers of language models are kept.
pub(crate) fn evidence_cache(results: &Path) -> PathBuf {
    results.join("cache").join("evidence.sqlite")
}

/// The reports of the studies that have one, for a provider to read.
pub(crate) fn report_texts<'a>(studies: impl Iterator<Item = &'a Study>) -> Vec<ReportText> {
    let text = |study: &Study| Some(ReportText { id: study.id.clone(), text: study.report.as_ref()?.text() });
    studies.filter_map(text).collect()
}

/// Evidence of the studies' reports.
fn extract(provider: &Provider, studies: &[&Study], cache: &Path, progress: &Progress) -> Result<Extraction, Failure> {
    let reports = report_texts(studies.iter().copied());
    let counter = progress.counter("reading evidence");
    let extraction = provider
        .extract(&reports, cache, &|done, total| counter.update(done, total))
        .map_err(|error| Failure::failed(&error))?;
    drop(counter);
    let unanswered = &extraction.tally.unanswered;
    match unanswered.first() {
        None => Ok(extraction),
        Some(first) => Err(Failure::because(format!(
            "the server answered nothing for {} of {} reports ({}: {}); the others are kept, and the same command asks \
             for these again",
            unanswered.len(),
            reports.len(),
            first.report_id,
            first.reason,
        ))),
    }
}

pub(super) fn describe(corpus: &Corpus, pairing: &PairingManifest) -> String {
    format!(
        "{} studies; training on {} pairs, {} images without report, {} reports without image",
        corpus.studies.len(),
        pairing.paired.len(),
        pairing.images.len(),
        pairing.reports.len(),
    )
}
