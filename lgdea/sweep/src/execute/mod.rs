//! Running a sweep: which trial next, in which slot, and what becomes of it.
//!
//! What is known lies on disk: the runs' journals, the leases, a search's proposals. An executor that is killed leaves nothing
//! behind that the next one needs, and several may work on one results folder. Before a run is started its lease is taken and
//! its journal is read again, so that nothing is run that another process has done meanwhile.

mod audience;
mod closing;
mod ending;
mod full;
mod jobs;
mod left;
mod mirrors;
mod shared_fault;
mod standing;

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use lgdea_cache::{Claim, Leases};
use lgdea_spec::sweep::OnFailure;
use lgdea_track::{Event, Journal, Status};

use crate::launch::{Local, Process, Slot};
use crate::runs::State;
use crate::submission::Submission;
use crate::watch::Watch;
use crate::{Curve, ExecuteError, Plan, SweepSummary, should_stop};

pub use audience::{Audience, Begin, Counts, News, Running};
pub use ending::Ending;
pub(crate) use left::left;

use ending::{Verdict, verdict};
use jobs::{JobState, Jobs};
use mirrors::Mirrors;
use shared_fault::Faults;

/// How often processes and journals are looked at, and how often those of other executors.
const PAUSE: Duration = Duration::from_millis(20);
const PAUSE_ELSEWHERE: Duration = Duration::from_millis(500);
/// How long a crashed trial waits before it is tried again; each further crash makes it four times as long.
const BACK_OFF: Duration = Duration::from_secs(1);

/// How a sweep is run.
#[derive(Debug)]
pub struct Execution {
    /// The sweep file, as it was given.
    pub file: PathBuf,
    /// Starts the trials.
    pub launcher: Local,
    /// Places for trials, one for each that runs at a time.
    pub slots: Vec<Slot>,
    /// What a failed trial does to the others.
    pub on_failure: OnFailure,
    /// Failed trials after which no further one is started; 0 for never.
    pub max_failures: usize,
    /// How often a trial that crashed is tried again.
    pub retries: u32,
    /// Trials that are run at most, those that fail not counted; all where none is given.
    pub trials: Option<usize>,
    /// The submission that this process is an element of. It does not wait for trials that others run.
    pub submission: Option<Submission>,
}

/// A trial's process.
struct Worker {
    job: usize,
    process: Process,
    since: Instant,
    steps: u64,
    first_step: u64,
    /// Attempts before this one.
    attempts: u32,
    /// Whether it was told to stop for good.
    pruned: bool,
}

struct Executor<'a> {
    execution: &'a Execution,
    jobs: Jobs,
    /// Jobs that may be started, in order.
    waiting: VecDeque<usize>,
    workers: Vec<Option<Worker>>,
    leases: Leases,
    /// What journals say, of jobs that run or are compared with one that does.
    watches: HashMap<usize, Watch>,
    mirrors: Mirrors,
    /// What failed trials found wrong with their input.
    faults: Faults,
    failures: usize,
    /// Of the failures, those of other elements of the submission, before this one was started.
    failed_before: usize,
    /// Trials that were run here and did not fail.
    ran: usize,
    /// Since when all that is left has been in other hands.
    idle_since: Option<Instant>,
    /// Why no further trials are started.
    closed: Option<&'static str>,
    /// That the disk is full, as the system says it.
    full: Option<String>,
    signals: &'a AtomicUsize,
    heeded: usize,
    looked_elsewhere: Instant,
    audience: &'a mut dyn Audience,
}

/// Runs a plan until its trials have ended, or `signals` becomes 1 (trials write their checkpoints and stop) or more (they are
/// killed).
///
/// # Errors
/// [`ExecuteError::Full`] where the disk of the results is full: no trial is counted as failed for that. Else what hinders the
/// sweep itself.
pub fn execute(
    plan: Plan,
    execution: &Execution,
    signals: &AtomicUsize,
    audience: &mut dyn Audience,
) -> Result<Counts, ExecuteError> {
    begin(plan, execution, signals, audience).map_err(|error| error.or_full(&execution.launcher.results))
}

