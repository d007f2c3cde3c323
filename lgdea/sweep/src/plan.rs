//! The plan of a sweep: the runs that it comes to, and which of them there are already.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::path::Path;

use lgdea_cache::{Cache, Stage};
use lgdea_data::Known;
use lgdea_inputs::{Digests, Loader, Surveyed, code};
use lgdea_spec::sweep::{Expansion, Sweep, Trial};
use lgdea_spec::{Experiment, Inputs};
use serde_json::{Map, Value};

use crate::proposals::Proposals;
use crate::{Earlier, LeftBehind, PlanError, json_map};

/// Most settings of which the time is estimated one by one; of more, evenly spaced ones are.
const MOST_ESTIMATED: usize = 1000;
/// Most trials whose stages are looked up.
const MOST_LOOKED_UP: usize = 1000;

/// A sweep with all its trials and what is known about them.
#[derive(Debug)]
pub struct Plan {
    /// The sweep.
    pub sweep: Sweep,
    /// Its trials.
    pub expansion: Expansion,
    /// What is known about each trial, in the order of [`Expansion::trials`].
    pub planned: Vec<Planned>,
    /// The trials that a search has proposed so far, by setting and number; see [`Plan::look_up_proposals`].
    pub proposed: Vec<Proposed>,
    /// Proposals that each setting's search has made.
    made: Vec<usize>,
    /// Seconds that the runs to come take one after the other, as far as earlier runs tell; those of a search are known after
    /// [`Plan::look_up_proposals`].
    pub seconds: Option<f64>,
    /// What of the data is left out or doubtful, once for all data of which it is true.
    pub left_out: Vec<String>,
    /// Keys of the experiments whose inputs were read.
    pub(crate) keys: Keys,
    /// Of the runs to come, the stages that are done already; none where there are too many to look them up.
    pub stages: Option<Stages>,
}

/// Distinct pieces of work of the runs to come, and how many of them are done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stages {
    /// Image stores: those done, and all.
    pub images: (usize, usize),
    /// Trained weights: those done, and all.
    pub training: (usize, usize),
}

/// What is known about a trial.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Planned {
    /// The key that `lgdea run` gives the trial; none for trials of a search, whose settings are not known yet.
    pub run_key: Option<String>,
    /// Whether a finished run has this key.
    pub cached: bool,
    /// Whether it was stopped early, or need not run because its proposal was under another seed.
    pub pruned: bool,
}

/// A trial that a search has proposed.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposed {
    /// Position in [`Expansion::trials`] of the trial whose settings the search changes.
    pub trial: usize,
    /// The values that are proposed, by dotted key.
    pub values: Map<String, Value>,
    /// What is known about it.
    pub planned: Planned,
}

/// How many runs there are, distinct ones, and what came of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub runs: usize,
    /// Those that are finished.
    pub cached: usize,
    /// Those that were stopped early.
    pub pruned: usize,
}

impl Tally {
    /// Runs that are to come.
    pub fn to_come(&self) -> usize {
        self.runs - self.cached - self.pruned
    }
}

impl std::ops::Add for Tally {
    type Output = Tally;

    fn add(self, other: Tally) -> Tally {
        Tally { runs: self.runs + other.runs, cached: self.cached + other.cached, pruned: self.pruned + other.pruned }
    }
}

impl Planned {
    fn new(run_key: String, earlier: &Earlier) -> Planned {
        let (cached, pruned) = (earlier.has(&run_key), earlier.has_pruned(&run_key));
        Planned { cached, pruned: pruned && !cached, run_key: Some(run_key) }
    }
}

impl Plan {
    /// Plans a sweep. Reads the data that trials name once for each distinct source, because its digest is part of their
    /// keys. Stages are looked up in `cache`, where one is given, and what is known of the
    /// data, which are read only where nothing is. `progress` is called with the sources read, and their number.
    pub fn new(
        sweep: Sweep,
        earlier: &Earlier,
        cache: Option<&Cache>,
        progress: &dyn Fn(usize, usize),
    ) -> Result<Plan, PlanError> {
        let expansion = sweep.expand()?;
        let code = &code(&sweep.device);
        let mut planned = vec![Planned::default(); expansion.trials.len()];
        let few = sweep.search.is_none() && expansion.trials.len() <= MOST_LOOKED_UP;
        let mut keys = Keys::new(cache);
        let cache = cache.filter(|_| few);
        let mut stages = cache.map(|_| Stages::default());
        let mut left_out = Vec::new();
        let mut trials = vec![Vec::new(); expansion.inputs.len()];
        for (position, trial) in expansion.trials.iter().enumerate() {
            trials[trial.inputs].push(position);
        }
        for (done, (inputs, trials)) in expansion.inputs.iter().zip(&trials).enumerate() {
            let surveyed = keys.survey(inputs)?;
            if let Some(told) = told_of(inputs, &surveyed.data).filter(|told| !left_out.contains(told)) {
                left_out.push(told);
            }
            // What a search tries is not known yet.
            if sweep.search.is_none() {
                for &position in trials {
                    let run_key = surveyed.digests.key(&expansion.trials[position].identity(), code);
                    planned[position] = Planned::new(run_key, earlier);
                }
                if let (Some(stages), Some(cache)) = (&mut stages, cache) {
                    let has_ended = |planned: &Planned| planned.cached || planned.pruned;
                    let to_come = trials.iter().filter(|&&position| !has_ended(&planned[position]));
                    stages.look_up(&sweep, to_come.map(|&position| &expansion.trials[position]), &surveyed, cache)?;
                }
            }
            progress(done + 1, expansion.inputs.len());
        }
        let (proposed, made) = (Vec::new(), Vec::new());
        let mut plan = Plan { sweep, expansion, planned, proposed, made, seconds: None, left_out, keys, stages };
        if plan.sweep.search.is_none() {
            plan.seconds = plan.estimate(earlier)?;
        }
        Ok(plan)
    }

