//! The journal of a run as an observer of its training: metrics, checkpoints, and warnings of what goes wrong on the way.

use std::path::Path;

use lgdea_spec::Experiment;
use lgdea_track::{Event, Journal, RunDir};

use crate::TrainError;
use crate::collapse::CollapseWatch;
use crate::observer::{Observer, StepReport, Values};
use crate::starvation::StarvationWatch;

/// Writes what training tells into a run's journal.
pub(crate) struct Recorder<'a> {
    run: &'a RunDir,
    journal: &'a Journal,
    collapse: CollapseWatch,
    starvation: StarvationWatch,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(experiment: &Experiment, run: &'a RunDir, journal: &'a Journal) -> Self {
        let (collapse, starvation) = (CollapseWatch::new(experiment), StarvationWatch::default());
        Self { run, journal, collapse, starvation }
    }

    fn warn(&self, done: usize, message: &str) -> Result<(), TrainError> {
        tracing::warn!("step {done}: {message}");
        self.journal.write(Event::Warning { message: format!("step {done}: {message}") })?;
        Ok(())
    }
}

impl Observer for Recorder<'_> {
    fn step_done(&mut self, step: &StepReport) -> Result<(), TrainError> {
        let Some(logged) = &step.logged else { return Ok(()) };
        let throughput = logged.throughput;
        if let Some(message) = throughput.and_then(|throughput| self.starvation.check(throughput.waiting)) {
            self.warn(step.done, &message)?;
        }
        self.metrics(step.done, logged.values.clone())?;
        for message in self.collapse.check(&logged.values) {
            self.warn(step.done, message)?;
        }
        Ok(())
    }

    fn metrics(&mut self, step: usize, values: Values) -> Result<(), TrainError> {
        Ok(self.journal.write(Event::Metrics { step: step as u64, values })?)
    }

    fn note(&mut self, message: &str) -> Result<(), TrainError> {
        tracing::info!("{message}");
        Ok(self.journal.write(Event::Warning { message: message.to_owned() })?)
    }

    fn checkpoint(&mut self, done: usize, path: &Path) -> Result<(), TrainError> {
        let path = path.strip_prefix(self.run.path()).unwrap_or(path);
        let path = path.to_string_lossy().replace('\\', "/");
        Ok(self.journal.write(Event::Checkpoint { step: done as u64, path })?)
    }
}