fn begin(
    plan: Plan,
    execution: &Execution,
    signals: &AtomicUsize,
    audience: &mut dyn Audience,
) -> Result<Counts, ExecuteError> {
    let results = &execution.launcher.results;
    let summary = SweepSummary::new(&plan.sweep, &plan.expansion, &execution.file);
    let folder = results.join("leases");
    let leases = Leases::new(&folder, Leases::PATIENCE).map_err(ExecuteError::file("write", &folder))?;
    let jobs = Jobs::new(plan, summary, results, execution.submission.clone())?;
    // The elements of a submission need not repeat what it said.
    if execution.submission.is_none()
        && let Some(behind) = jobs.left_behind()?
    {
        audience.news(&News::Warning(&format!("note: {behind}")));
    }
    let failures = jobs.all.iter().filter(|job| matches!(job.place, JobState::Settled(Ending::Failed(_)))).count();
    let waiting = (0..jobs.all.len()).filter(|job| jobs.all[*job].place == JobState::Waiting).collect();
    let executor = Executor {
        execution,
        jobs,
        waiting,
        workers: execution.slots.iter().map(|_| None).collect(),
        leases,
        watches: HashMap::new(),
        mirrors: Mirrors::default(),
        faults: Faults::default(),
        failures,
        failed_before: failures,
        ran: 0,
        idle_since: None,
        closed: None,
        full: None,
        signals,
        heeded: 0,
        looked_elsewhere: Instant::now(),
        audience,
    };
    executor.run()
}

