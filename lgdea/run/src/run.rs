//! A run, told from top to bottom: from an experiment to a trained and evaluated model, a journal and tracked metrics.

use std::time::{Duration, Instant};

use burn::tensor::Device;
use lgdea_cache::Cache;
use lgdea_eval::Scores;
use lgdea_evidence::Failures;
use lgdea_inputs::{Digests, Loaded, Loader};
use lgdea_model::Lgdea;
use lgdea_prepared::Prepared;
use lgdea_track::mlflow::{Mirror, Settings, sync_command};
use lgdea_track::{History, RunDir};
use lgdea_train::train;

use crate::evaluator::Evaluator;
use crate::folder::{earlier, open_journal, set_aside};
use crate::recorder::Recorder;
use crate::scored::Scored;
use crate::sets::PreparedSet;
use crate::shared::Shared;
use crate::stop::Stop;
use crate::{Audience, Ended, Order, Outcome, Preparation, RunError};

/// Runs an experiment on a device.
pub fn run(order: &Order<'_>, device: &Device, audience: &dyn Audience) -> Result<Ended, RunError> {
    let experiment = &order.resolved.experiment;
    let tracker = Settings::from_env(&experiment.tracker.uri, &experiment.tracker.experiment)?;
    let stop = Stop::default();
    if order.trial.is_some() {
        stop.on_end_of_input()?;
    }

    // What the run reads gives its key, and the key its folder.
    let preparation = Preparation { experiment, results: order.results, audience };
    let mut loader = Loader::new(Cache::of_results(order.results));
    // Where the data are as they were, a finished run is recognised without reading them again.
    let recalled = if order.force { None } else { loader.recall(&experiment.inputs())? };
    let finished = recalled.map(|recalled| earlier(&folder_of(order, &recalled.digests)?)).transpose()?.flatten();
    if let Some(outcome) = finished {
        return Ok(Ended::Earlier(outcome));
    }
    let inputs = preparation.inputs_by(&mut loader)?;
    let folder = folder_of(order, &inputs.digests)?;
    match earlier(&folder)? {
        Some(outcome) if !order.force => return Ok(Ended::Earlier(outcome)),
        Some(_) => set_aside(&folder)?,
        None => {}
    }
    let (run_key, training_key) = (inputs.digests.run_key(experiment), inputs.digests.training_key(experiment));

    folder.create()?;
    let Some(journal) = open_journal(&folder, order.trial.is_some(), &stop)? else { return Ok(Ended::NotBegun) };
    // Another process may have finished it before it let go of the journal.
    if let Some(outcome) = earlier(&folder)? {
        return Ok(Ended::Earlier(outcome));
    }
    audience.begins(folder.path());
    let recorder = Recorder { run: &folder, journal: &journal, run_key: &run_key, audience };
    recorder.start(order.resolved, &inputs.corpus, order.file)?;
    // A trial is shown by the sweep, beside the trials that come after it.
    let mirror = tracker.filter(|_| order.trial.is_none()).map(|settings| Mirror::start(&folder, settings));

    let shared = Shared::new(order.results, &folder, experiment, &training_key, order.force);
    let evaluator = Evaluator { experiment, recorder, shared: &shared, device };
    let job = Job { preparation, evaluator, stop: &stop };
    let ended = recorder.attempt(&experiment.device.name, &stop, || job.scores(inputs));
    let wait = Duration::from_secs(experiment.tracker.flush_seconds);
    let tracked = mirror.map(|mirror| mirror.finish(Instant::now() + wait));
    let left = tracked.as_ref().and_then(|report| report.left(&sync_command(order.results, Some(&folder))));
    if let Some(left) = &left {
        audience.say(left);
    }
    let Some(scores) = ended? else { return Ok(Ended::Stopped) };
    let History { seconds, attempts, .. } = History::read(&folder)?.unwrap_or_default();
    let dir = folder.path().display().to_string();
    Ok(Ended::Finished(Outcome { run_key, dir, scores, seconds, attempts, tracked }))
}

