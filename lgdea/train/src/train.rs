//! The training loop: rounds of text warm-up, the prototypes' start, joint steps.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use burn::module::Module;
use burn::tensor::Device;
use lgdea_data::Split;
use lgdea_metric::curve::{BEST_STEP, K_MEANS_INERTIA};
use lgdea_model::Lgdea;
use lgdea_prepared::Prepared;
use lgdea_spec::{Experiment, Need, PrototypeInit};
use lgdea_track::{Journal, RunDir};

use crate::best::Best;
use crate::meter::Meter;
use crate::observer::{Both, InRound, Observer};
use crate::recorder::Recorder;
use crate::stage::Stage;
use crate::state::State;
use crate::step::joint_step;
use crate::towers::autodiff;
use crate::warmup::text_step;
use crate::{TrainError, checkpoint, loader, refresh, relation, validation};

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
    observer: &mut dyn Observer,
    stop: &AtomicBool,
) -> Result<TrainOutcome, TrainError> {
    let mut recorder = Recorder::new(experiment, run, journal);
    let mut observers = Both(&mut recorder, observer);
    let mut trainer = Trainer::new(experiment, prepared, device, Some(run), &mut observers, stop)?;
    let (mut state, done) = match checkpoint::newest(&run.checkpoints())? {
        Some((done, path)) => (checkpoint::load(&path, experiment, prepared, device)?, done),
        None => (trainer.fresh()?, 0),
    };
    let train = &experiment.train;
    // All steps are done at the end of the last round.
    let first = (done / train.steps).min(train.rounds - 1);
    let mut done = done - first * train.steps;
    for round in first..train.rounds {
        trainer.observer.round = round;
        if done == 0 {
            if round > 0 {
                state = State { teacher: Some(state.average), ..State::fresh(experiment, prepared, device)?.0 };
            }
            state = trainer.warm_up(state)?;
            if trainer.stopped() {
                // Nothing is averaged yet, and a checkpoint holds both models.
                state.average = state.model.valid();
                trainer.checkpoint(0, &state)?;
                return Ok(TrainOutcome { model: state.average, finished: false });
            }
            state = trainer.start_prototypes(state)?;
        }
        let finished;
        (state, finished) = trainer.joint(state, done..train.steps)?;
        if !finished {
            return Ok(TrainOutcome { model: state.average, finished });
        }
        done = 0;
    }
    Ok(TrainOutcome { model: state.average, finished: true })
}

/// What all steps share.
pub(crate) struct Trainer<'a> {
    experiment: &'a Experiment,
    prepared: &'a Prepared,
    device: &'a Device,
    run: Option<&'a RunDir>,
    observer: InRound<'a>,
    stop: &'a AtomicBool,
}

impl<'a> Trainer<'a> {
    /// Checkpoints are kept in the folder of `run`; without one, nothing is.
    ///
    /// # Errors
    /// There are no pairs to learn from, or nothing that patience could wait for.
    pub(crate) fn new(
        experiment: &'a Experiment,
        prepared: &'a Prepared,
        device: &'a Device,
        run: Option<&'a RunDir>,
        observer: &'a mut dyn Observer,
        stop: &'a AtomicBool,
    ) -> Result<Self, TrainError> {
        if prepared.pools.paired.is_empty() {
            return Err(TrainError::NoPairs);
        }
        if experiment.train.patience.is_on() && !prepared.has_images(Split::Validation) {
            return Err(TrainError::NothingScored);
        }
        let observer = InRound { observer, train: &experiment.train, round: 0 };
        Ok(Self { experiment, prepared, device, run, observer, stop })
    }

