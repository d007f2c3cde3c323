//! The runs that a sweep comes to, listed or proposed, and what is known of each.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Instant;

use lgdea_metric::readable;
use lgdea_spec::Resolved;
use lgdea_spec::sweep::{Sweep, Trial};
use lgdea_track::mlflow::tags;
use lgdea_track::{History, RunDir};
use serde_json::{Map, Value};

use super::Ending;
use crate::declaration::Declaration;
use crate::left_behind::LeftBehind;
use crate::proposals::{Outcome, Proposal, Proposals};
use crate::runs::{Runs, State, state};
use crate::submission::Submission;
use crate::whole_file::replace;
use crate::{ExecuteError, Plan, SweepSummary, TrialEntry, Trials, json_map};

/// A run of the sweep.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) key: String,
    /// What people call it.
    pub(super) label: String,
    pub(super) run: RunDir,
    pub(super) place: JobState,
    /// Attempts that there were when the sweep was called.
    pub(super) attempts: u32,
    /// Crashes since.
    pub(super) crashes: u32,
    /// Seconds of all attempts that ended.
    pub(super) seconds: f64,
    /// Trials of one group are compared by early stopping: those of an arm or a searched setting with the same seed.
    pub(super) group: (usize, u64),
    /// Number of its setting or of its proposal.
    pub(super) number: u64,
    entry: usize,
    source: JobOrigin,
}

/// Where a job's experiment comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JobOrigin {
    /// A trial of the expansion.
    Listed(usize),
    /// A trial of the expansion under a proposal of its setting.
    Proposed { trial: usize, setting: usize, number: usize },
}

/// Where a job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum JobState {
    Waiting,
    Running,
    /// It crashed and is tried again.
    Delayed(Instant),
    /// Another process is at it.
    Elsewhere,
    Settled(Ending),
}

/// All jobs of a sweep.
pub(super) struct Jobs {
    pub(super) plan: Plan,
    pub(super) all: Vec<Job>,
    summary: SweepSummary,
    results: PathBuf,
    by_key: HashMap<String, usize>,
    entries: Vec<TrialEntry>,
    settings: Vec<Range<usize>>,
    /// The search of each setting; none where trials are listed.
    searches: Vec<Searched>,
    runs: Runs,
    /// What this process is an element of, if it is.
    submission: Option<Submission>,
}

/// The search of a setting.
struct Searched {
    proposals: Proposals,
    /// The jobs of each proposal, one a seed.
    jobs: Vec<Vec<usize>>,
}

impl Jobs {
    /// The jobs of a plan, and of the proposals that there are already.
    pub(super) fn new(
        plan: Plan,
        summary: SweepSummary,
        results: &Path,
        submission: Option<Submission>,
    ) -> Result<Jobs, ExecuteError> {
        let runs = Runs::read(results).map_err(ExecuteError::file("read", &results.join("runs")))?;
        let settings = plan.settings();
        let mut jobs = Jobs {
            plan,
            all: Vec::new(),
            summary,
            results: results.to_owned(),
            by_key: HashMap::new(),
            entries: Vec::new(),
            settings,
            searches: Vec::new(),
            runs,
            submission,
        };
        if jobs.plan.sweep.search.is_some() {
            jobs.open_searches()?;
        } else {
            for setting in 0..jobs.settings.len() {
                for trial in jobs.settings[setting].clone() {
                    let Some(key) = jobs.plan.planned[trial].run_key.clone() else { continue };
                    let group = (jobs.trial(trial).arm(), jobs.trial(trial).seed);
                    jobs.add(key, Map::new(), group, setting as u64, JobOrigin::Listed(trial));
                }
            }
        }
        jobs.date_claims();
        jobs.write_trials()?;
        Ok(jobs)
    }

