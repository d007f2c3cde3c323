//! `lgdea run`: from an experiment file to a trained and evaluated model, a journal and tracked metrics.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use lgdea_eval::Scores;
use lgdea_inputs::InputsError;
use lgdea_run::{Ended, Order, Outcome, RunError, reported};
use lgdea_spec::{Experiment, Notify, Resolved};
use lgdea_track::mlflow::Report;
use serde_json::json;

use crate::args::RunArgs;
use crate::command::requirements;
use crate::device;
use crate::failure::{Failure, or_full};
use crate::notify::{End, notify};
use crate::output;
use crate::progress::{Progress, say};

pub(crate) fn run(args: &RunArgs) -> Result<(), Failure> {
    let training = &args.training;
    let resolved = training.resolve()?;
    requirements::require(&resolved)?;
    let settings = &resolved.experiment.device;
    let device = device::open(&settings.name, settings.threads)?;
    let order = Order {
        resolved: &resolved,
        file: &training.file,
        results: &training.results,
        force: args.force,
        trial: args.trial.as_deref(),
    };
    let (began, progress) = (Instant::now(), Progress::new());
    let ended = lgdea_run::run(&order, &device, &progress).map_err(|error| match error {
        // What is wrong with data is told all at once, and where the experiment names it.
        RunError::Inputs(InputsError::Data(_) | InputsError::Set { .. } | InputsError::NothingScored { .. }) => {
            requirements::of_data(&resolved).unwrap_or_else(|| error.into())
        }
        error => or_full(error),
    });
    let answered = ended.as_ref().map_or(Ok(()), |ended| answer(ended, args.json));
    if args.trial.is_none() {
        tell(&resolved, &ended, progress.folder(), began.elapsed().as_secs_f64());
    }
    ended.and(answered)
}

/// Says what became of a run.
fn answer(ended: &Ended, json: bool) -> Result<(), Failure> {
    match ended {
        Ended::Finished(outcome) => print(outcome, json),
        Ended::Earlier(outcome) => {
            say(format!("{} is finished; --force runs it again", outcome.dir));
            print(outcome, json)
        }
        Ended::Stopped => Err(Failure::Quiet(ExitCode::from(1))),
        Ended::NotBegun => Err(Failure::Quiet(ExitCode::from(130))),
    }
}

/// Tells by the user's command how a run has ended; nothing where it had ended before. Of a trial its sweep tells it.
fn tell(resolved: &Resolved, ended: &Result<Ended, Failure>, folder: &Path, seconds: f64) {
    let (status, message) = match ended {
        Ok(Ended::Earlier(_) | Ended::NotBegun) => return,
        Ok(Ended::Finished(_)) => ("finished", String::new()),
        Ok(Ended::Stopped) => ("stopped", "it goes on from its checkpoint".to_owned()),
        Err(failure) => ("failed", failure.message()),
    };
    let Experiment { name, notify: Notify { command }, .. } = &resolved.experiment;
    notify(command, End { name, status, folder, seconds, message: &message });
}

/// Prints the tables of what is reported and where things lie; with `json`, one object as the last line.
pub(super) fn print(outcome: &Outcome, json: bool) -> Result<(), Failure> {
    let mut text = tables(&outcome.scores);
    let _ = writeln!(text, "run       {}", outcome.dir);
    if let Some(tracked) = &outcome.tracked {
        text.push_str(&describe(tracked));
    }
    if json {
        let metrics: BTreeMap<&str, f64> =
            outcome.scores.iter().map(|(name, score)| (name.as_str(), score.value)).collect();
        let object = json!({
            "run_key": outcome.run_key,
            "status": "finished",
            "dir": outcome.dir,
            "metrics": metrics,
            "seconds": outcome.seconds,
        });
        let _ = writeln!(text, "{object}");
    } else {
        let attempts = if outcome.attempts > 1 { format!(" in {} attempts", outcome.attempts) } else { String::new() };
        let _ = writeln!(text, "took      {:.0} s{attempts}", outcome.seconds);
    }
    output::print(&text)
}

/// The tables of scores, each with what it is of.
fn tables(scores: &Scores) -> String {
    let mut text = String::new();
    for (on, table) in reported(scores) {
        let _ = writeln!(text, "{on}\n{table}\n");
    }
    text
}

fn describe(tracked: &Report) -> String {
    let mut lines = Vec::new();
    if let Some(url) = &tracked.url {
        lines.push(format!("tracker   {url}\n"));
    }
    lines.extend(tracked.problems.iter().map(|problem| format!("          {problem}\n")));
    lines.concat()
}
