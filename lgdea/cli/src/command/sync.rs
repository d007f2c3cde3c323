//! `lgdea sync`: sends to the tracker what it lacks of the runs on disk, and ends there what has ended here.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use lgdea_comparison::{Comparison, Request, view};
use lgdea_spec::{Resolved, agreeing, counted};
use lgdea_sweep::Trials;
use lgdea_track::mlflow::{self, Report, Sent, Settings};
use lgdea_track::{Event, History, Journal, RunDir, Status};

use crate::args::SyncArgs;
use crate::args::compare::Inputs;
use crate::command::collected::collect;
use crate::command::named::{all, named};
use crate::command::sweep::standings;
use crate::failure::{Failure, refused};
use crate::output::print;
use crate::progress::{Progress, say};

/// How long a server may stay without an answer.
const WAIT: Duration = Duration::from_secs(15);

/// What became of the runs.
#[derive(Default)]
struct Tally {
    sent: usize,
    running: usize,
    /// Runs whose experiment names no server.
    without_server: usize,
    failed: usize,
    /// Sweeps whose own runs are not up to date.
    sweeps: usize,
    /// What was said of failures: each is said once.
    said: HashSet<String>,
}

pub(crate) fn sync(args: &SyncArgs) -> Result<(), Failure> {
    let runs = runs(args)?;
    if let Some(uri) = &args.uri {
        // An address that is none is the same mistake for every run.
        Settings::from_env(uri, "any")?;
    }
    let progress = Progress::new();
    let counter = progress.counter("sending runs");
    let mut tally = Tally::default();
    // A run that is named is asked for, whatever is known of it.
    let mut places = args.runs.is_empty().then(Places::default);
    for (done, run) in runs.iter().enumerate() {
        let sent = match &mut places {
            Some(places) => places.send(run, args.uri.as_deref()),
            None => send(run, args.uri.as_deref()),
        };
        match sent {
            Ok(Outcome::Away(why)) => {
                // Each run would wait for it anew.
                say(format!("{}: {why}", run.name()));
                tally.failed += runs.len() - done;
                drop(counter);
                return tally.tell(runs.len());
            }
            Ok(Outcome::Whole(report)) => {
                tally.sent += 1;
                report.problems.iter().for_each(|problem| say(format!("{}: {problem}", run.name())));
            }
            Ok(Outcome::Running) => tally.running += 1,
            Ok(Outcome::Nowhere) => tally.without_server += 1,
            Err(failure) => {
                tally.failed += 1;
                tally.say(&run.name(), failure.message());
            }
        }
        counter.update(done + 1, runs.len());
    }
    drop(counter);
    if tally.without_server == runs.len() {
        return Err(refused(
            "no server is named: set MLFLOW_TRACKING_URI or the experiments' `tracker.uri`, or give `--uri`".to_owned(),
        ));
    }
    if args.runs.is_empty() {
        show_sweeps(args, &mut tally);
    }
    tally.tell(runs.len())
}

/// Tells the tracker how the sweeps of the results folder stand.
fn show_sweeps(args: &SyncArgs, tally: &mut Tally) {
    for path in sweeps(&args.results) {
        match show_sweep(&path, &args.results, args.uri.as_deref()) {
            Ok(Some(url)) => say(format!("tracker   {url}")),
            Ok(None) => {}
            Err(failure) => {
                tally.sweeps += 1;
                tally.say(&path.display(), failure.message());
            }
        }
    }
}

impl Tally {
    /// Says what failed of something, unless the same was said of something else.
    fn say(&mut self, what: &dyn Display, message: String) {
        if self.said.insert(message.clone()) {
            say(format!("{what}: {message}"));
        }
    }

    fn tell(&self, runs: usize) -> Result<(), Failure> {
        let parts = [
            (self.running, "still going, left to their own processes"),
            (self.without_server, "without a server"),
            (self.failed, "not sent whole: the same command tries again"),
        ];
        let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("; {count} {what}"));
        let sweeps = counted(self.sweeps, "sweep");
        let parts = parts.chain((self.sweeps > 0).then(|| format!("; {sweeps} not shown as they stand")));
        print(&format!(
            "{} of {} {} on the server{}\n",
            self.sent,
            counted(runs, "run"),
            agreeing(runs, "is", "are"),
            parts.collect::<String>()
        ))?;
        if self.failed + self.sweeps > 0 { Err(Failure::Quiet(ExitCode::from(1))) } else { Ok(()) }
    }
}

/// The runs that are named, or all of the results folder.
fn runs(args: &SyncArgs) -> Result<Vec<RunDir>, Failure> {
    if !args.runs.is_empty() {
        return args.runs.iter().map(|run| named(run, &args.results)).collect();
    }
    let runs = all(&args.results);
    if runs.is_empty() {
        let folder = args.results.join("runs");
        return Err(refused(format!("there are no runs in {}; `--results` names another folder", folder.display())));
    }
    Ok(runs)
}

/// Servers with their experiments, and whether they have what was sent to them before: of each, one run is asked for.
#[derive(Default)]
struct Places(HashMap<(String, String), bool>);

