//! `lgdea sweep --status`: how a sweep stands, as the disk has it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use lgdea_cache::Leases;
use lgdea_eval::table;
use lgdea_spec::sweep::Sweep;
use lgdea_sweep::{State, SweepChange, TrialEntry, Trials, state};
use lgdea_track::RunDir;
use rayon::prelude::*;
use serde_json::json;

use crate::args::sweep::SweepArgs;
use crate::failure::{Failure, refused};
use crate::output::print;

/// The states of the table, in its order.
const STATES: [&str; 7] = ["finished", "pruned", "failed", "running", "stopped", "interrupted", "waiting"];

/// Where the list of a sweep's trials lies; refuses a sweep that has not begun.
pub(super) fn list(sweep: &Sweep, args: &SweepArgs) -> Result<PathBuf, Failure> {
    let path = Trials::path(&args.results, &sweep.name);
    if !path.exists() {
        return Err(refused(format!(
            "the sweep `{}` has not begun in {}: `lgdea sweep` begins it, `lgdea plan` says what it comes to",
            sweep.name,
            args.results.display()
        )));
    }
    Ok(path)
}

pub(super) fn status(sweep: &Sweep, args: &SweepArgs) -> Result<(), Failure> {
    let trials = Trials::read(&list(sweep, args)?)?;
    let changed = SweepChange::find(sweep, &trials)?;
    let rows = standings(&trials, &args.results)?;
    if args.json {
        let counts: serde_json::Map<String, serde_json::Value> =
            STATES.iter().map(|state| ((*state).to_owned(), json!(count(&rows, None, state)))).collect();
        return print(&format!(
            "{}\n",
            json!({
                "sweep": sweep.name, "runs": rows.len(), "states": counts, "changed": changed.is_some(),
            })
        ));
    }
    let mut text = format!("{}\n", table_of(&trials, &rows));
    for Row { trial, state, why } in rows.iter().filter(|row| !row.why.is_empty()) {
        let _ = write!(text, "\n{state}: {} (seed {}): {why}", trial.dir, trial.seed);
    }
    if let Some(change) = changed {
        let _ = write!(text, "\n\nnote: {}", change.told(&args.file));
    }
    print(&format!("{}\n", text.trim_end()))
}

/// A trial, and how it stands.
pub(crate) struct Row<'a> {
    pub(super) trial: &'a TrialEntry,
    /// One of [`STATES`].
    pub(crate) state: &'static str,
    /// What is to be said of it.
    pub(super) why: String,
}

impl Row<'_> {
    /// Whether there is something left to run.
    pub(super) fn is_open(&self) -> bool {
        !matches!(self.state, "finished" | "pruned" | "failed")
    }
}

/// The trials of each arm in each state that there is.
pub(super) fn table_of(trials: &Trials, rows: &[Row<'_>]) -> String {
    let shown: Vec<&str> = STATES.into_iter().filter(|state| count(rows, None, state) > 0).collect();
    let header: Vec<&str> = ["arm"].into_iter().chain(shown.iter().copied()).collect();
    let mut table = table::with_header(&header, 1..header.len());
    for arm in &trials.sweep.arms {
        let counts = shown.iter().map(|state| count(rows, Some(&arm.name), state).to_string());
        table.add_row([arm.name.clone()].into_iter().chain(counts));
    }
    table.to_string()
}

/// How each trial of a list stands.
pub(crate) fn standings<'t>(trials: &'t Trials, results: &Path) -> Result<Vec<Row<'t>>, Failure> {
    let runs = results.join("runs");
    let mut leases = Leases::new(&results.join("leases"), Leases::PATIENCE)?;
    let states: Vec<State> =
        trials.trials.par_iter().map(|trial| state(&RunDir::at(runs.join(&trial.dir))).0).collect();
    let rows = trials.trials.iter().zip(states).map(|(trial, state)| {
        let (state, why) = standing(state, &trial.run_key, &mut leases);
        Row { trial, state, why }
    });
    Ok(rows.collect())
}

/// How a trial in a state stands, by one of [`STATES`], and what is to be said of it.
pub(super) fn standing(state: State, key: &str, leases: &mut Leases) -> (&'static str, String) {
    match (state, leases.holder(key)) {
        (State::Finished, _) => ("finished", String::new()),
        (State::Pruned, _) => ("pruned", String::new()),
        (_, Some(holder)) => ("running", format!("by its sweep, {holder}")),
        (State::Failed(why), None) => ("failed", why),
        (State::Stopped, None) => ("stopped", String::new()),
        (State::Begun, None) => ("interrupted", String::new()),
        (State::Waiting, None) => ("waiting", String::new()),
    }
}

/// Trials of an arm, or of all, in a state.
pub(super) fn count(rows: &[Row<'_>], arm: Option<&str>, state: &str) -> usize {
    let counted = |row: &&Row<'_>| row.state == state && arm.is_none_or(|arm| row.trial.arm == arm);
    rows.iter().filter(counted).count()
}
