//! The training loop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use burn::module::Module;
use burn::tensor::Device;
use lgdea_data::Split;
use lgdea_inspect::evaluate;
use lgdea_inspect::method::{matches_reports, uses_graph};
use lgdea_model::Lgdea;
use lgdea_prepared::Prepared;
use lgdea_spec::{Experiment, PrototypeInit, Seed};
use lgdea_track::{Event, Journal, RunDir};

use crate::collapse::CollapseWatch;
use crate::schedule::warm_cosine;
use crate::step::{Measured, State, joint_step};
use crate::stopwatch::Stopwatch;
use crate::warmup::text_step;
use crate::{TrainError, checkpoint, loader, optimizer, pretrained, relation};

/// Share of the time that may pass in waiting for batches, and logged steps in a row of which more is worth a word.
const STARVED: f64 = 0.1;
const STARVED_FOR: u8 = 3;

/// Part of the training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reports alone.
    TextWarmup,
    /// Images and reports.
    Joint,
}

/// How training goes; given to the observer after every step.
#[derive(Debug, Clone)]
pub struct StepReport {
    /// The stage.
    pub stage: Stage,
    /// Steps done in the stage.
    pub done: usize,
    /// Steps of the stage.
    pub steps: usize,
    /// Total loss, at logged steps.
    pub loss: Option<f64>,
    /// Training images a second since the last logged step.
    pub images_per_second: Option<f64>,
}

/// A trained model.
pub struct TrainOutcome {
    /// The moving average of the model, in validation mode: what is evaluated.
    pub model: Lgdea,
    /// Whether all steps were done; otherwise a checkpoint waits to be resumed.
    pub finished: bool,
}

/// Trains a model, from the newest checkpoint of the run if there is one.
///
/// Metrics go to the journal every `train.log-every` steps. When `stop` becomes true the loop ends after the step under
/// way, with a checkpoint.
pub fn train(
    experiment: &Experiment,
    prepared: &Prepared,
    device: &Device,
    run: &RunDir,
    journal: &Journal,
    observer: &dyn Fn(&StepReport),
    stop: &AtomicBool,
) -> Result<TrainOutcome, TrainError> {
    if prepared.pools.paired.is_empty() {
        return Err(TrainError::NoPairs);
    }
    let trainer = Trainer { experiment, prepared, device, run, journal, observer, stop };
    let mut state = State::fresh(experiment, prepared, device)?;
    let first = if let Some((done, path)) = checkpoint::newest(&run.checkpoints())? {
        state = checkpoint::load(&path, state, &experiment.train, device)?;
        state.model = optimizer::freeze(state.model, &experiment.train)?;
        done
    } else {
        for told in pretrained::load(&mut state.model, &experiment.encoder)? {
            tracing::info!("{told}");
            journal.write(Event::Warning { message: told })?;
        }
        state.model = optimizer::freeze(state.model, &experiment.train)?;
        0
    };
    if first == 0 {
        state = trainer.warm_up(state)?;
        if trainer.stopped() {
            state.average = state.model.valid();
            trainer.checkpoint(0, &state)?;
            return Ok(TrainOutcome { model: state.average, finished: false });
        }
        state = trainer.start_prototypes(state)?;
    }
    trainer.joint(state, first)
}

struct Trainer<'a> {
    experiment: &'a Experiment,
    prepared: &'a Prepared,
    device: &'a Device,
    run: &'a RunDir,
    journal: &'a Journal,
    observer: &'a dyn Fn(&StepReport),
    stop: &'a AtomicBool,
}