    /// Notes which claims are stated after runs had finished. A list that cannot be read tells of no claim.
    fn date_claims(&mut self) {
        let finished = self.all.iter().filter(|job| job.place == JobState::Settled(Ending::Cached)).count();
        let listed = Trials::read(&Trials::path(&self.results, &self.summary.name));
        self.summary.claims = listed.map(|listed| listed.sweep.claims).unwrap_or_default();
        self.summary.restate(&self.plan.sweep.claims, finished);
    }

    /// Finished runs of the sweep's name that are no part of it now.
    pub(super) fn left_behind(&self) -> Result<Option<LeftBehind>, ExecuteError> {
        let found = LeftBehind::find(&self.plan.sweep, &self.plan.expansion, &self.results, |key| {
            self.by_key.contains_key(key)
        });
        found.map_err(ExecuteError::file("read", &self.results.join("runs")))
    }

    fn sweep(&self) -> &Sweep {
        &self.plan.sweep
    }

    fn trial(&self, trial: usize) -> &Trial {
        &self.plan.expansion.trials[trial]
    }

    /// The folder of what belongs to this sweep.
    fn folder(&self) -> PathBuf {
        self.results.join("sweeps").join(&self.sweep().name)
    }

    fn open_searches(&mut self) -> Result<(), ExecuteError> {
        let declarations = self.folder().join("searches");
        for setting in self.settings.clone() {
            let Some(search) = &self.plan.sweep.search else { break };
            let proposals = Proposals::of_setting(&self.results, self.sweep(), search, self.trial(setting.start))?;
            let path = declarations.join(format!("{}.json", proposals.setting()));
            Declaration::new(search).keep(&path).map_err(ExecuteError::file("write", &path))?;
            self.searches.push(Searched { proposals, jobs: Vec::new() });
        }
        (0..self.searches.len()).try_for_each(|setting| self.take_in(setting))
    }

    /// Makes jobs of the proposals of a setting that are not known yet.
    fn take_in(&mut self, setting: usize) -> Result<(), ExecuteError> {
        let Searched { proposals, .. } = &mut self.searches[setting];
        let folder = proposals.folder().to_owned();
        proposals.read_on().map_err(ExecuteError::file("read", &folder))?;
        for number in self.searches[setting].jobs.len()..self.searches[setting].proposals.made().len() {
            let mut jobs = Vec::new();
            for trial in self.settings[setting].clone() {
                let source = JobOrigin::Proposed { trial, setting, number };
                let (resolved, values) = match self.resolve(source) {
                    Err(ExecuteError::Spec(error)) => {
                        // Nobody can tell beforehand. It counts as failed, so that the search learns to avoid it.
                        tracing::warn!("proposal {number} is no valid experiment and counts as failed: {error}");
                        break;
                    }
                    resolved => resolved?,
                };
                let key = self.plan.keys.key(&resolved.experiment, &self.summary.code)?;
                let group = (setting, self.trial(trial).seed);
                jobs.push(self.add(key, values, group, number as u64, source));
            }
            self.searches[setting].jobs.push(jobs);
        }
        Ok(())
    }

    /// Adds a trial; gives the position of its job, which may have been there already.
    fn add(
        &mut self,
        key: String,
        searched: Map<String, Value>,
        group: (usize, u64),
        number: u64,
        source: JobOrigin,
    ) -> usize {
        let (JobOrigin::Listed(trial) | JobOrigin::Proposed { trial, .. }) = source;
        let trial = &self.plan.expansion.trials[trial];
        let mut deltas = json_map(self.sweep().deltas(trial));
        deltas.extend(searched);
        let run = self.runs.folder(&key, self.sweep().run_name(trial));
        let (state, history) = state(&run);
        let entry = TrialEntry {
            run_key: key.clone(),
            arm: self.sweep().arm(trial).to_owned(),
            seed: trial.seed,
            deltas,
            cached: state == State::Finished,
            dir: run.name(),
        };
        let label = label(&entry);
        self.entries.push(entry);
        if let Some(known) = self.by_key.get(&key) {
            return *known;
        }
        let has_tried = |submission: &Submission| submission.has_tried(&key, history.attempts);
        let place = match state {
            State::Finished => JobState::Settled(Ending::Cached),
            State::Pruned => JobState::Settled(Ending::Pruned),
            // Another element of the submission did.
            State::Failed(error) if self.submission.as_ref().is_some_and(has_tried) => {
                JobState::Settled(Ending::Failed(error))
            }
            _ => JobState::Waiting,
        };
        let History { attempts, seconds, .. } = history;
        let entry = self.entries.len() - 1;
        self.by_key.insert(key.clone(), self.all.len());
        self.all.push(Job { key, label, run, place, attempts, crashes: 0, seconds, group, number, entry, source });
        self.all.len() - 1
    }

