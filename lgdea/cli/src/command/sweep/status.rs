//! `lgdea sweep --status`: how a sweep stands, as the disk has it.

use std::fmt::Write;

use lgdea_cache::Leases;
use lgdea_eval::table;
use lgdea_spec::sweep::Sweep;
use lgdea_sweep::{State, SweepChange, TrialEntry, Trials, state};
use lgdea_track::RunDir;
use serde_json::json;

use crate::args::sweep::SweepArgs;
use crate::failure::{Failure, refused};
use crate::output::print;

/// The states of the table, in its order.
const STATES: [&str; 7] = ["finished", "pruned", "failed", "running", "stopped", "interrupted", "waiting"];

pub(super) fn status(sweep: &Sweep, args: &SweepArgs) -> Result<(), Failure> {
    let path = Trials::path(&args.results, &sweep.name);
    if !path.exists() {
        return Err(refused(format!(
            "the sweep `{}` has not begun in {}: `lgdea sweep` begins it, `lgdea plan` says what it comes to",
            sweep.name,
            args.results.display()
        )));
    }
    let trials = Trials::read(&path)?;
    let changed = SweepChange::find(sweep, &trials)?;
    let mut leases = Leases::new(&args.results.join("leases"), Leases::PATIENCE)?;
    let mut rows: Vec<(&TrialEntry, &str, String)> = Vec::new();
    for trial in &trials.trials {
        let run = RunDir::at(args.results.join("runs").join(&trial.dir));
        let (name, why) = standing(&run, &trial.run_key, &mut leases);
        rows.push((trial, name, why));
    }
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
    let shown: Vec<&str> = STATES.into_iter().filter(|state| count(&rows, None, state) > 0).collect();
    let header: Vec<&str> = ["arm"].into_iter().chain(shown.iter().copied()).collect();
    let mut text = table::with_header(&header, 1..header.len());
    for arm in &trials.sweep.arms {
        let counts = shown.iter().map(|state| count(&rows, Some(&arm.name), state).to_string());
        text.add_row([arm.name.clone()].into_iter().chain(counts));
    }
    let mut text = format!("{text}\n");
    for (trial, state, why) in rows.iter().filter(|(_, _, why)| !why.is_empty()) {
        let _ = write!(text, "\n{state}: {} (seed {}): {why}", trial.dir, trial.seed);
    }
    if let Some(change) = changed {
        let _ = write!(text, "\n\nnote: {}", change.told(&args.file));
    }
    print(&format!("{}\n", text.trim_end()))
}

/// How a trial stands, by one of [`STATES`], and what is to be said of it.
pub(crate) fn standing(run: &RunDir, key: &str, leases: &mut Leases) -> (&'static str, String) {
    match (state(run).0, leases.holder(key)) {
        (State::Finished, _) => ("finished", String::new()),
        (State::Pruned, _) => ("pruned", String::new()),
        (_, Some(holder)) => ("running", format!("by {holder}")),
        (State::Failed(why), None) => ("failed", why),
        (State::Stopped, None) => ("stopped", String::new()),
        (State::Begun, None) => ("interrupted", String::new()),
        (State::Waiting, None) => ("waiting", String::new()),
    }
}

/// Trials of an arm, or of all, in a state.
fn count(rows: &[(&TrialEntry, &str, String)], arm: Option<&str>, state: &str) -> usize {
    let counted =
        |(trial, found, _): &&(&TrialEntry, &str, String)| *found == state && arm.is_none_or(|arm| trial.arm == arm);
    rows.iter().filter(counted).count()
}
