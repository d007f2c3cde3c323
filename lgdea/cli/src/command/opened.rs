//! A run that is looked into: its data as they were, and its newest model.

use std::path::Path;

use burn::tensor::Device;
use lgdea_evidence::{Provider, ReportEvidence};
use lgdea_inspect::Trained;
use lgdea_model::Lgdea;
use lgdea_prepared::Prepared;
use lgdea_spec::{Evidence, Experiment, Resolved};
use lgdea_track::{History, RunDir, Status};
use lgdea_train::{load_model, newest_checkpoint};
use miette::MietteDiagnostic;

use super::run::prepare;
use crate::args::inspect::RunRef;
use crate::device;
use crate::failure::{Failure, chain, refused};
use crate::progress::{Progress, say};

/// Runs named where the one asked for is not there.
const NAMED: usize = 5;

/// A run with its data and its newest model.
pub(crate) struct Opened {
    pub(crate) run: RunDir,
    pub(crate) experiment: Experiment,
    pub(crate) prepared: Prepared,
    /// Who reads the evidence, without a server.
    pub(crate) provider: Provider,
    /// The evidence that training read.
    pub(crate) evidence: Vec<ReportEvidence>,
    /// The averaged model, in validation mode.
    pub(crate) model: Lgdea,
    /// Joint steps that the model has seen.
    pub(crate) step: usize,
    pub(crate) device: Device,
}

impl Opened {
    /// Opens a run: reads its experiment, prepares its data as the run did, and loads its newest model.
    ///
    /// Data, evidence and word pieces must be those of the run: a model that is asked in other token ids answers nonsense.
    /// No server is asked, and nothing is written into the run's folder.
    pub(crate) fn new(args: &RunRef, progress: &Progress) -> Result<Self, Failure> {
        let run = find(args)?;
        let history = History::read(&run).map_err(|error| Failure::bad(&error))?.ok_or_else(|| not_a_run(&run))?;
        let experiment = Resolved::from_file(&run.experiment(), &[]).map_err(Failure::input)?.experiment;
        let device_name = args.device.as_deref().unwrap_or(&experiment.device.name);
        let device = device::open(device_name, experiment.device.threads).map_err(|error| {
            let help = "a model can be looked at on another device than it was trained on: `--device flex`";
            Failure::input(MietteDiagnostic::new(chain(&error)).with_help(help))
        })?;
        let newest = newest_checkpoint(&run).map_err(|error| Failure::failed(&error))?;
        let (step, checkpoint) = newest.ok_or_else(|| no_checkpoint(&run, &history))?;
        if history.status != Some(Status::Finished) {
            say(format!(
                "the run has not finished: this is its model after {step} of {} steps",
                experiment.train.steps
            ));
        }
        let (prepared, provider, evidence) = data(&experiment, &run, &history, &args.results, progress)?;
        let model =
            load_model(&experiment, &prepared, &checkpoint, &device).map_err(|error| Failure::failed(&error))?;
        Ok(Self { run, experiment, prepared, provider, evidence, model, step, device })
    }

    pub(crate) fn trained(&self) -> Trained<'_> {
        let Self { model, experiment, prepared, device, .. } = self;
        Trained { model, experiment, prepared, device }
    }

    /// Name of the run's folder.
    pub(crate) fn name(&self) -> String {
        self.run.name()
    }
}

/// The folder that the user means.
fn find(args: &RunRef) -> Result<RunDir, Failure> {
    let runs = args.results.join("runs");
    let folders = [args.run.clone(), runs.join(&args.run)];
    let Some(folder) = folders.into_iter().find(|folder| folder.is_dir()) else {
        let wanted = args.run.display();
        return Err(refused(format!("there is no run `{wanted}` in {}{}", runs.display(), known(&runs, &args.run))));
    };
    let run = RunDir::at(folder);
    if run.journal().is_file() { Ok(run) } else { Err(not_a_run(&run)) }
}