    fn resolve(&self, source: JobOrigin) -> Result<(Resolved, Map<String, Value>), ExecuteError> {
        match source {
            JobOrigin::Listed(trial) => Ok((self.sweep().resolve(self.trial(trial))?, Map::new())),
            JobOrigin::Proposed { trial, setting, number } => {
                let coordinates = &self.searches[setting].proposals.made()[number].coordinates;
                let (resolved, values) = self.sweep().resolve_at(self.trial(trial), coordinates)?;
                Ok((resolved, json_map(values)))
            }
        }
    }

    /// What a job runs: the experiment with the tags that tell its place in the sweep, and `threads` CPU threads where it
    /// says nothing itself.
    pub(super) fn experiment(&self, job: usize, threads: usize) -> Result<Resolved, ExecuteError> {
        let job = &self.all[job];
        let (mut resolved, _) = self.resolve(job.source)?;
        let experiment = &mut resolved.experiment;
        let entry = &self.entries[job.entry];
        let deltas = Value::Object(entry.deltas.clone()).to_string();
        for (tag, value) in [(tags::SWEEP, &self.sweep().name), (tags::ARM, &entry.arm), (tags::DELTAS, &deltas)] {
            experiment.tags.insert(tag.to_owned(), value.clone());
        }
        if experiment.device.threads == 0 {
            experiment.device.threads = threads;
        }
        // A run that another sweep began goes on in its folder, which is called after that.
        if RunDir::new(&self.results, &experiment.name, &job.key) != job.run {
            let name = job.run.name();
            name.strip_suffix(&format!("-{}", job.key)).unwrap_or(&name).clone_into(&mut experiment.name);
        }
        Ok(resolved)
    }

    /// What a job's experiment is.
    pub(super) fn resolved(&self, job: usize) -> Result<Resolved, ExecuteError> {
        Ok(self.resolve(self.all[job].source)?.0)
    }

    /// Writes a job's experiment to its place.
    pub(super) fn write_experiment(&self, job: usize, resolved: &Resolved) -> Result<PathBuf, ExecuteError> {
        let path = self.folder().join("trials").join(format!("{}.toml", self.all[job].key));
        replace(&path, resolved.to_toml().as_bytes()).map_err(ExecuteError::file("write", &path))?;
        Ok(path)
    }

    /// What a job's journal says by now. Where its run has not begun, another sweep may have begun it under its own name.
    pub(super) fn look_again(&mut self, job: usize) -> Result<(State, History), ExecuteError> {
        let found = state(&self.all[job].run);
        if found.0 != State::Waiting {
            return Ok(found);
        }
        self.runs = Runs::read(&self.results).map_err(ExecuteError::file("read", &self.results.join("runs")))?;
        let (JobOrigin::Listed(trial) | JobOrigin::Proposed { trial, .. }) = self.all[job].source;
        let run = self.runs.folder(&self.all[job].key, self.sweep().run_name(self.trial(trial)));
        let job = &mut self.all[job];
        self.entries[job.entry].dir = run.name();
        job.run = run;
        Ok(state(&job.run))
    }

