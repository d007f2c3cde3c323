//! Where the time of training goes.

use std::path::Path;
use std::thread;
use std::time::Instant;

use burn::tensor::Device;
use lgdea_inspect::method::{matches_reports, uses_graph};
use lgdea_prepared::Prepared;
use lgdea_spec::Experiment;

use crate::peer::Peer;
use crate::step::{State, joint_step};
use crate::stopwatch::Stopwatch;
use crate::{TrainError, loader, optimizer, pretrained, relation};

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
    /// Seconds of each measured step.
    pub steps: Vec<f64>,
    /// Parts of a step in their order, each with its seconds in every measured step. Together they make up the steps.
    pub parts: Vec<(&'static str, Vec<f64>)>,
    /// Seconds of a new relation graph, and after how many steps there is one.
    pub graph: Option<(f64, usize)>,
    /// Total loss of each step from the first one on, the unmeasured ones included.
    pub losses: Vec<f64>,
}

/// Trains for a few steps, from a fresh model on, and measures `steps` of them. They are numbered from where the last term
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
    if prepared.pools.paired.is_empty() {
        return Err(TrainError::NoPairs);
    }
    let mut state = State::fresh(experiment, prepared, device)?;
    pretrained::load(&mut state.model, &experiment.encoder)?;
    state.model = optimizer::freeze(state.model, &experiment.train)?;
    let first = experiment.starts().into_iter().map(|(_, start)| start).max().unwrap_or(0);
    let mut found = Profile {
        first: first + WARM,
        images: 0,
        reports: 0,
        steps: Vec::new(),
        parts: Vec::new(),
        graph: None,
        losses: Vec::new(),
    };
    if uses_graph(experiment) && !prepared.pools.images.is_empty() {
        let began = Instant::now();
        let targets = relation::graph_targets(&state.average, prepared, &experiment.graph, device);
        found.graph = Some((began.elapsed().as_secs_f64(), experiment.graph.refresh));
        state.graph = Some(targets.evidence);
    }
    if matches_reports(experiment) && !prepared.pools.images.is_empty() {
        let settings = &experiment.loss.pseudo_pair;
        state.matches = Some(relation::match_reports(&state.average, prepared, settings, device));
    }
    let peer = peer.map(|folder| Peer::new(folder, &state.model, experiment, prepared, device)).transpose()?;
    let mut longer = experiment.clone();
    longer.train.steps = WARM + steps;
    thread::scope(|scope| {
        let mut batches = loader::joint_batches(scope, prepared, &longer, 0);
        for step in 0..WARM + steps {
            let began = Instant::now();
            let mut stopwatch = Stopwatch::started(device);
            let (batch, _) = batches.next()?;
            stopwatch.end("waiting for data");
            (found.images, found.reports) = batch.sizes();
            let measured;
            (state, measured) = joint_step(state, &batch, prepared, experiment, first + step, device, &mut stopwatch)?;
            let seconds = began.elapsed().as_secs_f64();
            found.losses.push(f64::from(measured.loss.into_scalar::<f32>()));
            if step >= WARM {
                found.steps.push(seconds);
                found.add(stopwatch.parts());
            }
            if let Some(peer) = &peer {
                peer.batch(first + step, &batch)?;
            }
        }
        Ok::<_, TrainError>(())
    })?;
    Ok(found)
}

impl Profile {
    fn add(&mut self, parts: Vec<(&'static str, f64)>) {
        for (part, seconds) in parts {
            match self.parts.iter_mut().find(|(known, _)| *known == part) {
                Some((_, all)) => all.push(seconds),
                None => self.parts.push((part, vec![seconds])),
            }
        }
    }
}