/// The runs that are there; of the name asked for, if there are any.
fn known(runs: &Path, wanted: &Path) -> String {
    let names: Vec<String> = RunDir::list(runs).unwrap_or_default().iter().map(RunDir::name).collect();
    let wanted = wanted.to_string_lossy();
    let (alike, others): (Vec<String>, Vec<String>) =
        names.into_iter().partition(|name| !wanted.is_empty() && name.contains(&*wanted));
    let shown = if alike.is_empty() { others } else { alike };
    let more = if shown.len() > NAMED { ", …" } else { "" };
    match shown.as_slice() {
        [] => ", nor any other; `--results` names the folder that runs are written to".to_owned(),
        some => format!("; there are {}{more}", some[..some.len().min(NAMED)].join(", ")),
    }
}

fn not_a_run(run: &RunDir) -> Failure {
    refused(format!("{} is not the folder of a run: it has no journal with anything in it", run.path().display()))
}

fn no_checkpoint(run: &RunDir, history: &History) -> Failure {
    let why = match history.status {
        Some(Status::Failed) => format!("it failed: {}", history.error.as_deref().unwrap_or("for an unknown reason")),
        Some(Status::Killed | Status::Pruned) => "it was stopped before the first".to_owned(),
        Some(Status::Finished) => "it finished, and its checkpoints were removed since".to_owned(),
        None => "it is still going, or was cut off before the first".to_owned(),
    };
    refused(format!("{} has no checkpoint to look into: {why}", run.path().display()))
}

/// The run's data, who reads its evidence, and the evidence that it read.
fn data(
    experiment: &Experiment,
    run: &RunDir,
    history: &History,
    results: &Path,
    progress: &Progress,
) -> Result<(Prepared, Provider, Vec<ReportEvidence>), Failure> {
    let experiment = &Experiment { evidence: without_server(&experiment.evidence), ..experiment.clone() };
    let inputs = prepare::load(experiment, progress)?;
    let (mut corpus, provider, name) = (inputs.corpus, inputs.provider, experiment.data.name());
    unchanged(run, history, &name, &corpus.digest, "the data", "give back the files that it was trained on")?;
    let (images, pairing) = prepare::images_and_pairs(experiment, &mut corpus, results, progress)?;
    let evidence = prepare::evidence(experiment, &provider, &corpus, &pairing, results, progress)?;
    let digest = lgdea_evidence::digest(&evidence.reports);
    let advice = "take the ontology, the prompt and the version of lgdea that it was trained with";
    unchanged(run, history, "evidence", &digest, "the evidence read in its reports", advice)?;
    let prepared = Prepared::new(experiment, corpus, images, &evidence.reports, &pairing)
        .map_err(|error| Failure::of_preparing(&error))?;
    let pieces = prepared.tokenizer.to_json().map_err(|error| Failure::failed(&error))?;
    let recorded = std::fs::read_to_string(run.tokenizer())
        .map_err(|error| refused(format!("cannot read {}: {error}", run.tokenizer().display())))?;
    if pieces != recorded {
        return Err(refused(format!(
            "the word pieces learned from the run's reports are not those of {}; take the version of lgdea that it was \
             trained with",
            run.tokenizer().display()
        )));
    }
    Ok((prepared, provider, evidence.reports))
}

/// Refuses what is not as the journal has it.
fn unchanged(
    run: &RunDir,
    history: &History,
    dataset: &str,
    digest: &str,
    what: &str,
    advice: &str,
) -> Result<(), Failure> {
    let path = run.path().display();
    match history.datasets.get(dataset) {
        Some(recorded) if recorded == digest => Ok(()),
        Some(recorded) => {
            let short = |digest: &str| digest.chars().take(12).collect::<String>();
            let (now, then) = (short(digest), short(recorded));
            Err(refused(format!("{what} of {path} changed since it was trained (digest {now}, then {then}); {advice}")))
        }
        None => Err(refused(format!("the journal of {path} does not say what {what} was; run the experiment again"))),
    }
}

/// A language model's answers are in the cache.
fn without_server(evidence: &Evidence) -> Evidence {
    match evidence {
        Evidence::Openai(openai) => Evidence::Replay(openai.replayed()),
        other => other.clone(),
    }
}
