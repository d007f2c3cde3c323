//! Where the time of training goes.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use lgdea_prepared::Prepared;
use lgdea_spec::Experiment;

use crate::observer::{Observer, StepReport};
use crate::train::Trainer;
use crate::{TrainError, peer};

/// Steps before the measured ones: the first ones allocate what the others reuse.
const WARM: usize = 3;

/// What steps of an experiment take.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The first measured step, counted from 0.
    pub first: usize,
    /// Training images of a step.
    pub images: usize,
    /// Reports of a step.
    pub reports: usize,
    /// Seconds of each measured step as training takes it, the wait for its results included.
    pub steps: Vec<f64>,
    /// Parts of a step in their order, each with its seconds in every step between those. A device works behind the back of the thread
    /// that feeds it, so that each part is waited for, and together they may take longer than a step.
    pub parts: Vec<(&'static str, Vec<f64>)>,
    /// Seconds of a new relation graph, and after how many steps there is one.
    pub graph: Option<(f64, usize)>,
    /// Total loss of each step from the first one on, the unmeasured ones included.
    pub losses: Vec<f64>,
}

/// Trains for a few joint steps, from a fresh model on, and measures `steps` of them, and the parts of as many between them. They are numbered from where the last term
/// starts and unpaired images have targets, so that all terms take part. Nothing is kept; `peer`, a folder, is given the
/// model as it starts, for `PyTorch`, and the batches.
///
/// # Errors
/// As training has them.
pub fn profile(
    experiment: &Experiment,
    prepared: &Prepared,
    device: &Device,
    steps: usize,
    peer: Option<&Path>,
) -> Result<Profile, TrainError> {
    let first = experiment.last_start();
    let steps = first..first + WARM + 2 * steps;
    let settings = undisturbed(experiment);
    let mut stopwatch = Stopwatch::new(device, first + WARM, experiment.graph.refresh);
    let stop = AtomicBool::new(false);
    let mut trainer = Trainer::new(&settings, prepared, device, None, &mut stopwatch, &stop)?;
    let state = trainer.fresh()?;
    if let Some(folder) = peer {
        peer::write(folder, &state.model, experiment, prepared, steps.clone(), device)?;
    }
    trainer.joint(state, steps)?;
    Ok(stopwatch.profile)
}

/// The experiment with every loss told, and without what comes between steps.
fn undisturbed(experiment: &Experiment) -> Experiment {
    let mut experiment = experiment.clone();
    experiment.train.log_every = 1;
    experiment.train.checkpoint_every = 0;
    experiment.eval.every = 0;
    experiment
}

/// Measures joint steps and their parts, in turns.
struct Stopwatch<'d> {
    device: &'d Device,
    /// When the step began that is under way, or its part.
    since: Instant,
    /// Whether the parts of the step that is under way are measured.
    in_parts: bool,
    /// Seconds of the parts of the step that is under way, in the order of their end.
    parts: Vec<(&'static str, f64)>,
    graph_every: usize,
    profile: Profile,
}

impl<'d> Stopwatch<'d> {
    /// Keeps steps from `first` on.
    fn new(device: &'d Device, first: usize, graph_every: usize) -> Self {
        let (steps, parts, losses) = (Vec::new(), Vec::new(), Vec::new());
        let profile = Profile { first, images: 0, reports: 0, steps, parts, graph: None, losses };
        Self { device, since: Instant::now(), in_parts: false, parts: Vec::new(), graph_every, profile }
    }

    /// Seconds since then, with all that the device was asked for.
    fn seconds(&self) -> f64 {
        // A device that fails fails again where its results are read, which tells why.
        let _ = self.device.sync();
        self.since.elapsed().as_secs_f64()
    }
}

impl Observer for Stopwatch<'_> {
    fn graph_built(&mut self, took: Duration) {
        self.profile.graph.get_or_insert((took.as_secs_f64(), self.graph_every));
    }

    fn step_begins(&mut self) {
        self.parts.clear();
        self.in_parts = !self.in_parts;
        self.since = Instant::now();
    }

    fn part_ends(&mut self, part: &'static str) {
        if self.in_parts {
            self.parts.push((part, self.seconds()));
            self.since = Instant::now();
        }
    }

    fn step_done(&mut self, step: &StepReport) -> Result<(), TrainError> {
        let seconds = self.seconds();
        let profile = &mut self.profile;
        (profile.images, profile.reports) = (step.images, step.reports);
        profile.losses.extend(step.logged.as_ref().map(|logged| logged.loss));
        if step.done > profile.first && self.in_parts {
            profile.add(&self.parts);
        } else if step.done > profile.first {
            profile.steps.push(seconds);
        }
        Ok(())
    }
}

impl Profile {
    /// Adds the parts of a step.
    fn add(&mut self, parts: &[(&'static str, f64)]) {
        for &(part, seconds) in parts {
            match self.parts.iter_mut().find(|(known, _)| *known == part) {
                Some((_, all)) => all.push(seconds),
                None => self.parts.push((part, vec![seconds])),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observer::{Logged, Values};
    use crate::stage::Stage;

    #[test]
    fn warm_steps_are_told_and_not_measured() {
        let device = Device::flex();
        let mut stopwatch = Stopwatch::new(&device, 2, 100);
        for step in 0..6 {
            stopwatch.graph_built(Duration::from_secs(step + 1));
            stopwatch.step_begins();
            stopwatch.part_ends("losses");
            stopwatch.part_ends("backward");
            let logged = Some(Logged { loss: step as f64, throughput: None, values: Values::new() });
            let done = step as usize + 1;
            let report = StepReport { stage: Stage::Joint, done, steps: 9, images: 96, reports: 64, logged };
            stopwatch.step_done(&report).unwrap();
        }
        let Profile { first, images, reports, steps, parts, graph, losses } = stopwatch.profile;
        assert_eq!((first, images, reports, steps.len()), (2, 96, 64, 2));
        assert_eq!(
            parts.iter().map(|(name, seconds)| (*name, seconds.len())).collect::<Vec<_>>(),
            [("losses", 2), ("backward", 2)]
        );
        assert_eq!((graph, losses), (Some((1.0, 100)), vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]));
    }
}
