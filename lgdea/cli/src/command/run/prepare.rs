//! From an experiment to everything that training reads.

use lgdea_data::{Corpus, ImageStore, PairingManifest, Report, Study};
use lgdea_evidence::{Ontology, ReportEvidence, Rules};
use lgdea_spec::{Evidence, Experiment};
use lgdea_track::{Identity, RunDir};
use lgdea_train::Prepared;
use rayon::prelude::*;

use crate::failure::Failure;
use crate::progress::{Progress, say};

/// What a run depends on; cheap to load, so that a finished run is recognised before its images are decoded.
pub(crate) struct Inputs {
    pub(crate) corpus: Corpus,
    pub(crate) evidence: Vec<ReportEvidence>,
    pub(crate) run_key: String,
}

/// Reads the data and its evidence.
pub(crate) fn load(experiment: &Experiment, progress: &Progress) -> Result<Inputs, Failure> {
    let counter = progress.counter("reading data");
    let corpus = lgdea_data::load(&experiment.data, experiment.seed, &|done, total| counter.update(done, total))
        .map_err(|error| Failure::bad(&error))?;
    drop(counter);
    let evidence = extract(experiment, &corpus.studies)?;
    let run_key = Identity {
        experiment: &experiment.identity(),
        data: &corpus.digest,
        evidence: &lgdea_evidence::digest(&evidence),
        code: env!("CARGO_PKG_VERSION"),
    }
    .run_key();
    Ok(Inputs { corpus, evidence, run_key })
}

/// Evidence of every report.
fn extract(experiment: &Experiment, studies: &[Study]) -> Result<Vec<ReportEvidence>, Failure> {
    let Evidence::Rules(settings) = &experiment.evidence;
    let ontology = Ontology::named_or_path(&settings.ontology).map_err(|error| Failure::bad(&error))?;
    let rules = Rules::new(&ontology);
    let read = |study: &Study| study.report.as_ref().map(|report: &Report| rules.extract(&study.id, &report.text()));
    Ok(studies.par_iter().filter_map(read).collect())
}

/// Decodes images, draws pairs, learns the vocabulary. Writes the pairing manifest and the tokenizer into the run's
/// folder.
pub(crate) fn prepare(
    experiment: &Experiment,
    inputs: Inputs,
    run: &RunDir,
    progress: &Progress,
) -> Result<Prepared, Failure> {
    let Inputs { mut corpus, evidence, .. } = inputs;
    let counter = progress.counter("reading images");
    let size = experiment.encoder.image.size();
    let (images, _) = ImageStore::build(&mut corpus, size, experiment.device.threads, &|done, total| {
        counter.update(done, total);
    })
    .map_err(|error| Failure::bad(&error))?;
    drop(counter);
    if !corpus.skipped.is_empty() {
        say(format!("left out: {}", corpus.skipped));
    }
    let pairing = lgdea_data::pair(&corpus, &experiment.pairing, experiment.seed.stream("pairing"))
        .map_err(|error| Failure::bad(&error))?;
    say(describe(&corpus, &pairing));
    let json = serde_json::to_vec_pretty(&pairing).map_err(|error| Failure::failed(&error))?;
    std::fs::write(run.pairing(), json).map_err(|error| Failure::failed(&error))?;
    let prepared =
        Prepared::new(experiment, corpus, images, &evidence, &pairing).map_err(|error| Failure::failed(&error))?;
    let tokenizer = run.path().join("tokenizer.json");
    prepared.tokenizer.save(&tokenizer).map_err(|error| Failure::failed(&error))?;
    Ok(prepared)
}

fn describe(corpus: &Corpus, pairing: &PairingManifest) -> String {
    format!(
        "{} studies; training on {} pairs, {} images without report, {} reports without image",
        corpus.studies.len(),
        pairing.paired.len(),
        pairing.images.len(),
        pairing.reports.len(),
    )
}
