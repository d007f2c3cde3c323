//! What the joint steps make anew from time to time with the moving average: the relation graph, and matched reports.

use std::time::Instant;

use burn::tensor::Device;
use lgdea_metric::curve::{MATCHED, REACHED};
use lgdea_prepared::Prepared;
use lgdea_spec::{Experiment, Need};

use crate::observer::Observer;
use crate::state::State;
use crate::{TrainError, relation};

/// The relation graph's targets, where unpaired images are taught through one.
pub(crate) fn graph(
    state: &mut State,
    step: usize,
    experiment: &Experiment,
    prepared: &Prepared,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<(), TrainError> {
    let graph = &experiment.graph;
    let used = experiment.uses_graph() && state.teacher.is_none() && !prepared.pools.images.is_empty();
    if used && is_due(step, graph.start, graph.refresh, state.graph.is_none()) {
        let began = Instant::now();
        let targets = relation::graph_targets(&state.average, prepared, graph, device);
        observer.graph_built(began.elapsed());
        let reached = targets.mass.iter().filter(|&&mass| mass > f32::EPSILON).count();
        let share = reached as f64 / targets.mass.len() as f64;
        observer.metrics(step, [(REACHED.name.to_owned(), share)].into())?;
        state.graph = Some(targets.evidence);
    }
    Ok(())
}

/// Matches of unpaired images and reports, where pseudo-pairs are learned.
pub(crate) fn matches(
    state: &mut State,
    step: usize,
    experiment: &Experiment,
    prepared: &Prepared,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<(), TrainError> {
    let settings = &experiment.loss.pseudo_pair;
    let used = experiment.needs().has(Need::MatchedReports) && !prepared.pools.images.is_empty();
    if used && is_due(step, settings.start, settings.refresh, state.matches.is_none()) {
        let matches = relation::match_reports(&state.average, prepared, settings, device);
        let share = matches.iter().flatten().count() as f64 / matches.len() as f64;
        observer.metrics(step, [(MATCHED.name.to_owned(), share)].into())?;
        state.matches = Some(matches);
    }
    Ok(())
}

/// Whether what begins at step `start`, and is made anew every `refresh` steps, is due; `missing` where there is none yet.
fn is_due(step: usize, start: usize, refresh: usize, missing: bool) -> bool {
    step >= start && (missing || (step - start).is_multiple_of(refresh))
}