impl Places {
    /// Sends a run, unless it is where it was sent whole, and that place has what was sent to it.
    fn send(&mut self, run: &RunDir, uri: Option<&str>) -> Result<Outcome, Failure> {
        let Some(before) = Sent::of(run) else { return send(run, uri) };
        if self.0.get(&before.place) == Some(&true) {
            return Ok(Outcome::Whole(Report { complete: true, ..Report::default() }));
        }
        let outcome = send(run, uri)?;
        if matches!(outcome, Outcome::Whole(_)) {
            // A server that was set up anew gives the run another id.
            let is_there = Sent::of(run).as_ref() == Some(&before);
            self.0.entry(before.place).or_insert(is_there);
        }
        Ok(outcome)
    }
}

/// What became of a run.
enum Outcome {
    Whole(Report),
    /// Its own process sends it.
    Running,
    /// No server is named.
    Nowhere,
    /// The server cannot be reached, for this reason.
    Away(mlflow::Error),
}

/// Sends a run, after it was ended where its process died without a word.
fn send(run: &RunDir, uri: Option<&str>) -> Result<Outcome, Failure> {
    let Some(settings) = settings(run, uri)? else { return Ok(Outcome::Nowhere) };
    if !has_ended(run)? {
        return Ok(Outcome::Running);
    }
    match mlflow::sync(run, &settings, WAIT) {
        Ok(report) => Ok(Outcome::Whole(report)),
        Err(mlflow::Error::Journal(lgdea_track::Error::Busy { .. })) => Ok(Outcome::Running),
        Err(error @ mlflow::Error::Connection { .. }) => Ok(Outcome::Away(error)),
        Err(error) => Err(error.into()),
    }
}

/// Where an experiment wants its run to be shown.
fn settings(run: &RunDir, uri: Option<&str>) -> Result<Option<Settings>, Failure> {
    let tracker = Resolved::from_file(&run.experiment(), &[])
        .map_err(|error| refused(format!("its experiment.toml cannot be read: {error}")))?
        .experiment
        .tracker;
    Ok(Settings::from_env(uri.unwrap_or(&tracker.uri), &tracker.experiment)?)
}

/// Whether a run is over. One whose journal has no end though nobody writes it was killed, and is ended.
fn has_ended(run: &RunDir) -> Result<bool, Failure> {
    let Some(history) = History::read(run)?.filter(|history| history.status.is_none()) else { return Ok(true) };
    match Journal::open(run) {
        Err(lgdea_track::Error::Busy { .. }) => Ok(false),
        Err(error) => Err(error.into()),
        Ok(journal) => {
            let error = Some("its process ended without a word".to_owned());
            journal.write(Event::Ended { status: Status::Killed, error, seconds: history.seconds_under_way() })?;
            Ok(true)
        }
    }
}

/// The sweep of each run that is a trial, by the run's name. A list that cannot be read names none.
pub(super) fn owners(results: &Path) -> BTreeMap<String, String> {
    let lists = sweeps(results).into_iter().filter_map(|list| Trials::read(&list).ok());
    lists
        .flat_map(|Trials { sweep, trials }| trials.into_iter().map(move |trial| (trial.dir, sweep.name.clone())))
        .collect()
}

/// The lists of trials of all sweeps of a results folder.
fn sweeps(results: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(results.join("sweeps")).into_iter().flatten().flatten();
    let lists = entries.map(|entry| entry.path().join("trials.jsonl"));
    let mut lists: Vec<PathBuf> = lists.filter(|path| path.is_file()).collect();
    lists.sort();
    lists
}

/// Tells the tracker how the sweep of a list of trials stands. Returns the address of its run; none where no server is named, or
/// nothing has begun.
pub(crate) fn show_sweep(path: &Path, results: &Path, uri: Option<&str>) -> Result<Option<String>, Failure> {
    let trials = Trials::read(path)?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in standings(&trials, results)? {
        *counts.entry(row.state).or_default() += 1;
    }
    let mut runs = trials.trials.iter().map(|trial| RunDir::at(results.join("runs").join(&trial.dir)));
    let begun = runs.find(|run| run.experiment().is_file());
    let shown = begun.map_or(Ok(None), |run| settings(&run, uri))?;
    let status = if counts.contains_key("running") {
        None
    } else if counts.contains_key("failed") {
        Some(Status::Failed)
    } else if counts.keys().any(|name| !matches!(*name, "finished" | "pruned")) {
        Some(Status::Killed)
    } else {
        Some(Status::Finished)
    };
    let Some(settings) = shown else { return Ok(None) };
    let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
    let scores = scores(results, &trials.sweep.name);
    let Trials { sweep, trials } = trials;
    let note =
        format!("{}\n\n{}: {}\n\n{scores}", sweep.description, counted(trials.len(), "trial"), counts.join(", "));
    Ok(mlflow::show_sweep(results, &sweep.name, status, &note, &settings, WAIT)?)
}

/// The table of `lgdea compare`, whose deviations MLflow's bars lack; empty while there is nothing to compare.
fn scores(results: &Path, sweep: &str) -> String {
    let inputs = Inputs { paths: vec![results.join("sweeps").join(sweep)], results: results.to_owned() };
    let request = Request::usual(format!("lgdea compare {sweep}"));
    let comparison = collect(&inputs).and_then(|collection| Ok(Comparison::new(&collection, &request)?));
    comparison.map(|comparison| view::markdown(&comparison)).unwrap_or_default()
}
