//! `lgdea check`: says what a run of experiments or of a sweep's trials would be refused for, or explains a value.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use lgdea_spec::sweep::{Expansion, Sweep, Trial};
use lgdea_spec::{Problem, Resolved, SpecError};

use super::requirements::{self, Told};
use crate::args::CheckArgs;
use crate::failure::{Failure, refused};

pub(crate) fn check(args: &CheckArgs) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let mut wrong = 0;
    for file in &args.files {
        let checked = if Sweep::is_in(file) { sweep(file, args) } else { experiment(file, args) };
        match checked {
            Ok(text) => {
                // A closed pipe ends the output, not the check.
                let _ = writeln!(out, "{}", text.trim_end());
            }
            Err(failure) => {
                failure.print();
                wrong += 1;
            }
        }
    }
    if wrong > 0 { Err(Failure::Quiet(ExitCode::from(2))) } else { Ok(()) }
}

/// What there is to say of an experiment that is fine.
fn experiment(file: &Path, args: &CheckArgs) -> Result<String, Failure> {
    let resolved = Resolved::from_file(file, &args.overrides)?;
    if let Some(key) = &args.explain {
        return Ok(resolved.explain(key)?.to_string());
    }
    let mut notes = resolved.remarks();
    if !args.file_only {
        let (problems, more) = requirements::told(&resolved, &requirements::read(&resolved.experiment.inputs()));
        SpecError::unless_empty(problems)?;
        notes.extend(more);
    }
    Ok(fine(file, "", &notes))
}

/// What there is to say of a sweep whose trials are fine.
fn sweep(file: &Path, args: &CheckArgs) -> Result<String, Failure> {
    let of_experiments = [("--set", !args.overrides.is_empty()), ("--explain", args.explain.is_some())];
    if let Some((flag, _)) = of_experiments.into_iter().find(|(_, given)| *given) {
        return Err(refused(format!(
            "{} is a sweep, and `{flag}` is for experiments; name the one that it varies",
            file.display()
        )));
    }
    let sweep = Sweep::from_file(file)?;
    let expansion = sweep.expand()?;
    let (mut found, mut notes): (Vec<Found>, Vec<String>) = Default::default();
    let told = if args.file_only { BTreeMap::new() } else { of_trials(&sweep, &expansion)? };
    for (position, (problems, more)) in told {
        let arm = sweep.arm(&expansion.trials[position]);
        for problem in problems {
            add(&mut found, problem, arm);
        }
        notes.extend(more.into_iter().filter(|note| !notes.contains(note)).collect::<Vec<_>>());
    }
    let arms = sweep.arms().len();
    SpecError::unless_empty(found.into_iter().map(|found| found.told(arms)).collect())?;
    let text = format!(" ({arms} {}, {} trials)", if arms == 1 { "arm" } else { "arms" }, expansion.trials.len());
    Ok(fine(file, &text, &notes))
}

/// What there is to tell of trials, by their positions: one of each arm and of all that trials read stands for the others.
fn of_trials(sweep: &Sweep, expansion: &Expansion) -> Result<BTreeMap<usize, Told>, SpecError> {
    let mut seen = HashSet::new();
    let first = |(_, trial): &(usize, &Trial)| seen.insert((trial.arm(), trial.inputs));
    let mut trials: Vec<(usize, &Trial)> = expansion.trials.iter().enumerate().filter(first).collect();
    // What several arms read is read once, and is not kept for longer than they need it.
    trials.sort_by_key(|(_, trial)| trial.inputs);
    let mut told = BTreeMap::new();
    for same in trials.chunk_by(|(_, one), (_, other)| one.inputs == other.inputs) {
        let read = requirements::read(&expansion.inputs[same[0].1.inputs]);
        for &(position, trial) in same {
            told.insert(position, requirements::told(&sweep.resolve(trial)?, &read));
        }
    }
    Ok(told)
}

/// A problem, and the arms of a sweep that have it.
struct Found {
    problem: Problem,
    arms: Vec<String>,
}

/// Notes the problem of an arm once for all arms that have it.
fn add(found: &mut Vec<Found>, problem: Problem, arm: &str) {
    let text = problem.to_string();
    match found.iter_mut().find(|found| found.problem.to_string() == text) {
        Some(found) if found.arms.iter().any(|known| known == arm) => {}
        Some(found) => found.arms.push(arm.to_owned()),
        None => found.push(Found { problem, arms: vec![arm.to_owned()] }),
    }
}

impl Found {
    /// The problem, with its arms where not all have it.
    fn told(self, arms: usize) -> Problem {
        let Self { problem, arms: having } = self;
        let names: Vec<String> = having.iter().map(|arm| format!("`{arm}`")).collect();
        match names.as_slice() {
            all if all.len() == arms => problem,
            [one] => problem.of(&format!("arm {one}")),
            some => problem.of(&format!("arms {}", some.join(", "))),
        }
    }
}

/// Says that a file is fine, and what of it is hardly meant.
fn fine(file: &Path, what: &str, notes: &[String]) -> String {
    let mut text = format!("{}: fine{what}", file.display());
    for note in notes {
        let _ = write!(text, "\n  note: {note}");
    }
    text
}