impl Trainer<'_> {
    fn seed(&self) -> Seed {
        self.experiment.seed
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The text warm-up from where it was left.
    fn warm_up(&self, mut state: State) -> Result<State, TrainError> {
        let (train, first) = (&self.experiment.train, state.warmed_up);
        if self.experiment.loss.text_evidence.weight == 0.0 {
            return Ok(state);
        }
        thread::scope(|scope| {
            let mut batches = loader::text_batches(scope, self.prepared, train, self.seed(), first);
            let mut meter = Meter::new(Stage::TextWarmup, train.text_warmup_steps, self.experiment);
            for step in first..train.text_warmup_steps {
                if self.stopped() {
                    break;
                }
                let measured;
                (state, measured) = text_step(state, &batches.next()?.0, self.experiment, step, self.device);
                state.warmed_up = step + 1;
                self.report(&mut meter, step, 0, Duration::ZERO, measured, &[])?;
            }
            Ok(state)
        })
    }

    /// Prototypes where the phrases of the training reports are.
    fn start_prototypes(&self, mut state: State) -> Result<State, TrainError> {
        if self.experiment.evidence_space.prototype_init == PrototypeInit::KMeans {
            let valid = state.model.valid();
            let (model, inertia) =
                relation::start_prototypes(state.model, &valid, self.prepared, self.seed(), self.device);
            state.model = model;
            self.journal.metrics(0, &[("evidence/k_means_inertia", inertia)])?;
        }
        state.average = state.model.valid();
        Ok(state)
    }

    /// The joint steps from `first` on.
    fn joint(&self, mut state: State, first: usize) -> Result<TrainOutcome, TrainError> {
        let train = &self.experiment.train;
        thread::scope(|scope| {
            let mut batches = loader::joint_batches(scope, self.prepared, self.experiment, first);
            let mut meter = Meter::new(Stage::Joint, train.steps, self.experiment);
            // A run that was cut off between a checkpoint and its scores.
            if first > 0 && self.is_scored(first) {
                self.validate(first, &state)?;
            }
            for step in first..train.steps {
                self.refresh_graph(&mut state, step)?;
                self.refresh_matches(&mut state, step)?;
                let (batch, waited) = batches.next()?;
                let measured;
                (state, measured) = joint_step(
                    state,
                    &batch,
                    self.prepared,
                    self.experiment,
                    step,
                    self.device,
                    &mut Stopwatch::off(),
                )?;
                let rate = warm_cosine(train.learning_rate, step, train.warmup, train.steps);
                let images = batch.pairs + batch.unpaired.len();
                self.report(&mut meter, step, images, waited, measured, &[("train/learning_rate", rate)])?;
                let done = step + 1;
                let stopped = self.stopped();
                let due = train.checkpoint_every > 0 && done % train.checkpoint_every == 0;
                if due || stopped || done == train.steps {
                    self.checkpoint(done, &state)?;
                }
                if !stopped && self.is_scored(done) {
                    self.validate(done, &state)?;
                }
                if stopped && done < train.steps {
                    return Ok(TrainOutcome { model: state.average, finished: false });
                }
            }
            Ok(TrainOutcome { model: state.average, finished: true })
        })
    }

    /// Whether the validation split is scored on the way after so many steps.
    fn is_scored(&self, done: usize) -> bool {
        // Nothing but 0 is a multiple of 0.
        done < self.experiment.train.steps && done.is_multiple_of(self.experiment.eval.every)
    }

    /// Scores the validation split, where there is one, without intervals.
    fn validate(&self, done: usize, state: &State) -> Result<(), TrainError> {
        if !self.prepared.has_images(Split::Validation) {
            return Ok(());
        }
        let mut experiment = self.experiment.clone();
        experiment.eval.bootstrap = 0;
        let found = evaluate(&state.average, &experiment, self.prepared, Split::Validation, self.device)?;
        let values = found
            .evaluation
            .scores
            .into_iter()
            .map(|(name, score)| (format!("{}/{name}", Split::Validation), score.value));
        self.journal.write(Event::Metrics { step: done as u64, values: values.collect() })?;
        Ok(())
    }

    fn refresh_graph(&self, state: &mut State, step: usize) -> Result<(), TrainError> {
        let graph = &self.experiment.graph;
        let used = uses_graph(self.experiment) && !self.prepared.pools.images.is_empty();
        if used && step >= graph.start && (step - graph.start).is_multiple_of(graph.refresh) {
            let targets = relation::graph_targets(&state.average, self.prepared, graph, self.device);
            let reached = targets.mass.iter().filter(|&&mass| mass > f32::EPSILON).count();
            let share = reached as f64 / targets.mass.len() as f64;
            self.journal.metrics(step as u64, &[("graph/reached", share)])?;
            state.graph = Some(targets.evidence);
        }
        Ok(())
    }

    /// Matches unpaired images and reports anew, where pseudo-pairs are learned.
    fn refresh_matches(&self, state: &mut State, step: usize) -> Result<(), TrainError> {
        let settings = &self.experiment.loss.pseudo_pair;
        let used = matches_reports(self.experiment) && !self.prepared.pools.images.is_empty();
        if used && step >= settings.start && (step - settings.start).is_multiple_of(settings.refresh) {
            let matches = relation::match_reports(&state.average, self.prepared, settings, self.device);
            let share = matches.iter().flatten().count() as f64 / matches.len() as f64;
            self.journal.metrics(step as u64, &[("pseudo_pair/matched", share)])?;
            state.matches = Some(matches);
        }
        Ok(())
    }

    fn checkpoint(&self, done: usize, state: &State) -> Result<(), TrainError> {
        let path = checkpoint::save(&self.run.checkpoints(), done, state)?;
        let path = path.strip_prefix(self.run.path()).unwrap_or(&path);
        let path = path.to_string_lossy().replace('\\', "/");
        self.journal.write(Event::Checkpoint { step: done as u64, path })?;
        Ok(())
    }

    /// Tells the observer of a step, and the journal of a logged one.
    fn report(
        &self,
        meter: &mut Meter,
        step: usize,
        images: usize,
        waited: Duration,
        measured: Measured,
        more: &[(&str, f64)],
    ) -> Result<(), TrainError> {
        let done = step + 1;
        meter.count(images, waited);
        let mut report =
            StepReport { stage: meter.stage, done, steps: meter.steps, loss: None, images_per_second: None };
        if meter.is_due(done) {
            let prefix = match meter.stage {
                Stage::TextWarmup => "text_warmup",
                Stage::Joint => "train",
            };
            let loss = measured.loss.into_scalar::<f32>();
            if !loss.is_finite() {
                return Err(TrainError::NotFinite { step, loss });
            }
            let mut values = vec![(format!("{prefix}/loss"), f64::from(loss))];
            for (name, value) in measured.values {
                let name = if name.contains("evidence/") { name } else { format!("{prefix}/{name}") };
                values.push((name, f64::from(value.into_scalar::<f32>())));
            }
            values.extend(more.iter().map(|&(name, value)| (name.to_owned(), value)));
            if meter.stage == Stage::Joint {
                let (images_per_second, waiting) = meter.rate();
                values.push(("train/images_per_second".to_owned(), images_per_second));
                values.push(("train/data_wait".to_owned(), waiting));
                report.images_per_second = Some(images_per_second);
                if let Some(message) = meter.starved(waiting) {
                    self.warn(done, &message)?;
                }
            }
            let borrowed: Vec<(&str, f64)> = values.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            self.journal.metrics(done as u64, &borrowed)?;
            for message in meter.collapse.check(&borrowed) {
                self.warn(done, message)?;
            }
            report.loss = Some(f64::from(loss));
        }
        (self.observer)(&report);
        Ok(())
    }

    fn warn(&self, done: usize, message: &str) -> Result<(), TrainError> {
        tracing::warn!("step {done}: {message}");
        self.journal.write(Event::Warning { message: format!("step {done}: {message}") })?;
        Ok(())
    }
}