    /// A model that has learned nothing but what the published weights bring that the experiment names.
    pub(crate) fn fresh(&mut self) -> Result<State, TrainError> {
        let (state, told) = State::fresh(self.experiment, self.prepared, self.device)?;
        told.iter().try_for_each(|message| self.observer.note(message))?;
        Ok(state)
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The text warm-up from where it was left.
    fn warm_up(&mut self, mut state: State) -> Result<State, TrainError> {
        let (experiment, train, first) = (self.experiment, &self.experiment.train, state.warmed_up);
        if !experiment.needs().has(Need::TextWarmup) {
            return Ok(state);
        }
        let autodiff = autodiff(self.device, train);
        thread::scope(|scope| {
            let mut batches = loader::text_batches(scope, self.prepared, train, experiment.seed, first, &autodiff);
            let mut meter = Meter::new(Stage::TextWarmup, train.text_warmup_steps, train.log_every);
            for step in first..train.text_warmup_steps {
                if self.stopped() {
                    break;
                }
                let (batch, _) = batches.next()?;
                let measured;
                (state, measured) = text_step(state, &batch, experiment, step);
                state.warmed_up = step + 1;
                self.observer.step_done(&meter.report(step, batch.sizes(), Duration::ZERO, measured)?)?;
            }
            Ok(state)
        })
    }

    /// Prototypes where the phrases of the training reports are.
    fn start_prototypes(&mut self, mut state: State) -> Result<State, TrainError> {
        let experiment = self.experiment;
        if experiment.evidence_space.prototype_init == PrototypeInit::KMeans {
            let valid = state.model.valid();
            let (model, inertia) =
                relation::start_prototypes(state.model, &valid, self.prepared, experiment.seed, self.device);
            state.model = model;
            self.observer.metrics(0, [(K_MEANS_INERTIA.name.to_owned(), inertia)].into())?;
        }
        state.average = state.model.valid();
        Ok(state)
    }

    /// The joint steps of this range of a round, and whether all were done.
    pub(crate) fn joint(&mut self, mut state: State, steps: Range<usize>) -> Result<(State, bool), TrainError> {
        let (experiment, prepared, train) = (self.experiment, self.prepared, &self.experiment.train);
        let autodiff = autodiff(self.device, train);
        thread::scope(|scope| {
            let mut batches = loader::joint_batches(scope, prepared, experiment, steps.clone(), &autodiff);
            let mut meter = Meter::new(Stage::Joint, train.steps, train.log_every);
            // The run may have been cut off after this checkpoint and before its scores.
            if steps.start > 0 && !steps.is_empty() {
                self.validate(steps.start, &mut state)?;
            }
            let mut ended = steps.end;
            for step in steps.clone() {
                refresh::graph(&mut state, step, experiment, prepared, self.device, &mut self.observer)?;
                refresh::matches(&mut state, step, experiment, prepared, self.device, &mut self.observer)?;
                self.observer.step_begins();
                let (batch, waited) = batches.next()?;
                self.observer.part_ends("waiting for data");
                let measured;
                (state, measured) =
                    joint_step(state, &batch, prepared, experiment, step, self.device, &mut self.observer)?;
                self.observer.step_done(&meter.report(step, batch.sizes(), waited, measured)?)?;
                let (done, stopped) = (step + 1, self.stopped());
                if done < steps.end {
                    let due = train.checkpoint_every > 0 && done % train.checkpoint_every == 0;
                    if due || stopped {
                        self.checkpoint(done, &state)?;
                    }
                    if stopped {
                        return Ok((state, false));
                    }
                }
                self.validate(done, &mut state)?;
                if state.best.as_ref().is_some_and(|best| best.is_final(done, experiment)) {
                    ended = done;
                    break;
                }
            }
            if !steps.is_empty() {
                state = self.result(state, ended)?;
            }
            Ok((state, true))
        })
    }

    /// What a round comes to that has ended after so many steps: the best model where patience keeps it, else the last.
    fn result(&mut self, mut state: State, ended: usize) -> Result<State, TrainError> {
        if let Some(best) = state.best.take() {
            self.observer.note(&best.told(ended, self.experiment))?;
            self.observer.metrics(ended, [(BEST_STEP.name.to_owned(), best.done as f64)].into())?;
            state.average = best.model;
        }
        // It teaches nothing any more, and need not be kept.
        state.teacher = None;
        // However early it has ended, all steps of the round are over.
        self.checkpoint(self.experiment.train.steps, &state)?;
        Ok(state)
    }

    /// Scores the validation split on the way, where there is one and it is due after so many steps.
    fn validate(&mut self, done: usize, state: &mut State) -> Result<(), TrainError> {
        if !validation::is_due(self.experiment, self.prepared, done) {
            return Ok(());
        }
        let scores = validation::scores(&state.average, self.experiment, self.prepared, self.device)?;
        let patience = &self.experiment.train.patience;
        if patience.is_on() {
            state.best = Best::of(state.best.take(), &state.average, &scores, done, patience)?;
        }
        self.observer.metrics(done, scores)
    }

    /// Writes a checkpoint after `done` joint steps of the round. A later round that has not begun them goes on from the end of the one
    /// before.
    fn checkpoint(&mut self, done: usize, state: &State) -> Result<(), TrainError> {
        let (Some(run), before) = (self.run, self.observer.steps_before()) else { return Ok(()) };
        if done == 0 && before > 0 {
            return Ok(());
        }
        let path = checkpoint::save(&run.checkpoints(), before + done, state)?;
        self.observer.checkpoint(done, &path)
    }
}
