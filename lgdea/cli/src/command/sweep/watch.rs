//! `lgdea sweep --status --watch`: a board of a sweep, whoever runs it, drawn again and again from what is on disk.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lgdea_cache::Leases;
use lgdea_metric::curve::LOSS;
use lgdea_metric::task::zero_shot::AUROC_MACRO;
use lgdea_metric::{Name, Parameters, Split};
use lgdea_spec::{Resolved, counted};
use lgdea_sweep::{State, SweepSummary, TrialEntry, Trials, state};
use lgdea_track::{History, RunDir};

use crate::failure::Failure;
use crate::output::{duration, print};

use super::status::{Row, count, standing, table_of};

/// How often the board is drawn: on a terminal, and elsewhere.
const REDRAWN: Duration = Duration::from_secs(2);
const TOLD: Duration = Duration::from_mins(1);
/// Failures that are shown.
const FAILURES: usize = 5;
/// Back to the first corner of the terminal, and empty it.
const CLEAR: &str = "\x1b[H\x1b[2J\x1b[3J";

/// Shows the sweep of a list of trials until all have ended.
pub(super) fn watch(list: &Path, results: &Path) -> Result<(), Failure> {
    let mut seen = Seen { runs: results.join("runs"), ended: HashMap::new(), at_work: HashMap::new() };
    let mut leases = Leases::new(&results.join("leases"), Leases::PATIENCE)?;
    let is_drawn = std::io::stdout().is_terminal();
    loop {
        // A search adds trials while it goes on.
        let trials = Trials::read(list)?;
        let rows: Vec<Row<'_>> = trials.trials.iter().map(|trial| seen.look(trial, &mut leases)).collect();
        let board = seen.board(&trials, &rows);
        print(&if is_drawn { format!("{CLEAR}{board}") } else { format!("{board}\n") })?;
        let open = rows.iter().filter(|row| row.is_open()).count();
        if open == 0 {
            return Ok(());
        }
        std::thread::sleep(if is_drawn { REDRAWN } else { TOLD });
    }
}

/// What was seen of a sweep's runs.
struct Seen {
    runs: PathBuf,
    /// Journals of runs that have ended for good, by their folders' names: these are not read again.
    ended: HashMap<String, (&'static str, History)>,
    /// What is known of runs that are at work.
    at_work: HashMap<String, Work>,
}

/// A run at work.
struct Work {
    history: History,
    /// Joint steps of its training, as its experiment says.
    steps: Option<usize>,
    /// When it was seen first, and the step at which it was then.
    since: Instant,
    first: u64,
}

impl Work {
    fn step(&self) -> u64 {
        self.history.metrics.get(LOSS.name).map_or(0, |&(step, _)| step)
    }

    /// How long training may go on, at the rate since it was seen first.
    fn left(&self) -> Option<Duration> {
        let (done, left) = (self.step().checked_sub(self.first)?, (self.steps? as u64).checked_sub(self.step())?);
        (done > 0).then(|| self.since.elapsed().mul_f64(left as f64 / done as f64))
    }

