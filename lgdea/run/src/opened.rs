//! A run that is looked into: its data as they were, and its newest model.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use lgdea_data::{Corpus, Skipped, Study};
use lgdea_evidence::{EvidenceError, Extraction, Provider, ReportEvidence};
use lgdea_inputs::{Digests, Loaded};
use lgdea_inspect::Trained;
use lgdea_model::Lgdea;
use lgdea_prepared::Prepared;
use lgdea_spec::{Evidence, Experiment, Resolved};
use lgdea_track::{History, RunDir, Status};
use lgdea_train::{load_model, newest_checkpoint};

use crate::open_set::OpenSet;
use crate::preparation::{evidence_cache, report_texts};
use crate::{Audience, Preparation, RunError};

/// A run that is there, before anything of it is opened.
pub struct Found {
    /// Its folder.
    pub run: RunDir,
    /// What was run.
    pub experiment: Experiment,
    pub(crate) history: History,
    pub(crate) results: PathBuf,
}

/// What a run read, read again.
pub(crate) struct Again {
    pub(crate) prepared: Prepared,
    pub(crate) skipped: Skipped,
    pub(crate) provider: Provider,
    pub(crate) evidence: Vec<ReportEvidence>,
    /// The evaluation sets of the experiment that was read.
    pub(crate) sets: Vec<OpenSet>,
    pub(crate) digests: Digests,
}

/// A run with its data and its newest model.
pub struct Opened {
    /// Its folder.
    pub run: RunDir,
    /// What was run.
    pub experiment: Experiment,
    /// What training read.
    pub prepared: Prepared,
    /// The evidence that training read.
    pub evidence: Vec<ReportEvidence>,
    /// What of its data was left out or is doubtful.
    pub skipped: Skipped,
    /// Joint steps that the model has seen.
    pub step: usize,
    pub(crate) history: History,
    /// Who reads the evidence, without a server.
    provider: Provider,
    /// The averaged model, in validation mode.
    model: Lgdea,
    device: Device,
    results: PathBuf,
}

impl Found {
    /// Finds a run by its folder, or by its name below `results`. One that is given by its folder has the cache of the results folder
    /// that it stands in.
    pub fn new(wanted: &Path, results: &Path) -> Result<Self, RunError> {
        let run = find(wanted, results)?;
        let history = History::read(&run).map_err(RunError::OldJournal)?;
        let history = history.ok_or_else(|| RunError::NotARun { path: run.path().to_owned() })?;
        let experiment = Resolved::from_file(&run.experiment(), &[])?.experiment;
        let results = results_of(&run).unwrap_or_else(|| results.to_owned());
        Ok(Self { run, experiment, history, results })
    }

    /// Prepares the run's data as the run did, and loads its newest model, which may be on another device than it was trained on.
    ///
    /// Data, evidence and word pieces must be those of the run: a model that is asked in other token ids answers nonsense.
    /// No server is asked, and nothing is written into the run's folder.
    pub fn open(self, device: Device, audience: &dyn Audience) -> Result<Opened, RunError> {
        let (step, checkpoint) = self.newest(audience)?;
        let read = self.experiment.without_scored_sets();
        let Again { mut prepared, skipped, provider, evidence, .. } = self.read_again(&read, audience)?;
        let stages = Preparation { experiment: &self.experiment, results: &self.results, audience };
        prepared.image_view = stages.image_view(&prepared.images, &device)?;
        let model = load_model(&self.experiment, &prepared, &checkpoint, &device)?;
        let model = stages.reminded(model, &[&prepared])?;
        let Self { run, experiment, history, results } = self;
        Ok(Opened { run, experiment, prepared, evidence, skipped, step, history, provider, model, device, results })
    }

    /// The newest checkpoint, and the joint steps that its model has seen; tells where the run has not finished.
    pub(crate) fn newest(&self, audience: &dyn Audience) -> Result<(usize, PathBuf), RunError> {
        let newest = newest_checkpoint(&self.run)?;
        let (step, checkpoint) = newest.ok_or_else(|| no_checkpoint(&self.run, &self.history))?;
        if self.history.status != Some(Status::Finished) {
            let steps = self.experiment.train.all_steps();
            audience.say(&format!("the run has not finished: this is its model after {step} of {steps} steps"));
        }
        Ok((step, checkpoint))
    }

    /// What training read, and the evaluation sets of `read`, which is the run's experiment but for these.
    pub(crate) fn read_again(&self, read: &Experiment, audience: &dyn Audience) -> Result<Again, RunError> {
        let experiment = &Experiment { evidence: without_server(&read.evidence), ..read.clone() };
        let stages = Preparation { experiment, results: &self.results, audience };
        let Loaded { mut corpus, sets, provider, digests } = stages.inputs()?;
        self.same_data(&corpus)?;
        let (images, sets) = stages.opened(&mut corpus, sets)?;
        let pairing = stages.pairs(&corpus)?;
        let evidence = stages.evidence(&provider, &corpus, &pairing)?;
        self.same_evidence(&evidence)?;
        let skipped = corpus.skipped.clone();
        let prepared = Prepared::new(experiment, corpus, images, &evidence.reports, &pairing)?;
        self.same_pieces(&prepared)?;
        Ok(Again { prepared, skipped, provider, evidence: evidence.reports, sets, digests })
    }

