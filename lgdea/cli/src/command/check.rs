//! `lgdea check`: says what a run of experiments or of a sweep's trials would be refused for, or explains a value.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use lgdea_spec::sweep::{Expansion, Sweep, Trial};
use lgdea_spec::{Problem, Resolved, SpecError, counted};

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
    let mut found = Found::default();
    for (position, (problems, notes)) in if args.file_only { BTreeMap::new() } else { of_trials(&sweep, &expansion)? } {
        add(&mut found.problems, problems, position);
        add(&mut found.notes, notes, position);
    }
    let trials = |positions: &[usize]| Concerned::new(&sweep, &expansion, positions);
    let problem = |Said { what, of, varies }| match trials(&of).in_words(varies) {
        whose if whose.is_empty() => what,
        whose => Problem::of(what, &whose),
    };
    SpecError::unless_empty(found.problems.into_iter().map(problem).collect())?;
    let note = |Said { what, of, varies }| match trials(&of) {
        Concerned { count, seed, .. } if varies => {
            format!("{what} (with seed {seed}; so it is, with other numbers, in {})", counted(count, "trial"))
        }
        _ => what,
    };
    let notes: Vec<String> = found.notes.into_iter().map(note).collect();
    // A search tries so many settings in the place of each.
    let tried = sweep.search.as_ref().and(sweep.budget.trials).map_or(1, |trials| trials as usize);
    let trials = counted(expansion.trials.len() * tried, "trial");
    let text = format!(" ({}, {trials})", counted(sweep.arms().len(), "arm"));
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

/// What is found of a sweep's trials.
#[derive(Default)]
struct Found {
    problems: Vec<Said<Problem>>,
    notes: Vec<Said<String>>,
}

/// Something that is said once.
struct Said<What> {
    what: What,
    /// Positions of the trials of which it is said, each standing for others.
    of: Vec<usize>,
    /// Whether it has other numbers for some of them.
    varies: bool,
}

/// Adds what is said of a trial. What is said of another one already, be it with other numbers, is not said again.
fn add<What: ToString>(said: &mut Vec<Said<What>>, of_trial: Vec<What>, position: usize) {
    let before = said.len();
    for what in of_trial {
        let text = what.to_string();
        let known = said[..before].iter_mut().find(|known| words(&known.what.to_string()) == words(&text));
        if let Some(known) = known {
            known.varies |= known.what.to_string() != text;
            known.of.push(position);
        } else if said[before..].iter().all(|other| other.what.to_string() != text) {
            said.push(Said { what, of: vec![position], varies: false });
        }
    }
}

/// The words of a text without its numbers and the names that are counted, as in "`mass` (3)": both are others with another seed.
fn words(text: &str) -> BTreeSet<&str> {
    let parts: Vec<&str> = text.split('`').collect();
    let is_count =
        |part: &str| part.strip_prefix(" (").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let is_counted = |at: usize| at % 2 == 1 && parts.get(at + 1).is_some_and(|next| is_count(next));
    let kept = parts.iter().enumerate().filter(|(at, _)| !is_counted(*at)).map(|(_, part)| *part);
    let words = kept.flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && c != '_'));
    words.filter(|word| !word.is_empty() && word.parse::<f64>().is_err()).collect()
}

/// Trials of a sweep of which something is said.
struct Concerned {
    /// Their arms; empty for all.
    arms: Vec<String>,
    /// How many there are, and how many their arms have.
    count: usize,
    of: usize,
    /// Seed of the first.
    seed: u64,
}

impl Concerned {
    /// The trials that are like those at positions.
    fn new(sweep: &Sweep, expansion: &Expansion, positions: &[usize]) -> Self {
        let trials = &expansion.trials;
        let kind = |trial: &Trial| (trial.arm(), trial.inputs);
        let kinds: HashSet<(usize, usize)> = positions.iter().map(|&position| kind(&trials[position])).collect();
        let arms: BTreeSet<usize> = kinds.iter().map(|(arm, _)| *arm).collect();
        let names = sweep.arms().enumerate().filter(|(arm, _)| arms.contains(arm)).map(|(_, name)| format!("`{name}`"));
        Self {
            arms: if arms.len() == sweep.arms().len() { Vec::new() } else { names.collect() },
            count: trials.iter().filter(|trial| kinds.contains(&kind(trial))).count(),
            of: trials.iter().filter(|trial| arms.contains(&trial.arm())).count(),
            seed: trials[positions[0]].seed,
        }
    }

    /// Which they are, where they are not all; and always where what is said of them `varies`.
    fn in_words(&self, varies: bool) -> String {
        let arms = match self.arms.as_slice() {
            [] => None,
            [one] => Some(format!("arm {one}")),
            some => Some(format!("arms {}", some.join(", "))),
        };
        let some = self.count < self.of || varies;
        let count = some.then(|| format!("{}, the first with seed {}", counted(self.count, "trial"), self.seed));
        arms.into_iter().chain(count).collect::<Vec<_>>().join(", ")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_several_trials_is_said_once() {
        let mut said: Vec<Said<String>> = Vec::new();
        let text = |words: &str| words.to_owned();
        add(&mut said, vec![text("of 9 studies"), text("a is missing"), text("a is missing")], 0);
        add(&mut said, vec![text("of 7 studies"), text("b is missing")], 2);
        add(&mut said, vec![text("of 9 studies"), text("a is missing"), text("studies: 3 of")], 5);
        let told: Vec<(&str, &[usize], bool)> =
            said.iter().map(|said| (said.what.as_str(), said.of.as_slice(), said.varies)).collect();
        let expected: [(&str, &[usize], bool); 3] =
            [("of 9 studies", &[0, 2, 5, 5], true), ("a is missing", &[0, 5], false), ("b is missing", &[2], false)];
        assert_eq!(told, expected);
        let mut of_one: Vec<Said<String>> = Vec::new();
        add(&mut of_one, vec![text("line 3"), text("line 4")], 0);
        assert_eq!(of_one.len(), 2, "what is said twice of one trial is two things");
    }
}
