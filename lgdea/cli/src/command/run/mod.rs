//! `lgdea run`: from an experiment file to a trained and evaluated model, a journal and tracked metrics.

mod outcome;
pub(crate) mod prepare;
mod record;
mod shared;
mod stop;

use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use lgdea_data::Split;
use lgdea_eval::prompts::PromptSet;
use lgdea_eval::{Evaluation, Scores, gallery};
use lgdea_inspect::evaluate;
use lgdea_model::Lgdea;
use lgdea_prepared::Prepared;
use lgdea_spec::{HeldOut, Resolved};
use lgdea_track::mlflow::{Mirror, Settings};
use lgdea_track::{Event, History, Journal, RunDir, Status, SystemMeter};
use lgdea_train::train;

use crate::args::RunArgs;
use crate::command::check;
use crate::device;
use crate::failure::{Failure, refused};
use crate::progress::{Progress, say};

use outcome::Outcome;
use prepare::Inputs;
use shared::Shared;
use stop::Stop;

pub(crate) fn run(args: &RunArgs) -> Result<(), Failure> {
    let (progress, training) = (Progress::new(), &args.training);
    let resolved = training.resolve()?;
    let experiment = &resolved.experiment;
    check::references(experiment)?;
    let device =
        device::open(&experiment.device.name, experiment.device.threads).map_err(|error| Failure::bad(&error))?;
    let settings = Settings::from_env(&experiment.tracker.uri, &experiment.tracker.experiment)
        .map_err(|error| Failure::bad(&error))?;

    let stop = Stop::default();
    if args.trial.is_some() {
        stop.on_end_of_input()?;
    }
    let inputs = prepare::load(experiment, &progress)?;
    if let Some(planned) = args.trial.as_ref().filter(|planned| **planned != inputs.run_key) {
        return Err(refused(format!(
            "the trial was planned as {planned} and is {} now: its data or evidence changed since; call the sweep again",
            inputs.run_key
        )));
    }
    let run = RunDir::new(&training.results, &experiment.name, &inputs.run_key);
    if let Some(history) = finished(&run)? {
        if !args.force {
            return show_finished(&run, &history, args.json);
        }
        set_aside(&run)?;
    }
    run.create().map_err(|error| Failure::failed(&error))?;
    let journal = open_journal(&run, args.trial.is_some(), &stop)?;
    // Another process may have finished it before it let go of the journal.
    if let Some(history) = finished(&run)? {
        return show_finished(&run, &history, args.json);
    }
    let run_key = inputs.run_key.clone();
    let record = record::Recorder { run: &run, journal: &journal, run_key: &run_key };
    record.start(&resolved, &inputs, &training.file)?;
    let mirror = settings.map(|settings| Mirror::start(&run, settings));

    let training_key = inputs.training_key.clone();
    let shared = Shared::new(&training.results, &run, experiment, &training_key, args.force);
    let job = Job {
        resolved: &resolved,
        run: &run,
        results: &training.results,
        shared: &shared,
        journal: &journal,
        record: &record,
        progress: &progress,
    };
    let result = job.execute(inputs, &device, &stop);
    let tracked = mirror.map(|mirror| mirror.finish(Duration::from_secs(experiment.tracker.flush_seconds)));
    let mut outcome = result?;
    outcome.tracked = tracked;
    outcome.print(args.json)
}

/// The journal of a run that is finished.
fn finished(run: &RunDir) -> Result<Option<History>, Failure> {
    let history = History::read(run).map_err(|error| Failure::failed(&error))?;
    Ok(history.filter(|history| history.status == Some(Status::Finished)))
}

fn show_finished(run: &RunDir, history: &History, json: bool) -> Result<(), Failure> {
    say(format!("{} is finished; --force runs it again", run.path().display()));
    Outcome::of_history(run, history).print(json)
}

/// Opens the journal. A trial waits for it: the process of a sweep that was killed may still be writing its checkpoint.
fn open_journal(run: &RunDir, wait: bool, stop: &Stop) -> Result<Journal, Failure> {
    loop {
        match Journal::open(run) {
            Err(lgdea_track::Error::Busy { .. }) if wait && stop.is_asked() => {
                return Err(Failure::Quiet(ExitCode::from(130)));
            }
            Err(lgdea_track::Error::Busy { .. }) if wait => {}
            journal => return journal.map_err(|error| Failure::failed(&error)),
        }
    }
}