    /// Whether a job need not run, because its proposal was pruned under another seed.
    pub(super) fn is_moot(&self, job: usize) -> bool {
        let JobOrigin::Proposed { setting, number, .. } = self.all[job].source else { return false };
        let of_proposal = self.searches[setting].jobs.get(number);
        of_proposal.is_some_and(|jobs| jobs.iter().any(|job| self.all[*job].place == JobState::Settled(Ending::Pruned)))
    }

    /// Asks the search for more trials; gives the jobs that are new. None where it has made all proposals of its budget.
    pub(super) fn ask(&mut self) -> Result<Range<usize>, ExecuteError> {
        let before = self.all.len();
        let to_make = |setting: &usize| self.to_make(&self.searches[*setting]);
        // The first of those that have made the fewest.
        let Some(setting) = (0..self.searches.len()).rev().max_by_key(to_make).filter(|setting| to_make(setting) > 0)
        else {
            return Ok(before..before);
        };
        let Searched { proposals, jobs } = &mut self.searches[setting];
        let folder = proposals.folder().to_owned();
        if let Some(search) = &self.plan.sweep.search {
            let all = &self.all;
            let value = |proposal: &Proposal| {
                let jobs = &jobs[proposal.number as usize];
                objective(jobs.iter().map(|job| &all[*job]), &search.objective)
            };
            proposals.propose(search, value).map_err(ExecuteError::file("write", &folder))?;
        }
        self.take_in(setting)?;
        self.write_trials()?;
        Ok(before..self.all.len())
    }

    /// Proposals that a search has left to make.
    fn to_make(&self, searched: &Searched) -> usize {
        let budget = self.sweep().budget.trials.unwrap_or(0) as usize;
        budget.saturating_sub(searched.proposals.made().len())
    }

    /// Whether the search has proposals left to make.
    pub(super) fn may_ask(&self) -> bool {
        self.searches.iter().any(|searched| self.to_make(searched) > 0)
    }

    /// Runs that the search has still to propose.
    pub(super) fn to_propose(&self) -> usize {
        self.searches.iter().zip(&self.settings).map(|(searched, trials)| self.to_make(searched) * trials.len()).sum()
    }

    /// Writes `trials.jsonl`.
    pub(super) fn write_trials(&self) -> Result<(), ExecuteError> {
        let trials = Trials { sweep: self.summary.clone(), trials: self.entries.clone() };
        Ok(trials.write(&Trials::path(&self.results, &self.summary.name))?)
    }

    /// Notes that a job's run is finished.
    pub(super) fn note_finished(&mut self, job: usize) {
        let key = &self.all[job].key;
        self.entries.iter_mut().filter(|entry| entry.run_key == *key).for_each(|entry| entry.cached = true);
    }
}

/// The objective of a proposal as the mean over its runs, none if one of them did not finish.
fn objective<'j>(jobs: impl Iterator<Item = &'j Job>, metric: &str) -> Outcome {
    let (mut sum, mut count) = (Some(0.0), 0.0);
    for job in jobs {
        let JobState::Settled(ending) = &job.place else { return Outcome::UnderWay };
        let value = match ending {
            Ending::Finished | Ending::Cached => state(&job.run).1.metrics.get(metric).map(|(_, value)| *value),
            // It goes on when the sweep is called again.
            Ending::Left => return Outcome::UnderWay,
            Ending::Pruned | Ending::Failed(_) => None,
        };
        sum = sum.zip(value).map(|(sum, value)| sum + value);
        count += 1.0;
    }
    Outcome::Ended(sum.filter(|_| count > 0.0).map(|sum| sum / count))
}

/// What people call a trial.
fn label(entry: &TrialEntry) -> String {
    let deltas = entry.deltas.iter().map(|(key, value)| format!(", {key} = {}", readable(&value.to_string())));
    format!("{}, seed {}{}", entry.arm, entry.seed, deltas.collect::<String>())
}