impl Executor<'_> {
    fn run(mut self) -> Result<Counts, ExecuteError> {
        self.heed_failures();
        loop {
            self.heed_signals();
            if let Err(error) = self.step() {
                let Some(full) = error.says_full() else { return Err(error) };
                self.heed_full_disk(full);
            }
            self.tell_standing();
            if self.is_done() {
                break;
            }
            std::thread::sleep(PAUSE);
        }
        for job in 0..self.jobs.all.len() {
            if !matches!(self.jobs.all[job].place, JobState::Settled(_)) {
                self.jobs.all[job].place = JobState::Settled(Ending::Left);
            }
        }
        let full = self.full.take();
        if full.is_none() {
            self.jobs.write_trials()?;
        }
        self.tell_unsent();
        match full {
            Some(reason) => Err(self.full_error(reason)),
            None => Ok(self.counts()),
        }
    }

    fn step(&mut self) -> Result<(), ExecuteError> {
        self.collect()?;
        self.follow();
        self.look_elsewhere();
        self.fill_slots()
    }

    /// Says what the tracker lacks of the trials that were run here.
    fn tell_unsent(&mut self) {
        let results = &self.execution.launcher.results;
        if let Some(unsent) =
            std::mem::take(&mut self.mirrors).finish(&lgdea_track::mlflow::sync_command(results, None))
        {
            self.audience.news(&News::Unsent(&unsent));
        }
    }

    fn is_done(&mut self) -> bool {
        let busy = self.workers.iter().any(Option::is_some);
        let any = |is: fn(&JobState) -> bool| self.jobs.all.iter().any(|job| is(&job.place));
        let delayed = any(|place| matches!(place, JobState::Delayed(_)));
        let more = self.jobs.may_ask() || any(|place| matches!(place, JobState::Waiting));
        let elsewhere = any(|place| *place == JobState::Elsewhere);
        if busy || delayed || more {
            self.idle_since = None;
        }
        let closed = self.closed.is_some();
        !busy && (closed || !delayed && (self.has_run_all() || !more && (!elsewhere || self.has_waited())))
    }

    /// Whether no more trials are to be begun here.
    fn has_run_all(&self) -> bool {
        let delayed = self.jobs.all.iter().filter(|job| matches!(job.place, JobState::Delayed(_))).count();
        let begun = self.ran + delayed + self.workers.iter().flatten().count();
        self.execution.trials.is_some_and(|trials| begun >= trials)
    }

    /// Whether an element of a submission has looked for long enough to know that those who run what is left are alive. It holds
    /// resources that others may use.
    fn has_waited(&mut self) -> bool {
        let since = *self.idle_since.get_or_insert_with(Instant::now);
        self.execution.submission.is_some() && since.elapsed() > Leases::PATIENCE + 2 * PAUSE_ELSEWHERE
    }

    /// Takes note of processes that have ended.
    fn collect(&mut self) -> Result<(), ExecuteError> {
        for slot in 0..self.workers.len() {
            let Some(worker) = &mut self.workers[slot] else { continue };
            let ended = worker.process.ended().map_err(ExecuteError::Process)?;
            if let (Some(status), Some(worker)) = (ended, self.workers[slot].take_if(|_| ended.is_some())) {
                let found = crate::runs::state(&self.jobs.all[worker.job].run);
                let verdict = verdict(status, &found, worker.attempts, &worker.process.last_words());
                self.jobs.all[worker.job].seconds = found.1.seconds;
                // The exit code of wrong input.
                if let (Some(2), Verdict::Ended(Ending::Failed(reason))) = (status.code(), &verdict) {
                    self.note_fault(worker.job, reason)?;
                }
                self.judge(worker.job, verdict)?;
            }
        }
        Ok(())
    }

    fn judge(&mut self, job: usize, verdict: Verdict) -> Result<(), ExecuteError> {
        let is_lost = self.leases.is_lost(&self.jobs.all[job].key);
        if let Some(full) = self.disk_was_full(&verdict) {
            self.heed_full_disk(full);
            return self.settle(job, Ending::Left);
        }
        match verdict {
            Verdict::Ended(ending) => {
                self.ran += usize::from(!matches!(ending, Ending::Failed(_)));
                self.settle(job, ending)
            }
            Verdict::Stopped | Verdict::Crashed(_) if self.heeded > 0 || self.full.is_some() => {
                self.settle(job, Ending::Left)
            }
            Verdict::Stopped | Verdict::Crashed(_) if is_lost => {
                self.release(job)?;
                self.jobs.all[job].place = JobState::Elsewhere;
                Ok(())
            }
            Verdict::Stopped => self.retry(job, "it was stopped by another program".to_owned()),
            Verdict::Crashed(message) => self.retry(job, message),
        }
    }

    /// Tries a trial again, if it has not crashed too often.
    fn retry(&mut self, job: usize, message: String) -> Result<(), ExecuteError> {
        let crashes = self.jobs.all[job].crashes;
        if crashes >= self.execution.retries {
            self.write_failure(job, &message);
            return self.settle(job, Ending::Failed(message));
        }
        let wait = BACK_OFF * 4_u32.saturating_pow(crashes);
        self.jobs.all[job].crashes += 1;
        self.jobs.all[job].place = JobState::Delayed(Instant::now() + wait);
        self.audience.news(&News::Retry { trial: &self.jobs.all[job].label, message: &message, wait });
        Ok(())
    }

    /// Says in the journal of a trial that died without a word that it failed.
    fn write_failure(&self, job: usize, message: &str) {
        let run = &self.jobs.all[job].run;
        if crate::runs::state(run).0 != State::Begun {
            return;
        }
        let error = message.lines().next().map(str::to_owned);
        let end = Event::Ended { status: Status::Failed, error, seconds: 0.0 };
        if let Err(error) = Journal::open(run).and_then(|journal| journal.write(end)) {
            tracing::warn!("{error}");
        }
    }

    fn settle(&mut self, job: usize, ending: Ending) -> Result<(), ExecuteError> {
        self.release(job)?;
        self.mirrors.stop(job);
        self.audience.news(&News::Ended { trial: &self.jobs.all[job].label, ending: &ending });
        if matches!(ending, Ending::Failed(_)) {
            self.failures += 1;
            self.heed_failures();
        }
        if ending == Ending::Finished {
            self.jobs.note_finished(job);
            self.check_objective(job);
        }
        self.jobs.all[job].place = JobState::Settled(ending);
        Ok(())
    }

    /// A search that cannot find its objective would try points at random for ever.
    fn check_objective(&mut self, job: usize) {
        let Some(search) = &self.jobs.plan.sweep.search else { return };
        let run = &self.jobs.all[job].run;
        if !crate::runs::state(run).1.metrics.contains_key(&search.objective) {
            let text = format!("{} has no `{}`, which the search needs", run.path().display(), search.objective);
            self.audience.news(&News::Warning(&text));
        }
    }

    fn release(&mut self, job: usize) -> Result<(), ExecuteError> {
        self.leases.release(&self.jobs.all[job].key).map_err(ExecuteError::Lease)
    }

    /// Reads the journals of running trials; stops those that promise too little, and those that another executor has taken.
    fn follow(&mut self) {
        for slot in 0..self.workers.len() {
            let Some(worker) = &mut self.workers[slot] else { continue };
            let job = worker.job;
            if self.leases.is_lost(&self.jobs.all[job].key) {
                worker.process.stop();
            }
            let grown = self.watches.get_mut(&job).is_some_and(Watch::read_on);
            if grown
                && !worker.pruned
                && let Some(reason) = self.falls_behind(job)
                && let Some(worker) = &mut self.workers[slot]
            {
                worker.pruned = true;
                worker.process.prune(&reason);
            }
        }
    }

    /// Why early stopping ends a trial, given what the others of its group have logged; none where it goes on.
    ///
    /// Every point that the trial has logged since it was last looked at is judged, as if it had been looked at then.
    fn falls_behind(&mut self, job: usize) -> Option<String> {
        let prune = self.jobs.plan.sweep.prune.as_ref()?;
        let group = self.jobs.all[job].group;
        let mut others: Vec<Curve> = Vec::new();
        for (other, candidate) in self.jobs.all.iter().enumerate() {
            if other != job && candidate.group == group && candidate.run.journal().exists() {
                let watch = self
                    .watches
                    .entry(other)
                    .or_insert_with(|| Watch::new(candidate.run.clone(), candidate.number, Some(prune.metric.clone())));
                watch.read_on();
                others.push(watch.curve.clone());
            }
        }
        let behind = self.watches.get_mut(&job)?.unjudged().find(|curve| should_stop(prune, curve, &others))?;
        let (step, value) = behind.points.last()?;
        Some(format!("at step {step} others have a better {} than {value:.4}", prune.metric))
    }

    /// Looks after the trials that other executors run.
    fn look_elsewhere(&mut self) {
        if self.looked_elsewhere.elapsed() < PAUSE_ELSEWHERE {
            return;
        }
        self.looked_elsewhere = Instant::now();
        for job in 0..self.jobs.all.len() {
            if self.jobs.all[job].place == JobState::Elsewhere && self.leases.holder(&self.jobs.all[job].key).is_none()
            {
                self.jobs.all[job].place = JobState::Waiting;
                self.waiting.push_front(job);
            }
        }
    }

    /// Starts trials until no slot is free or there is nothing to start.
    fn fill_slots(&mut self) -> Result<(), ExecuteError> {
        self.check_budget();
        for slot in 0..self.workers.len() {
            while self.closed.is_none() && self.workers[slot].is_none() {
                let Some(job) = self.next()? else { return Ok(()) };
                self.begin(job, slot)?;
            }
        }
        Ok(())
    }

    /// The next job to start, whose lease is taken.
    fn next(&mut self) -> Result<Option<usize>, ExecuteError> {
        let now = Instant::now();
        let due = |place: &JobState| matches!(place, JobState::Delayed(due) if *due <= now);
        if let Some(job) = self.jobs.all.iter().position(|job| due(&job.place)) {
            return Ok(Some(job));
        }
        if self.has_run_all() {
            return Ok(None);
        }
        loop {
            while let Some(job) = self.waiting.pop_front() {
                if !self.shares_fault(job)? && self.claim(job)? {
                    return Ok(Some(job));
                }
            }
            if self.closed.is_some() || !self.jobs.may_ask() {
                return Ok(None);
            }
            let new = self.jobs.ask()?;
            self.waiting.extend(new.filter(|job| self.jobs.all[*job].place == JobState::Waiting));
        }
    }

    /// Takes a job's lease, unless another executor has it or has done the job.
    fn claim(&mut self, job: usize) -> Result<bool, ExecuteError> {
        if self.jobs.is_moot(job) {
            self.settle(job, Ending::Pruned)?;
            return Ok(false);
        }
        match self.leases.claim(&self.jobs.all[job].key).map_err(ExecuteError::Lease)? {
            Claim::Held => {
                self.jobs.all[job].place = JobState::Elsewhere;
                Ok(false)
            }
            Claim::Taken => {
                let (state, history) = self.jobs.look_again(job)?;
                self.jobs.all[job].seconds = history.seconds;
                let ending = match state {
                    State::Finished => Ending::Finished,
                    State::Pruned => Ending::Pruned,
                    // Another executor tried it since this one was called. What failed before is tried again.
                    State::Failed(error) if history.attempts > self.jobs.all[job].attempts => Ending::Failed(error),
                    _ => return Ok(true),
                };
                self.settle(job, ending)?;
                Ok(false)
            }
        }
    }

    /// Starts a job's process in a slot.
    fn begin(&mut self, job: usize, slot: usize) -> Result<(), ExecuteError> {
        let launcher = &self.execution.launcher;
        let resolved = self.jobs.experiment(job, launcher.threads)?;
        let file = self.jobs.write_experiment(job, &resolved)?;
        let Jobs { all, plan, .. } = &mut self.jobs;
        let (_, history) = crate::runs::state(&all[job].run);
        let job_of = &mut all[job];
        let process = match launcher.start(&file, &job_of.key, &job_of.run, &self.execution.slots[slot]) {
            Ok(process) => process,
            Err(error) if crate::error::is_full(&error) => {
                return Err(ExecuteError::file("write", job_of.run.path())(error));
            }
            Err(error) => return self.retry(job, format!("its process could not be started: {error}")),
        };
        job_of.place = JobState::Running;
        self.mirrors.start(job, &job_of.run, &resolved.experiment.tracker);
        let metric = plan.sweep.prune.as_ref().map(|prune| prune.metric.clone());
        self.watches.insert(job, Watch::new(job_of.run.clone(), job_of.number, metric));
        let begin = Begin::of(&history);
        let first_step = history.checkpoint.map_or(0, |(step, _)| step);
        self.audience.news(&News::Started { trial: &job_of.label, begin });
        self.workers[slot] = Some(Worker {
            job,
            process,
            since: Instant::now(),
            steps: resolved.experiment.train.all_steps() as u64,
            first_step,
            attempts: history.attempts,
            pruned: false,
        });
        Ok(())
    }
}