/// Throughput between logged steps, and what these have shown so far.
struct Meter {
    stage: Stage,
    steps: usize,
    log_every: usize,
    since: Instant,
    images: usize,
    waited: Duration,
    collapse: CollapseWatch,
    /// Logged steps in a row of which too much was waiting.
    starved: u8,
}

impl Meter {
    fn new(stage: Stage, steps: usize, experiment: &Experiment) -> Self {
        let (log_every, collapse) = (experiment.train.log_every, CollapseWatch::new(experiment));
        Self { stage, steps, log_every, since: Instant::now(), images: 0, waited: Duration::ZERO, collapse, starved: 0 }
    }

    fn count(&mut self, images: usize, waited: Duration) {
        self.images += images;
        self.waited += waited;
    }

    fn is_due(&self, done: usize) -> bool {
        done == 1 || done == self.steps || done.is_multiple_of(self.log_every.max(1))
    }

    /// What to say, once, where batches come too slowly for too long.
    fn starved(&mut self, waiting: f64) -> Option<String> {
        if self.starved == STARVED_FOR {
            return None;
        }
        self.starved = if waiting > STARVED { self.starved + 1 } else { 0 };
        let percent = 100.0 * waiting;
        (self.starved == STARVED_FOR)
            .then(|| format!("{percent:.0} % of the time passes in waiting for batches: raise device.loader-threads"))
    }

    /// Images a second and the share of time spent waiting for data, since the last call.
    fn rate(&mut self) -> (f64, f64) {
        let seconds = self.since.elapsed().as_secs_f64().max(1e-9);
        let rate = (self.images as f64 / seconds, self.waited.as_secs_f64() / seconds);
        (self.since, self.images, self.waited) = (Instant::now(), 0, Duration::ZERO);
        rate
    }
}