    fn same_data(&self, corpus: &Corpus) -> Result<(), RunError> {
        let advice = "give back the files that it was trained on";
        self.unchanged(&self.experiment.data.name(), &corpus.digest, "the data", advice)
    }

    fn same_evidence(&self, evidence: &Extraction) -> Result<(), RunError> {
        let digest = lgdea_evidence::digest(&evidence.reports);
        let advice = "take the ontology, the prompt and the version of lgdea that it was trained with; where a language \
                      model has since answered about reports that it had failed, train again";
        self.unchanged("evidence", &digest, "the evidence read in its reports", advice)
    }

    fn same_pieces(&self, prepared: &Prepared) -> Result<(), RunError> {
        let pieces = prepared.tokenizer.to_json()?;
        let path = self.run.tokenizer();
        match std::fs::read_to_string(&path) {
            Ok(recorded) if recorded == pieces => Ok(()),
            Ok(_) => Err(RunError::OtherPieces { path }),
            Err(source) => Err(RunError::OldFile { path, source }),
        }
    }

    /// Refuses what is not as the journal has it.
    fn unchanged(&self, dataset: &str, digest: &str, what: &'static str, advice: &'static str) -> Result<(), RunError> {
        let path = self.run.path().to_owned();
        match self.history.datasets.get(dataset) {
            Some(recorded) if recorded == digest => Ok(()),
            Some(recorded) => {
                let [now, then] = [digest, recorded].map(|digest| digest.chars().take(12).collect());
                Err(RunError::Changed { what, path, now, then, advice })
            }
            None => Err(RunError::NotRecorded { path, what }),
        }
    }
}

impl Opened {
    /// The model, to be asked something.
    pub fn trained(&self) -> Trained<'_> {
        let Self { model, experiment, prepared, device, .. } = self;
        Trained { model, experiment, prepared, device }
    }

    /// Name of the run's folder.
    pub fn name(&self) -> String {
        self.run.name()
    }

    /// Evidence of reports that training does not read: read here, to be compared with, and nowhere else. None where they are
    /// a language model's to read and it has not read them. `what` they are is said then.
    pub fn unread_evidence<'s>(
        &self,
        studies: impl Iterator<Item = &'s Study>,
        what: &str,
        audience: &dyn Audience,
    ) -> Result<Vec<ReportEvidence>, RunError> {
        let counter = audience.counter("reading reports that training did not read");
        match self.provider.extract(&report_texts(studies), &evidence_cache(&self.results), &counter) {
            Ok(extraction) => Ok(extraction.reports),
            Err(EvidenceError::Replay { .. }) => {
                audience.say(&format!("the language model has not read the {what}: nothing is compared with them"));
                Ok(Vec::new())
            }
            Err(error) => Err(RunError::Evidence(error)),
        }
    }
}

/// The folder that the user means.
fn find(wanted: &Path, results: &Path) -> Result<RunDir, RunError> {
    RunDir::find(wanted, results).ok_or_else(|| {
        let mut folders = [wanted.to_owned(), results.join("runs").join(wanted)].into_iter();
        match folders.find(|folder| folder.is_dir()) {
            Some(path) => RunError::NotARun { path },
            None => no_such_run(wanted, results),
        }
    })
}

/// The results folder that a run stands in, where it has not been moved out of one.
fn results_of(run: &RunDir) -> Option<PathBuf> {
    let folder = std::path::absolute(run.path()).ok()?;
    let runs = folder.parent().filter(|runs| runs.ends_with("runs"))?;
    runs.parent().map(Path::to_owned)
}

/// That there is no such run, with the one that was probably meant, or what there is; or that a key is that of several.
pub fn no_such_run(wanted: &Path, results: &Path) -> RunError {
    let runs = results.join("runs");
    let with_key = RunDir::with_key(wanted.to_str().unwrap_or_default(), results);
    if with_key.len() > 1 {
        let names = with_key.iter().map(|run| format!("`{}`", run.name())).collect::<Vec<_>>().join(", ");
        return RunError::SeveralRuns { wanted: wanted.to_owned(), runs, names };
    }
    let names: Vec<String> = RunDir::list(&runs).unwrap_or_default().iter().map(RunDir::name).collect();
    let known = if names.is_empty() {
        ", nor any other; `--results` names the folder that runs are written to".to_owned()
    } else {
        // Of a path the last part is the run's name.
        lgdea_spec::instead(&wanted.file_name().unwrap_or_default().to_string_lossy(), &names)
    };
    RunError::NoSuchRun { wanted: wanted.to_owned(), runs, known }
}

fn no_checkpoint(run: &RunDir, history: &History) -> RunError {
    let why = match history.status {
        Some(Status::Failed) => format!("it failed: {}", history.error.as_deref().unwrap_or("for an unknown reason")),
        Some(Status::Killed | Status::Pruned) => "it was stopped before the first".to_owned(),
        Some(Status::Finished) => "it finished, and its checkpoints were removed since".to_owned(),
        None => "it is still going, or was cut off before the first".to_owned(),
    };
    RunError::NoCheckpoint { path: run.path().to_owned(), why }
}

/// A language model's answers are in the cache.
fn without_server(evidence: &Evidence) -> Evidence {
    match evidence {
        Evidence::Openai(openai) => Evidence::Replay(openai.replayed()),
        other => other.clone(),
    }
}
