//! A thread that shows a run on MLflow while it goes on.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

use super::backoff::{Backoff, patiently};
use super::client::{Client, UNWATCHED, WATCHED};
use super::pulse::Pulse;
use super::state::State;
use super::transfer::Transfer;
use super::{Error, Settings, view};
use crate::RunDir;

/// How often the journal is looked at.
const TICK: Duration = Duration::from_secs(1);
/// How often it is looked whether a journal is there, or a server still heard of.
const LOOK: Duration = Duration::from_millis(10);
/// A program says once that nothing is shown, however many runs it shows.
static TOLD: Once = Once::new();

/// Shows a run on an MLflow server while it goes on.
///
/// A thread of its own follows the journal. The run hands it nothing and waits for it at its end alone, and there only for a
/// server that answers: one that is away, wrong or stuck costs the run nothing.
#[derive(Debug)]
pub struct Mirror {
    run: RunDir,
    server: String,
    /// Closes when the journal has its last event.
    stop: Option<Sender<()>>,
    /// Closes when the thread ends.
    ended: Receiver<()>,
    pulse: Pulse,
    report: Arc<Mutex<Report>>,
}

/// How far a server's view of a run has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Whether the server has the whole journal.
    pub complete: bool,
    /// Bytes of the journal that the server lacks; `lgdea sync` sends them.
    pub behind: u64,
    /// Address of the run in the user interface, once the server was reached.
    pub url: Option<String>,
    /// Single things that the server does not show, though the rest arrived.
    pub problems: Vec<String>,
    /// What keeps the rest from being sent.
    pub error: Option<String>,
}

impl Mirror {
    /// Begins to show a run as soon as it has a journal. Whatever goes wrong is told by [`Mirror::finish`].
    pub fn start(run: &RunDir, settings: Settings) -> Mirror {
        let (stop, stopped) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        let report = Arc::new(Mutex::new(Report::default()));
        let (pulse, server) = (Pulse::default(), settings.server().to_owned());
        let thread = {
            let followed =
                Followed { run: run.clone(), settings, stopped, pulse: pulse.clone(), report: Arc::clone(&report) };
            move || {
                followed.follow();
                drop(end);
            }
        };
        if let Err(error) = std::thread::Builder::new().name("mlflow".to_owned()).spawn(thread) {
            set(&report, |report| report.error = Some(format!("no thread for the tracker: {error}")));
        }
        Mirror { run: run.clone(), server, stop: Some(stop), ended, pulse, report }
    }

    /// Says that the journal has its last event. What is left is sent while the program goes on with other things.
    pub fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            self.pulse.last_chance();
            drop(stop);
        }
    }

    /// Waits, until `end` at most, while what is left is sent, and says how far it came.
    ///
    /// It is waited for as long as the server takes one thing after the other: not for one that refuses connections, fails or
    /// does not answer at once and never did, and not for one that falls silent.
    pub fn finish(mut self, end: Instant) -> Report {
        self.stop();
        let is_stuck = || self.pulse.is_overdue() || Instant::now() >= end;
        let ended = loop {
            match self.ended.recv_timeout(LOOK) {
                Err(RecvTimeoutError::Timeout) if is_stuck() => break false,
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => break true,
            }
        };
        let mut report = lock(&self.report).clone();
        if !ended {
            // The thread is still in the middle of a request; the process need not wait for it.
            report.complete = false;
            report.behind = State::behind(&self.run);
            let Mirror { server, pulse, .. } = &self;
            let why = if pulse.is_overdue() { "does not answer" } else { "did not take everything in time" };
            report.error = Some(format!("the MLflow server {server} {why}"));
        }
        report
    }
}

impl Report {
    /// One line that says what was not sent, why, and which command sends it, `command` being that; none where all is there.
    pub fn left(&self, command: &str) -> Option<String> {
        let why = self.error.as_deref().unwrap_or("there was no time");
        (!self.complete).then(|| format!("not all of it is on the tracker ({why}); `{command}` sends the rest"))
    }
}

/// The command that sends what a server lacks of a results folder, or of one of its runs.
pub fn sync_command(results: &Path, run: Option<&RunDir>) -> String {
    let mut words = vec!["lgdea".to_owned(), "sync".to_owned()];
    words.extend(run.map(RunDir::name));
    if results != Path::new("results") {
        words.extend(["--results".to_owned(), results.display().to_string()]);
    }
    words.join(" ")
}