    /// Reads what a search has proposed so far in a results folder, and what came of it.
    ///
    /// [`crate::execute()`] needs it not: it follows the proposals as they are made.
    pub fn look_up_proposals(&mut self, results: &Path, earlier: &Earlier) -> Result<(), PlanError> {
        let Some(search) = &self.sweep.search else { return Ok(()) };
        let code = code(&self.sweep.device);
        for setting in self.settings() {
            let first = &self.expansion.trials[setting.start];
            let mut proposals = Proposals::of_setting(results, &self.sweep, search, first)?;
            let path = proposals.folder().to_owned();
            proposals.read_on().map_err(|source| PlanError::Results { path, source })?;
            for proposal in proposals.made() {
                let mut of_proposal = Vec::new();
                for trial in setting.clone() {
                    // What is no valid experiment counts as failed and never runs.
                    let at = self.sweep.resolve_at(&self.expansion.trials[trial], &proposal.coordinates);
                    let Ok((resolved, values)) = at else { break };
                    let planned = Planned::new(self.keys.key(&resolved.experiment, &code)?, earlier);
                    let values = json_map(values);
                    of_proposal.push(Proposed { trial, values, planned });
                }
                if of_proposal.iter().any(|one| one.planned.pruned) {
                    for one in &mut of_proposal {
                        one.planned.pruned = !one.planned.cached;
                    }
                }
                self.proposed.extend(of_proposal);
            }
            self.made.push(proposals.made().len());
        }
        self.seconds = self.estimate(earlier)?;
        Ok(())
    }

    /// Finished runs that a sweep of this name has in a results folder, and which are no part of it now.
    pub fn left_behind(&self, results: &Path) -> Result<Option<LeftBehind>, PlanError> {
        let keys: HashSet<&str> = self.known(0..usize::MAX).filter_map(|one| one.run_key.as_deref()).collect();
        let found = LeftBehind::find(&self.sweep, &self.expansion, results, |key| keys.contains(key));
        found.map_err(|source| PlanError::Results { path: results.join("runs"), source })
    }

    /// What is known about trials that are listed, or proposed of those that are.
    fn known(&self, trials: Range<usize>) -> impl Iterator<Item = &Planned> {
        let is_searched = self.sweep.search.is_some();
        let all = if is_searched { 0..0 } else { trials.start..trials.end.min(self.planned.len()) };
        let proposed = self.proposed.iter().filter(move |one| trials.contains(&one.trial));
        self.planned[all].iter().chain(proposed.map(|one| &one.planned))
    }

    /// Proposals that the search of a setting, by its position in [`Plan::settings`], has still to make.
    pub fn to_propose(&self, setting: usize) -> usize {
        let budget = self.sweep.search.as_ref().and(self.sweep.budget.trials).unwrap_or(0) as usize;
        budget.saturating_sub(self.made.get(setting).copied().unwrap_or(0))
    }

    /// The runs of one setting, by its position in [`Plan::settings`] and its trials.
    pub fn tally_of(&self, setting: usize, trials: Range<usize>) -> Tally {
        let proposed_later = self.to_propose(setting) * trials.len();
        let mut tally = tally(self.known(trials));
        tally.runs += proposed_later;
        tally
    }

    /// All runs that the sweep comes to.
    pub fn tally(&self) -> Tally {
        let mut tally = tally(self.known(0..usize::MAX));
        let later = |(setting, trials): (usize, Range<usize>)| self.to_propose(setting) * trials.len();
        if self.sweep.search.is_some() {
            tally.runs += self.settings().into_iter().enumerate().map(later).sum::<usize>();
        }
        tally
    }

    /// What hardly takes part as an arm is set, told once for all arms of which it is true.
    pub fn remarks(&self) -> Vec<String> {
        let mut arms: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (arm, name) in self.sweep.arms().enumerate() {
            let first = self.expansion.trials.iter().find(|trial| trial.arm() == arm);
            // Every trial was resolved when the sweep was expanded.
            let Some(Ok(resolved)) = first.map(|trial| self.sweep.resolve(trial)) else { continue };
            for remark in resolved.remarks() {
                arms.entry(remark).or_default().push(name);
            }
        }
        arms.into_iter().map(|(remark, names)| format!("{remark} ({})", names.join(", "))).collect()
    }

