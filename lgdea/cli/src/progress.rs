//! Progress: bars on a terminal, plain lines elsewhere. All of it goes to standard error.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lgdea_run::Audience;
use lgdea_train::{Observer, Stage, StepReport, TrainError};

use crate::terminal::is_drawn_on;

/// Least time between two plain lines of one piece of work.
const QUIET: Duration = Duration::from_secs(10);

/// A line of information. Where nobody listens any more (`lgdea … 2>&1 | head`), work goes on unheard.
pub(crate) fn say(text: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr().lock(), "{}", text.as_ref());
}

/// How long the rest will take at the rate so far; nothing where that cannot be said.
fn time_left(elapsed: Duration, done: usize, left: usize) -> String {
    if done == 0 || left == 0 {
        return String::new();
    }
    format!(", {} s left", elapsed.mul_f64(left as f64 / done as f64).as_secs())
}

/// Shows how work goes.
pub(crate) struct Progress {
    terminal: bool,
    /// Of the run that has begun.
    folder: OnceLock<PathBuf>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { terminal: is_drawn_on(), folder: OnceLock::new() }
    }

    /// The folder of the run that has begun; empty where none has.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.get().map_or(Path::new(""), PathBuf::as_path)
    }

    /// Work of many items; call [`Counter::update`] with the items done and their total.
    pub(crate) fn counter(&self, what: &'static str) -> Counter {
        Counter { what, bar: self.bar("{prefix:>16} {wide_bar} {pos}/{len} {eta}"), told: Mutex::new(None) }
    }

    /// Training.
    pub(crate) fn training(&self) -> Training {
        Training { bar: self.bar("{prefix:>16} {wide_bar} {pos}/{len} {msg} {eta}"), seen: Seen::new() }
    }

    fn bar(&self, template: &str) -> Option<ProgressBar> {
        let style = ProgressStyle::with_template(template).ok()?;
        self.terminal.then(|| ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr()).with_style(style))
    }
}

impl Audience for Progress {
    fn say(&self, text: &str) {
        say(text);
    }

    fn begins(&self, folder: &Path) {
        self.folder.get_or_init(|| folder.to_owned());
    }

    fn counter(&self, what: &'static str) -> lgdea_run::Counter {
        let counter = Progress::counter(self, what);
        Box::new(move |done, total| counter.update(done, total))
    }

    fn training(&self) -> Box<dyn Observer> {
        Box::new(Progress::training(self))
    }
}

/// Progress of many items.
pub(crate) struct Counter {
    what: &'static str,
    bar: Option<ProgressBar>,
    told: Mutex<Option<Told>>,
}

/// What a counter has told.
struct Told {
    began: Instant,
    /// Items done then: those that cost nothing, as from a cache, come first.
    done_then: usize,
    last: Instant,
}

impl Counter {
    /// Items done, of how many. Safe to call from any thread.
    pub(crate) fn update(&self, done: usize, total: usize) {
        if let Some(bar) = &self.bar {
            bar.set_prefix(self.what);
            bar.set_length(total as u64);
            bar.set_position(done as u64);
            return;
        }
        let Ok(mut told) = self.told.lock() else { return };
        let now = Instant::now();
        let told = told.get_or_insert(Told { began: now, done_then: done, last: now });
        if now - told.last >= QUIET {
            told.last = now;
            let left = time_left(now - told.began, done.saturating_sub(told.done_then), total.saturating_sub(done));
            say(format!("{}: {done} of {total}{left}", self.what));
        }
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Progress of training.
pub(crate) struct Training {
    bar: Option<ProgressBar>,
    seen: Seen,
}

struct Seen {
    stage: Option<Stage>,
    /// When the first step was done that this process has done of the stage, and which it was.
    began: Instant,
    first: usize,
    told: Option<Instant>,
    loss: Option<f64>,
    rate: Option<f64>,
}

impl Seen {
    fn new() -> Self {
        Self { stage: None, began: Instant::now(), first: 0, told: None, loss: None, rate: None }
    }
}

impl Observer for Training {
    fn step_done(&mut self, report: &StepReport) -> Result<(), TrainError> {
        let seen = &mut self.seen;
        if seen.stage != Some(report.stage) {
            *seen = Seen { stage: Some(report.stage), first: report.done, ..Seen::new() };
        }
        if let Some(logged) = &report.logged {
            seen.loss = Some(logged.loss);
            seen.rate = logged.throughput.map(|throughput| throughput.images_per_second);
        }
        let name = report.stage.to_string();
        let loss = seen.loss.map(|loss| format!("loss {loss:.3}"));
        let rate = seen.rate.map(|rate| format!("{rate:.0} images/s"));
        let facts = [loss, rate].into_iter().flatten().collect::<Vec<_>>().join(", ");
        if let Some(bar) = &self.bar {
            bar.set_prefix(name);
            bar.set_length(report.steps as u64);
            bar.set_position(report.done as u64);
            bar.set_message(facts);
            return Ok(());
        }
        let last = report.done == report.steps;
        // What a run that goes on from a checkpoint does first is not logged.
        if last || seen.loss.is_some() && seen.told.is_none_or(|told| told.elapsed() >= QUIET) {
            seen.told = Some(Instant::now());
            let eta = time_left(seen.began.elapsed(), report.done - seen.first, report.steps - report.done);
            say(format!("{name}: step {} of {}, {facts}{eta}", report.done, report.steps));
        }
        Ok(())
    }

    fn note(&mut self, message: &str) -> Result<(), TrainError> {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(message)),
            None => say(message),
        }
        Ok(())
    }
}

impl Drop for Training {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