    /// What it takes of its machine, as it says itself.
    fn machine(&self) -> String {
        let value = |of_gpu: bool, end: &str| {
            let mut metrics = self.history.metrics.iter();
            let found = metrics.find(|(name, _)| name.contains("/gpu_") == of_gpu && name.ends_with(end));
            found.map(|(_, &(_, value))| value)
        };
        let parts = [
            value(false, "/process_memory_megabytes").map(|memory| format!(", {:.1} GB", memory / 1000.0)),
            value(true, "_utilization_percentage").map(|used| format!(", GPU {used:.0} %")),
            value(true, "_memory_usage_megabytes").map(|memory| format!(" with {:.1} GB", memory / 1000.0)),
        ];
        parts.into_iter().flatten().collect()
    }
}

impl Seen {
    /// How a trial stands now.
    fn look<'t>(&mut self, trial: &'t TrialEntry, leases: &mut Leases) -> Row<'t> {
        if let Some((state, _)) = self.ended.get(&trial.dir) {
            return Row { trial, state, why: String::new() };
        }
        let run = RunDir::at(self.runs.join(&trial.dir));
        let (name, why) = standing(state(&run).0, &trial.run_key, leases);
        match name {
            "finished" | "pruned" => drop(self.ended.insert(trial.dir.clone(), (name, state(&run).1))),
            "running" => {
                if let (State::Begun, history) = state(&run) {
                    let known = self.at_work.entry(trial.dir.clone()).or_insert_with(|| Work {
                        history: History::default(),
                        steps: Resolved::from_file(&run.experiment(), &[])
                            .ok()
                            .map(|it| it.experiment.train.all_steps()),
                        since: Instant::now(),
                        first: history.metrics.get(LOSS.name).map_or(0, |&(step, _)| step),
                    });
                    known.history = history;
                }
            }
            _ => {}
        }
        Row { trial, state: name, why }
    }

    fn board(&self, trials: &Trials, rows: &[Row<'_>]) -> String {
        let mut text = format!("{}\n\n{}\n", trials.sweep.name, table_of(trials, rows));
        for row in rows.iter().filter(|row| row.state == "running") {
            let Some(work) = self.at_work.get(&row.trial.dir) else { continue };
            let steps = work.steps.map_or_else(String::new, |steps| format!(" of {steps}"));
            let loss = work.history.metrics.get(LOSS.name).map(|&(_, loss)| format!(", loss {loss:.3}"));
            let left = work.left().map(|left| format!(", {} left", duration(left.as_secs_f64())));
            let facts: String = [loss, left].into_iter().flatten().collect();
            let (called, step, machine) = (called(row.trial), work.step(), work.machine());
            let _ = write!(text, "\nrunning   {called}, step {step}{steps}{facts}{machine}");
        }
        let failed: Vec<&Row<'_>> = rows.iter().filter(|row| row.state == "failed").collect();
        for row in failed.iter().take(FAILURES) {
            let why = row.why.lines().next().unwrap_or_default();
            let _ = write!(text, "\nfailed    {}: {why}", called(row.trial));
        }
        if failed.len() > FAILURES {
            let _ = write!(text, "\nfailed    {} more: `--status` shows all", failed.len() - FAILURES);
        }
        if let Some(best) = self.best(&trials.sweep, rows) {
            let _ = write!(text, "\nbest      {best}");
        }
        let at_work = count(rows, None, "running");
        if at_work == 0 && rows.iter().any(Row::is_open) {
            let _ = write!(text, "\nnote      no process is at it: `lgdea sweep {}` goes on", trials.sweep.file);
        }
        if let Some(left) = self.left(rows) {
            let _ = write!(text, "\nleft      {left}");
        }
        format!("{}\n", text.trim_end())
    }

    /// The best finished run by the metric that the sweep is about.
    fn best(&self, sweep: &SweepSummary, rows: &[Row<'_>]) -> Option<String> {
        let metric = metric_of(sweep);
        let better = Name::parse(&metric).better();
        let value = |row: &Row<'_>| {
            let (_, history) = self.ended.get(&row.trial.dir)?;
            history.metrics.get(&metric).map(|&(_, value)| value).filter(|value| !value.is_nan())
        };
        let values = rows.iter().filter_map(|row| Some((row, value(row)?)));
        let (row, value) = values.max_by(|(_, one), (_, other)| better.gain(*one).total_cmp(&better.gain(*other)))?;
        Some(format!("{}: {metric} {value:.*}", called(row.trial), Name::parse(&metric).decimals()))
    }

    /// How long the rest may take: the mean time of runs so far, with as many at a time as are at work.
    fn left(&self, rows: &[Row<'_>]) -> Option<String> {
        let seconds: Vec<f64> =
            rows.iter().filter_map(|row| self.ended.get(&row.trial.dir)).map(|(_, history)| history.seconds).collect();
        let at_a_time = count(rows, None, "running");
        let open = rows.iter().filter(|row| row.is_open()).count();
        if seconds.is_empty() || at_a_time == 0 {
            return None;
        }
        let mean = seconds.iter().sum::<f64>() / seconds.len() as f64;
        // Of those at work half is done, on the average.
        let runs = open as f64 - 0.5 * at_a_time as f64;
        let left = Duration::from_secs_f64(mean * runs / at_a_time as f64);
        Some(format!("about {} for {}, {at_a_time} at a time", duration(left.as_secs_f64()), counted(open, "run")))
    }
}

/// The metric that a sweep is about: what it searches for, its first claim, else the validation split's AUROC.
fn metric_of(sweep: &SweepSummary) -> String {
    let searched = sweep.search.as_ref().map(|search| search.objective.clone());
    let claimed = sweep.claims.first().map(|claim| claim.metric.clone());
    searched.or(claimed).unwrap_or_else(|| Split::Validation.of_score(&AUROC_MACRO.name(Parameters::default())))
}

/// A trial by its arm, its seed and what else tells it from others.
fn called(trial: &TrialEntry) -> String {
    let settings = trial.deltas.iter().map(|(key, value)| format!(", {key} = {value}"));
    format!("{}, seed {}{}", trial.arm, trial.seed, settings.collect::<String>())
}
