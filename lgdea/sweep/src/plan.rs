//! The plan of a sweep: the runs that it comes to, and which of them there are already.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use lgdea_cache::{Cache, Stage};
use lgdea_data::ImageStore;
use lgdea_inputs::{Digests, Loaded, Loader, code};
use lgdea_spec::Experiment;
use lgdea_spec::sweep::{Expansion, Sweep, Trial};

use crate::{Earlier, PlanError};

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
    /// Seconds that the runs to come take one after the other, as far as earlier runs tell.
    pub seconds: Option<f64>,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The key that `lgdea run` gives the trial; none for trials of a search, whose settings are not known yet.
    pub run_key: Option<String>,
    /// Whether a finished run has this key.
    pub cached: bool,
}

impl Plan {
    /// Plans a sweep. Reads the data that trials name once for each distinct source, because its digest is part of their
    /// keys. Stages are looked up in `cache`, where one is given. `progress` is called with the sources read, and their number.
    pub fn new(
        sweep: Sweep,
        earlier: &Earlier,
        cache: Option<&Cache>,
        progress: &dyn Fn(usize, usize),
    ) -> Result<Plan, PlanError> {
        let expansion = sweep.expand()?;
        let code = &code(&sweep.device);
        let mut planned = vec![Planned { run_key: None, cached: false }; expansion.trials.len()];
        let few = sweep.search.is_none() && expansion.trials.len() <= MOST_LOOKED_UP;
        let cache = cache.filter(|_| few);
        let mut stages = cache.map(|_| Stages::default());
        if sweep.search.is_none() {
            let mut trials = vec![Vec::new(); expansion.inputs.len()];
            for (position, trial) in expansion.trials.iter().enumerate() {
                trials[trial.inputs].push(position);
            }
            let mut loader = Loader::default();
            for (done, (inputs, trials)) in expansion.inputs.iter().zip(&trials).enumerate() {
                let loaded = loader.load(inputs, &|_, _| ())?;
                for &position in trials {
                    let run_key = loaded.digests.key(&expansion.trials[position].identity(), code);
                    planned[position] = Planned { cached: earlier.has(&run_key), run_key: Some(run_key) };
                }
                if let (Some(stages), Some(cache)) = (&mut stages, cache) {
                    let to_come = trials.iter().filter(|&&position| !planned[position].cached);
                    stages.look_up(
                        &sweep,
                        to_come.map(|&position| &expansion.trials[position]),
                        &loaded,
                        code,
                        cache,
                    )?;
                }
                progress(done + 1, expansion.inputs.len());
            }
        }
        let mut plan = Plan { sweep, expansion, planned, seconds: None, stages };
        plan.seconds = plan.estimate(earlier)?;
        Ok(plan)
    }

    /// The trials that differ in nothing but the seed, together, as positions in [`Expansion::trials`].
    pub fn settings(&self) -> Vec<std::ops::Range<usize>> {
        let trials = &self.expansion.trials;
        let mut settings: Vec<std::ops::Range<usize>> = Vec::new();
        for (position, trial) in trials.iter().enumerate() {
            match settings.last_mut() {
                Some(last) if trials[last.start].same_setting(trial) => last.end = position + 1,
                _ => settings.push(position..position + 1),
            }
        }
        settings
    }

    /// Number of runs that the sweep comes to, and of those that are finished already.
    pub fn runs(&self) -> (usize, usize) {
        let mut keys = HashSet::new();
        let distinct = |planned: &&Planned| planned.run_key.as_ref().is_none_or(|key| keys.insert(key.clone()));
        let runs: Vec<&Planned> = self.planned.iter().filter(distinct).collect();
        let cached = runs.iter().filter(|planned| planned.cached).count();
        (runs.len() * self.searched(), cached)
    }

    /// Trials of the search for each listed one; 1 without a search.
    fn searched(&self) -> usize {
        let budget = self.sweep.search.as_ref().and(self.sweep.budget.trials);
        budget.unwrap_or(1) as usize
    }

    fn estimate(&self, earlier: &Earlier) -> Result<Option<f64>, PlanError> {
        if earlier.is_empty() {
            return Ok(None);
        }
        let settings = self.settings();
        let every = settings.len().div_ceil(MOST_ESTIMATED);
        let to_come = |setting: &std::ops::Range<usize>| {
            let cached = self.planned[setting.clone()].iter().filter(|planned| planned.cached).count();
            (setting.len() - cached) as f64
        };
        let (mut seconds, mut counted) = (0.0, 0.0);
        for setting in settings.iter().step_by(every) {
            let count = to_come(setting);
            let trial: &Trial = &self.expansion.trials[setting.start];
            let mut experiment = self.sweep.resolve(trial)?.experiment;
            experiment.device.name.clone_from(&self.sweep.device);
            let Some(one) = earlier.estimate(&experiment) else { continue };
            seconds += one * count;
            counted += count;
        }
        let all: f64 = settings.iter().map(to_come).sum();
        // What no earlier run resembles counts as the mean of the others.
        Ok((counted > 0.0).then(|| seconds / counted * all * self.searched() as f64))
    }
}

impl Stages {
    /// Counts the stages of trials that read one source.
    fn look_up<'t>(
        &mut self,
        sweep: &Sweep,
        trials: impl Iterator<Item = &'t Trial>,
        loaded: &Loaded,
        code: &str,
        cache: &Cache,
    ) -> Result<(), PlanError> {
        let (mut sizes, mut training) = (HashSet::new(), HashSet::new());
        for trial in trials {
            let experiment = sweep.resolve(trial)?.experiment;
            sizes.insert(experiment.encoder.image.size());
            training.insert(loaded.digests.key(&experiment.training_identity(), code));
        }
        let images = sizes.into_iter().filter_map(|size| ImageStore::key(&loaded.corpus, size)).collect();
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
#[derive(Debug, Default)]
pub(crate) struct Keys {
    loader: Loader,
    /// By [`lgdea_spec::Inputs::key`].
    digests: HashMap<String, Digests>,
}

impl Keys {
    /// The key that `lgdea run` gives an experiment; `code` is what computes.
    pub(crate) fn key(&mut self, experiment: &Experiment, code: &str) -> Result<String, PlanError> {
        let inputs = experiment.inputs();
        let digests = match self.digests.entry(inputs.key()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(self.loader.load(&inputs, &|_, _| ())?.digests),
        };
        Ok(digests.key(&experiment.identity(), code))
    }
}