/// Moves a finished run's folder aside, so that nothing is lost by running it again.
fn set_aside(run: &RunDir) -> Result<(), Failure> {
    let mut number = 1;
    let aside = loop {
        let aside = run.path().with_added_extension(format!("old-{number}"));
        if !aside.exists() {
            break aside;
        }
        number += 1;
    };
    std::fs::rename(run.path(), aside).map_err(|error| Failure::failed(&error))
}

/// A run whose journal is open.
struct Job<'a> {
    resolved: &'a Resolved,
    run: &'a RunDir,
    results: &'a Path,
    shared: &'a Shared<'a>,
    journal: &'a Journal,
    record: &'a record::Recorder<'a>,
    progress: &'a Progress,
}

impl Job<'_> {
    /// Trains and evaluates, and ends the journal whatever comes.
    fn execute(&self, inputs: Inputs, device: &Device, stop: &Stop) -> Result<Outcome, Failure> {
        let began = Instant::now();
        let result = self.measured(|| self.train_and_evaluate(inputs, device, stop));
        let seconds = began.elapsed().as_secs_f64();
        let (status, error) = match (&result, stop.pruned()) {
            (Ok(Some(_)), _) => (Status::Finished, None),
            (Ok(None), Some(reason)) => (Status::Pruned, Some(reason)),
            (Ok(None), None) => (Status::Killed, Some("stopped by the user".to_owned())),
            (Err(failure), _) => (Status::Failed, Some(failure.message())),
        };
        self.journal.write(Event::Ended { status, error, seconds }).map_err(|error| Failure::failed(&error))?;
        if let Some(scores) = result? {
            return Ok(Outcome::finished(self.run, self.record.run_key, scores, seconds));
        }
        say("stopped; the same command goes on from the checkpoint");
        Err(Failure::Quiet(ExitCode::from(1)))
    }

    /// Does the work while what it takes of the machine is written into the journal.
    fn measured<T>(&self, work: impl FnOnce() -> T) -> T {
        let (journal, (stop, stopped)) = (self.journal, mpsc::channel::<()>());
        let device = &self.resolved.experiment.device.name;
        thread::scope(|scope| {
            scope.spawn(move || {
                let followed = SystemMeter::new(device).map(|mut meter| meter.follow(journal, &stopped));
                if let Some(Err(error)) = followed {
                    // A journal that cannot be written ends the run by itself.
                    tracing::warn!("system metrics end here: {error}");
                }
            });
            let result = work();
            drop(stop);
            result
        })
    }

    /// Scores of both held-out splits; `None` where the user stopped the training.
    fn train_and_evaluate(&self, inputs: Inputs, device: &Device, stop: &Stop) -> Result<Option<Scores>, Failure> {
        let experiment = &self.resolved.experiment;
        let prepared = self.prepare(inputs)?;
        self.warn_of_classes(&prepared)?;
        let splits = self.splits(&prepared)?;
        if stop.is_asked() {
            return Ok(None);
        }
        stop.on_signals();
        self.shared.take_training(self.journal)?;
        let training = self.progress.training();
        let observer = |report: &_| training.update(report);
        let trained = train(experiment, &prepared, device, self.run, self.journal, &observer, stop.flag())
            .map_err(|error| Failure::of_training(&error))?;
        drop(training);
        if !trained.finished {
            return Ok(None);
        }
        self.shared.give_training();
        let mut scores = Scores::new();
        for split in splits {
            let name = &split.to_string();
            let evaluation = self.evaluate(&trained.model, &prepared, split, name, device)?;
            self.record.scores(experiment.train.steps, name, &evaluation)?;
            for warning in &evaluation.warnings {
                say(format!("{name}: {warning}"));
            }
            scores.extend(evaluation.scores.into_iter().map(|(key, score)| (format!("{name}/{key}"), score)));
        }
        self.record.summary(experiment, &scores)?;
        Ok(Some(scores))
    }

    /// Tells, before anything is trained, which classes of the prompts the data know nothing of.
    fn warn_of_classes(&self, prepared: &Prepared) -> Result<(), Failure> {
        let settings = &self.resolved.experiment.eval.zero_shot;
        if !settings.enabled {
            return Ok(());
        }
        let prompts = PromptSet::named_or_path(&settings.prompts).map_err(|error| Failure::bad(&error))?;
        let without = prepared.unlabelled(&prompts);
        if without.is_empty() {
            return Ok(());
        }
        self.record.warn(format!(
            "no study bears the label {}: zero-shot classification is without {} of the {} classes of \
             `eval.zero-shot.prompts = \"{}\"`",
            without.iter().map(|class| format!("`{class}`")).collect::<Vec<_>>().join(", "),
            without.len(),
            prompts.classes.len(),
            settings.prompts,
        ))
    }

    /// The splits to score: those that the experiment asks for, as far as they have images.
    fn splits(&self, prepared: &Prepared) -> Result<Vec<Split>, Failure> {
        let asked = &self.resolved.experiment.eval.splits;
        let all = [(HeldOut::Validation, Split::Validation), (HeldOut::Test, Split::Test)];
        let asked = all.into_iter().filter(|(split, _)| asked.contains(split)).map(|(_, split)| split);
        let (splits, empty): (Vec<_>, Vec<_>) = asked.partition(|&split| prepared.has_images(split));
        if splits.is_empty() {
            return Err(refused(format!(
                "no study of the {} split has an image, so nothing could be scored after training; give the data such \
                 studies, or other `eval.splits`",
                empty.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or the ")
            )));
        }
        for split in empty {
            self.record.warn(format!("no study of the {split} split has an image: it is not scored"))?;
        }
        Ok(splits)
    }

    /// Evaluates a split and draws its galleries, unless the same checkpoint was evaluated in the same way before.
    fn evaluate(
        &self,
        model: &Lgdea,
        prepared: &Prepared,
        split: Split,
        name: &str,
        device: &Device,
    ) -> Result<Evaluation, Failure> {
        let picture = |task: &str| Path::new("artifacts").join(format!("{task}_{name}.png"));
        let galleries = [picture("grounding"), picture("retrieval")];
        let shared = self.shared.evaluation(name, &galleries)?;
        let evaluation = if let Some(evaluation) = shared.take() {
            say(format!("the {name} split is evaluated already"));
            evaluation
        } else {
            say(format!("evaluating the {name} split"));
            let evaluated = evaluate(model, &self.resolved.experiment, prepared, split, device)
                .map_err(|error| Failure::failed(&error))?;
            let [grounding, retrieval] = galleries.each_ref().map(|gallery| self.run.path().join(gallery));
            let (panels, queries) = (evaluated.panels(prepared), evaluated.queries(prepared));
            if !panels.is_empty() {
                gallery::write(&grounding, &panels, 6).map_err(|error| Failure::failed(&error))?;
            }
            if !queries.is_empty() {
                gallery::write_retrieval(&retrieval, &queries).map_err(|error| Failure::failed(&error))?;
            }
            drop((panels, queries));
            shared.keep(&evaluated.evaluation);
            evaluated.evaluation
        };
        for gallery in galleries.iter().filter(|gallery| self.run.path().join(gallery).exists()) {
            self.record.artifact(gallery)?;
        }
        Ok(evaluation)
    }

    /// Everything that training reads. Writes the pairing manifest and the tokenizer into the run's folder.
    fn prepare(&self, inputs: Inputs) -> Result<Prepared, Failure> {
        let (experiment, Inputs { mut corpus, provider, .. }) = (&self.resolved.experiment, inputs);
        let (images, pairing) = prepare::images_and_pairs(experiment, &mut corpus, self.results, self.progress)?;
        if !corpus.skipped.is_empty() {
            say(format!("left out: {}", corpus.skipped));
        }
        say(prepare::describe(&corpus, &pairing));
        let json = serde_json::to_vec_pretty(&pairing).map_err(|error| Failure::failed(&error))?;
        std::fs::write(self.run.pairing(), json).map_err(|error| Failure::failed(&error))?;
        let evidence = prepare::evidence(experiment, &provider, &corpus, &pairing, self.results, self.progress)?;
        self.record.evidence(&evidence)?;
        let prepared = Prepared::new(experiment, corpus, images, &evidence.reports, &pairing)
            .map_err(|error| Failure::of_preparing(&error))?;
        let json = prepared.tokenizer.to_json().map_err(|error| Failure::failed(&error))?;
        std::fs::write(self.run.tokenizer(), json).map_err(|error| Failure::failed(&error))?;
        Ok(prepared)
    }
}
