//! Who follows training, and what is told of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use lgdea_spec::Train;

use crate::TrainError;
use crate::stage::Stage;

/// Values by the names that they are tracked under.
pub type Values = BTreeMap<String, f64>;

/// A step that is done.
#[derive(Debug, Clone)]
pub struct StepReport {
    /// The stage.
    pub stage: Stage,
    /// Steps done in the stage.
    pub done: usize,
    /// Steps of the stage.
    pub steps: usize,
    /// Training images of the batch.
    pub images: usize,
    /// Reports of the batch.
    pub reports: usize,
    /// What the step measured, at logged steps.
    pub logged: Option<Logged>,
}

/// What a logged step measured.
#[derive(Debug, Clone)]
pub struct Logged {
    /// Total loss.
    pub loss: f64,
    /// How fast the joint steps since the last logged one were.
    pub throughput: Option<Throughput>,
    /// All values.
    pub values: Values,
}

/// How fast steps are.
#[derive(Debug, Clone, Copy)]
pub struct Throughput {
    /// Training images a second.
    pub images_per_second: f64,
    /// Share of the time that passes in waiting for batches.
    pub waiting: f64,
}

/// Follows training. An observer does nothing at what it has no method for.
///
/// # Errors
/// An observer that fails ends the training.
pub trait Observer {
    /// A joint step begins: from here on its batch is waited for.
    fn step_begins(&mut self) {}

    /// A part of the joint step has ended on this thread; a device may still be at work on it.
    fn part_ends(&mut self, _part: &'static str) {}

    /// A step is done.
    fn step_done(&mut self, _step: &StepReport) -> Result<(), TrainError> {
        Ok(())
    }

    /// A new relation graph was built, in this time.
    fn graph_built(&mut self, _took: Duration) {}

    /// Values that are not a step's own, before the joint step `step`.
    fn metrics(&mut self, _step: usize, _values: Values) -> Result<(), TrainError> {
        Ok(())
    }

    /// Something that the user should know, such as what was taken of published weights.
    fn note(&mut self, _message: &str) -> Result<(), TrainError> {
        Ok(())
    }

    /// A checkpoint after `done` joint steps was written to `path`.
    fn checkpoint(&mut self, _done: usize, _path: &Path) -> Result<(), TrainError> {
        Ok(())
    }
}

/// What is told of a round, which counts its steps from 0, in the steps of all rounds.
pub(crate) struct InRound<'a> {
    pub(crate) observer: &'a mut dyn Observer,
    pub(crate) train: &'a Train,
    /// Counted from 0.
    pub(crate) round: usize,
}

impl InRound<'_> {
    /// Joint steps of the rounds before.
    pub(crate) fn steps_before(&self) -> usize {
        self.round * self.train.steps
    }
}

impl Observer for InRound<'_> {
    fn step_begins(&mut self) {
        self.observer.step_begins();
    }

    fn part_ends(&mut self, part: &'static str) {
        self.observer.part_ends(part);
    }

    fn step_done(&mut self, step: &StepReport) -> Result<(), TrainError> {
        let (done, steps) = (self.round * step.steps + step.done, self.train.rounds * step.steps);
        self.observer.step_done(&StepReport { done, steps, ..step.clone() })
    }

    fn graph_built(&mut self, took: Duration) {
        self.observer.graph_built(took);
    }

    fn metrics(&mut self, step: usize, values: Values) -> Result<(), TrainError> {
        self.observer.metrics(self.steps_before() + step, values)
    }

    fn note(&mut self, message: &str) -> Result<(), TrainError> {
        self.observer.note(message)
    }

    fn checkpoint(&mut self, done: usize, path: &Path) -> Result<(), TrainError> {
        self.observer.checkpoint(self.steps_before() + done, path)
    }
}

/// Two observers, told in this order.
pub(crate) struct Both<'a>(pub(crate) &'a mut dyn Observer, pub(crate) &'a mut dyn Observer);

impl Observer for Both<'_> {
    fn step_begins(&mut self) {
        self.0.step_begins();
        self.1.step_begins();
    }

    fn part_ends(&mut self, part: &'static str) {
        self.0.part_ends(part);
        self.1.part_ends(part);
    }

    fn step_done(&mut self, step: &StepReport) -> Result<(), TrainError> {
        self.0.step_done(step)?;
        self.1.step_done(step)
    }

    fn graph_built(&mut self, took: Duration) {
        self.0.graph_built(took);
        self.1.graph_built(took);
    }

    fn metrics(&mut self, step: usize, values: Values) -> Result<(), TrainError> {
        self.0.metrics(step, values.clone())?;
        self.1.metrics(step, values)
    }

    fn note(&mut self, message: &str) -> Result<(), TrainError> {
        self.0.note(message)?;
        self.1.note(message)
    }

    fn checkpoint(&mut self, done: usize, path: &Path) -> Result<(), TrainError> {
        self.0.checkpoint(done, path)?;
        self.1.checkpoint(done, path)
    }
}