/// Sends what a server lacks of a run's journal, giving up after `wait` without any progress.
pub fn sync(run: &RunDir, settings: &Settings, wait: Duration) -> Result<Report, Error> {
    let mut transfer = Transfer::new(run.clone(), Client::new(settings, WATCHED)?, &settings.experiment)?;
    while !patiently(wait, || transfer.step())? {}
    Ok(report_of(&transfer, true, None))
}

/// The page of a server that compares the runs of a results folder: the scores of its newest sweep, by arm. Without a sweep the
/// scores of the experiment that most of its runs are in.
pub fn comparison_page(results: &Path, server: &str) -> String {
    if let Some(page) = view::newest_page(results, server) {
        return page;
    }
    let mut experiments: BTreeMap<String, usize> = BTreeMap::new();
    for state in State::of_runs(results, server) {
        if let Some(experiment) = state.experiment_id() {
            *experiments.entry(experiment.to_owned()).or_default() += 1;
        }
    }
    match experiments.into_iter().max_by_key(|(_, runs)| *runs) {
        Some((experiment, _)) => view::page_of_all(server, &experiment),
        None => server.to_owned(),
    }
}

/// What the thread of a [`Mirror`] has.
struct Followed {
    run: RunDir,
    settings: Settings,
    stopped: Receiver<()>,
    pulse: Pulse,
    report: Arc<Mutex<Report>>,
}

impl Followed {
    /// Sends the journal as it grows, until it is stopped and all is sent, or nothing more can be.
    fn follow(self) {
        while !self.run.journal().is_file() {
            if self.is_stopped_within(LOOK) {
                // A run that never began has nothing to show.
                return set(&self.report, |report| report.complete = true);
            }
        }
        let mut transfer = match self.transfer() {
            Ok(transfer) => transfer,
            Err(error) => return set(&self.report, |report| report.error = Some(error.to_string())),
        };
        let (mut backoff, mut stopped) = (Backoff::default(), false);
        loop {
            let outcome = transfer.step();
            let caught_up = matches!(outcome, Ok(true));
            set(&self.report, |report| *report = report_of(&transfer, caught_up, outcome.as_ref().err()));
            let pause = match outcome {
                Ok(true) if stopped => return,
                Ok(true) => {
                    backoff.reset();
                    TICK
                }
                Ok(false) => {
                    backoff.reset();
                    continue;
                }
                Err(error) if !error.is_transient() => {
                    // Hours may pass until the report is read.
                    TOLD.call_once(|| tracing::warn!("the run is not shown on MLflow: {error}"));
                    return;
                }
                // The last chance is for a server that is there, or is not known to be away.
                Err(_) if stopped && !self.pulse.is_alive() => return,
                Err(error) => {
                    tracing::debug!("MLflow will be asked again: {error}");
                    backoff.pause(error.retry_after())
                }
            };
            if stopped {
                std::thread::sleep(pause);
            } else if self.is_stopped_within(pause) {
                // It begins without the long pauses of a server that was away.
                backoff.reset();
                stopped = true;
            }
        }
    }

    fn transfer(&self) -> Result<Transfer, Error> {
        let client = Client::new(&self.settings, UNWATCHED)?.with_pulse(self.pulse.clone());
        Transfer::new(self.run.clone(), client, &self.settings.experiment)
    }

    /// Waits, and says whether the journal got its last event meanwhile.
    fn is_stopped_within(&self, pause: Duration) -> bool {
        self.stopped.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected)
    }
}

fn report_of(transfer: &Transfer, caught_up: bool, error: Option<&Error>) -> Report {
    let behind = State::behind(transfer.run());
    Report {
        complete: caught_up && behind == 0,
        behind,
        url: transfer.url().map(str::to_owned),
        problems: transfer.problems().to_vec(),
        error: error.map(ToString::to_string),
    }
}

fn set(report: &Mutex<Report>, change: impl FnOnce(&mut Report)) {
    change(&mut lock(report));
}

fn lock(report: &Mutex<Report>) -> MutexGuard<'_, Report> {
    report.lock().unwrap_or_else(PoisonError::into_inner)
}