    /// The trials that differ in nothing but the seed, together, as positions in [`Expansion::trials`].
    pub fn settings(&self) -> Vec<Range<usize>> {
        let trials = &self.expansion.trials;
        let mut settings: Vec<Range<usize>> = Vec::new();
        for (position, trial) in trials.iter().enumerate() {
            match settings.last_mut() {
                Some(last) if trials[last.start].same_setting(trial) => last.end = position + 1,
                _ => settings.push(position..position + 1),
            }
        }
        settings
    }

    fn estimate(&self, earlier: &Earlier) -> Result<Option<f64>, PlanError> {
        if earlier.is_empty() {
            return Ok(None);
        }
        let settings = self.settings();
        let every = settings.len().div_ceil(MOST_ESTIMATED);
        let tallies = settings.iter().enumerate().map(|(position, setting)| self.tally_of(position, setting.clone()));
        let to_come: Vec<f64> = tallies.map(|tally| tally.to_come() as f64).collect();
        let all: f64 = to_come.iter().sum();
        if all <= 0.0 {
            return Ok(None);
        }
        let (mut seconds, mut counted) = (0.0, 0.0);
        for (setting, count) in settings.iter().zip(&to_come).step_by(every).filter(|(_, count)| **count > 0.0) {
            let trial: &Trial = &self.expansion.trials[setting.start];
            let mut experiment = self.sweep.resolve(trial)?.experiment;
            experiment.device.name.clone_from(&self.sweep.device);
            let Some(one) = earlier.estimate(&experiment) else { continue };
            seconds += one * count;
            counted += count;
        }
        // What no earlier run resembles counts as the mean of the others.
        Ok((counted > 0.0).then(|| seconds / counted * all))
    }
}

/// What of data is left out or doubtful, in a line.
fn told_of(inputs: &Inputs, data: &Known) -> Option<String> {
    let Known { studies, left_out, .. } = data;
    let name = inputs.data.name();
    (!left_out.is_empty()).then(|| format!("{name}: {studies} studies are read; left out or doubtful: {left_out}"))
}

/// Counts distinct runs.
fn tally<'p>(known: impl Iterator<Item = &'p Planned>) -> Tally {
    let (mut tally, mut keys) = (Tally::default(), HashSet::new());
    for planned in known {
        if planned.run_key.as_ref().is_none_or(|key| keys.insert(key)) {
            tally.runs += 1;
            tally.cached += usize::from(planned.cached);
            tally.pruned += usize::from(planned.pruned);
        }
    }
    tally
}

impl Stages {
    /// Counts the stages of trials that read one source.
    fn look_up<'t>(
        &mut self,
        sweep: &Sweep,
        trials: impl Iterator<Item = &'t Trial>,
        surveyed: &Surveyed,
        cache: &Cache,
    ) -> Result<(), PlanError> {
        let (mut sizes, mut training) = (HashSet::new(), HashSet::new());
        for trial in trials {
            let mut experiment = sweep.resolve(trial)?.experiment;
            experiment.device.name.clone_from(&sweep.device);
            sizes.insert(experiment.encoder.image.size());
            training.insert(surveyed.digests.training_key(&experiment));
        }
        let images = sizes.into_iter().filter_map(|size| surveyed.data.store_key(size)).collect();
        let count = |(done, all): &mut (usize, usize), stage: Stage, keys: HashSet<String>| {
            *done += keys.iter().filter(|key| cache.path(stage, key).exists()).count();
            *all += keys.len();
        };
        count(&mut self.images, Stage::Images, images);
        count(&mut self.training, Stage::Training, training);
        Ok(())
    }
}

/// Keys of experiments as they are met, whose inputs are read once.
#[derive(Debug)]
pub(crate) struct Keys {
    loader: Loader,
    /// By [`lgdea_spec::Inputs::key`].
    digests: HashMap<String, Digests>,
}

impl Keys {
    fn new(cache: Option<&Cache>) -> Keys {
        Keys { loader: cache.cloned().map(Loader::new).unwrap_or_default(), digests: HashMap::new() }
    }

    /// Looks at inputs, and reads them where need be.
    fn survey(&mut self, inputs: &Inputs) -> Result<Surveyed, PlanError> {
        let surveyed = self.loader.survey(inputs, &|_, _| ())?;
        self.digests.insert(inputs.key(), surveyed.digests.clone());
        Ok(surveyed)
    }

    /// The key that `lgdea run` gives an experiment; `code` is what computes.
    pub(crate) fn key(&mut self, experiment: &Experiment, code: &str) -> Result<String, PlanError> {
        let inputs = experiment.inputs();
        let known = self.digests.get(&inputs.key()).cloned();
        let digests = known.map_or_else(|| self.survey(&inputs).map(|surveyed| surveyed.digests), Ok)?;
        Ok(digests.key(&experiment.identity(), code))
    }
}