/// The folder of the run on inputs with these digests; refuses one that is not the planned one.
fn folder_of(order: &Order<'_>, digests: &Digests) -> Result<RunDir, RunError> {
    let experiment = &order.resolved.experiment;
    let found = digests.run_key(experiment);
    match order.trial.filter(|&planned| planned != found) {
        Some(planned) => Err(RunError::Replanned { planned: planned.to_owned(), found }),
        None => Ok(RunDir::new(order.results, &experiment.name, &found)),
    }
}

/// The work of a run whose journal is open.
struct Job<'a> {
    preparation: Preparation<'a>,
    evaluator: Evaluator<'a>,
    stop: &'a Stop,
}

impl Job<'_> {
    /// Scores of the held-out splits and of the evaluation sets; `None` where the run was stopped.
    fn scores(&self, inputs: Loaded) -> Result<Option<Scores>, RunError> {
        let (prepared, sets) = self.prepared(inputs)?;
        let (evaluator, experiment) = (&self.evaluator, self.preparation.experiment);
        // Before training, so that what cannot be scored is told at once.
        let splits = evaluator.splits(&prepared)?;
        sets.iter().try_for_each(|set| set.tell(evaluator))?;
        let Some(model) = self.trained(&prepared)? else { return Ok(None) };
        let splits = splits.into_iter().map(|split| Scored::split(experiment, &prepared, split));
        let mut scores = Scores::new();
        for scored in splits.chain(sets.iter().map(|set| set.scored(&prepared))) {
            if self.stop.is_asked() {
                return Ok(None);
            }
            scores.extend(evaluator.scores(&model, &scored)?);
        }
        evaluator.recorder.summary(experiment, &scores)?;
        Ok(Some(scores))
    }

    /// Everything that training reads: images, pairs and evidence; and the evaluation sets.
    fn prepared(&self, inputs: Loaded) -> Result<(Prepared, Vec<PreparedSet>), RunError> {
        let (stages, recorder) = (&self.preparation, &self.evaluator.recorder);
        let Loaded { mut corpus, sets, provider, .. } = inputs;
        let (images, sets) = stages.opened(&mut corpus, sets)?;
        sets.iter().try_for_each(|set| recorder.set(stages.experiment, set))?;
        let pairing = stages.pairs(&corpus)?;
        recorder.pairs(&corpus, &pairing)?;
        let evidence = stages.evidence(&provider, &corpus, &pairing)?;
        recorder.evidence(&evidence)?;
        if let (0, [most, ..]) = (evidence.tally.answered(), evidence.tally.failures.as_slice()) {
            let Failures { reason, first, .. } = most.clone();
            return Err(RunError::Unread { reports: evidence.tally.reports, reason, first });
        }
        let mut prepared = Prepared::new(stages.experiment, corpus, images, &evidence.reports, &pairing)?;
        recorder.labelled(&prepared);
        recorder.tokenizer(&prepared)?;
        let sets = stages.sets(sets, &prepared, &provider)?;
        let device = self.evaluator.device;
        prepared.memories = stages.memories(&prepared, sets.iter().map(PreparedSet::prepared), device)?;
        prepared.image_view = stages.image_view(&prepared.images, device)?;
        Ok((prepared, sets))
    }

    /// Trains the model, or takes the weights of an earlier run that cannot differ; `None` where the run was stopped.
    fn trained(&self, prepared: &Prepared) -> Result<Option<Lgdea>, RunError> {
        if self.stop.is_asked() {
            return Ok(None);
        }
        // Only from here on is there a checkpoint to write.
        self.stop.on_signals();
        let Evaluator { experiment, recorder, shared, device } = self.evaluator;
        shared.take_training(&recorder)?;
        let mut training = recorder.audience.training();
        let trained =
            train(experiment, prepared, device, recorder.run, recorder.journal, &mut *training, self.stop.flag())?;
        // The progress bar ends before the next words.
        drop(training);
        if !trained.finished {
            return Ok(None);
        }
        shared.give_training();
        Ok(Some(trained.model))
    }
}
