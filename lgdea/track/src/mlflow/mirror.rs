//! A thread that shows a run on MLflow while it goes on.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::backoff::{Backoff, patiently};
use super::state::State;
use super::transfer::Transfer;
use super::{Error, Settings, view};
use crate::RunDir;

/// Most runs that MLflow's page of a comparison is asked for.
const COMPARED: usize = 100;
/// How often the journal is looked at.
const TICK: Duration = Duration::from_secs(1);

/// Shows a run on an MLflow server while it goes on.
///
/// A thread of its own follows the journal. The run hands it nothing and never waits for it, so a server that is slow,
/// away or wrong costs the run nothing.
#[derive(Debug)]
pub struct Mirror {
    run: RunDir,
    /// The moment at which the thread has to give up.
    stop: Sender<Instant>,
    /// Closes when the thread ends.
    ended: Receiver<()>,
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
    /// Begins to show a run, whose journal must exist. Whatever goes wrong is told by [`Mirror::finish`].
    pub fn start(run: &RunDir, settings: Settings) -> Mirror {
        let (stop, stopped) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        let report = Arc::new(Mutex::new(Report::default()));
        let thread = {
            let (run, report) = (run.clone(), Arc::clone(&report));
            move || {
                follow(run, &settings, &stopped, &report);
                drop(end);
            }
        };
        if let Err(error) = std::thread::Builder::new().name("mlflow".to_owned()).spawn(thread) {
            set(&report, |report| report.error = Some(format!("no thread for the tracker: {error}")));
        }
        Mirror { run: run.clone(), stop, ended, report }
    }

    /// Sends what is left, for `wait` at most, and says how far it came. Call it once the journal has its last event.
    pub fn finish(self, wait: Duration) -> Report {
        let now = Instant::now();
        // The thread may have ended before, for an error that waiting does not mend; then there is nobody to tell.
        let _ = self.stop.send(now.checked_add(wait).unwrap_or(now));
        let ended = self.ended.recv_timeout(wait);
        let mut report = lock(&self.report).clone();
        if ended == Err(RecvTimeoutError::Timeout) {
            // The thread is still in the middle of a request; the process need not wait for it.
            report.complete = false;
            report.behind = State::behind(&self.run);
            let late = || format!("the server did not take everything within {} s", wait.as_secs());
            report.error.get_or_insert_with(late);
        }
        report
    }
}

/// Sends what a server lacks of a run's journal, giving up after `wait` without any progress.
pub fn sync(run: &RunDir, settings: &Settings, wait: Duration) -> Result<Report, Error> {
    let mut transfer = Transfer::new(run.clone(), settings)?;
    while !patiently(wait, || transfer.step())? {}
    Ok(report_of(&transfer, true, None))
}

/// The page of a server that compares the runs of a results folder: the scores of its newest sweep, by arm. Without a sweep the
/// runs of the experiment that most of them are in; of more than 100 the list of that experiment.
pub fn comparison_page(results: &Path, server: &str) -> String {
    if let Some(page) = view::newest_page(results, server) {
        return page;
    }
    let mut experiments: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for state in State::of_runs(results, server) {
        if let Some(experiment) = state.experiment_id() {
            experiments.entry(experiment.to_owned()).or_default().push(state.run_id);
        }
    }
    let list = |ids: &[String]| ids.iter().map(|id| format!("%22{id}%22")).collect::<Vec<_>>().join(",");
    match experiments.into_iter().max_by_key(|(_, runs)| runs.len()) {
        Some((experiment, runs)) if (2..=COMPARED).contains(&runs.len()) => {
            format!("{server}/#/compare-runs?runs=[{}]&experiments=[{}]", list(&runs), list(&[experiment]))
        }
        Some((experiment, _)) => format!("{server}/#/experiments/{experiment}/runs"),
        None => server.to_owned(),
    }
}

/// The thread of a [`Mirror`].
fn follow(run: RunDir, settings: &Settings, stopped: &Receiver<Instant>, report: &Mutex<Report>) {
    let mut transfer = match Transfer::new(run, settings) {
        Ok(transfer) => transfer,
        Err(error) => return set(report, |report| report.error = Some(error.to_string())),
    };
    let mut backoff = Backoff::default();
    let mut deadline = None;
    loop {
        let outcome = transfer.step();
        let caught_up = matches!(outcome, Ok(true));
        set(report, |report| *report = report_of(&transfer, caught_up, outcome.as_ref().err()));
        let pause = match outcome {
            Ok(true) if deadline.is_some() => return,
            Ok(true) => {
                backoff.reset();
                TICK
            }
            Ok(false) => {
                backoff.reset();
                Duration::ZERO
            }
            Err(error) if error.is_transient() => {
                tracing::debug!("MLflow will be asked again: {error}");
                backoff.pause(error.retry_after())
            }
            Err(error) => {
                // Hours may pass until the report is read.
                tracing::warn!("the run is not shown on MLflow: {error}");
                return;
            }
        };
        match deadline {
            Some(deadline) if Instant::now() + pause >= deadline => return,
            Some(_) => std::thread::sleep(pause),
            None => match stopped.recv_timeout(pause) {
                Ok(moment) => {
                    // The last chance begins without the long pauses of a server that was away.
                    backoff.reset();
                    deadline = Some(moment);
                }
                Err(RecvTimeoutError::Timeout) => {}
                // The run was left without a word; `sync` has the rest.
                Err(RecvTimeoutError::Disconnected) => return,
            },
        }
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
