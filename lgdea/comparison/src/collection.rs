//! Runs that were brought together to be compared.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use lgdea_sweep::SweepSummary;

use crate::Provenance;
use crate::run::{Missing, Run};

/// Runs that were brought together to be compared.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Collection {
    /// The sweeps that they are of; none for runs that were named one by one.
    pub sweeps: Vec<SweepSummary>,
    /// The finished runs, each key once, in the order of their sweeps.
    pub runs: Vec<Run>,
    /// Trials without a finished run.
    pub missing: Vec<Missing>,
    /// What the runs were made with.
    pub provenance: Provenance,
    /// What of their data was left out or is doubtful, in a line, with the keys of the runs of which it is true.
    pub left_out: BTreeMap<String, BTreeSet<String>>,
    /// What a reader should know about them.
    pub warnings: Vec<String>,
}

impl Collection {
    /// Adds another collection; a run that is in both is kept as it is in this one.
    pub(crate) fn join(&mut self, other: Collection) {
        for sweep in other.sweeps {
            match self.sweeps.iter_mut().find(|known| rest(known) == rest(&sweep)) {
                Some(known) => {
                    known.confounds = known.confounds.take().or(sweep.confounds);
                    if known.merged.is_empty() {
                        known.merged = sweep.merged;
                    }
                    for (claim, other) in known.claims.iter_mut().zip(&sweep.claims) {
                        claim.after = claim.after.min(other.after);
                    }
                }
                None => self.sweeps.push(sweep),
            }
        }
        let known: HashMap<String, usize> =
            self.runs.iter().enumerate().map(|(position, run)| (run.place.run_key.clone(), position)).collect();
        for run in other.runs {
            match known.get(&run.place.run_key) {
                None => self.runs.push(run),
                Some(&position) if self.runs[position].metrics != run.metrics => self.warnings.push(format!(
                    "run {} has other scores in a second place; those of the first count",
                    run.place.run_key
                )),
                Some(&position) if self.runs[position].folder.is_none() => self.runs[position].folder = run.folder,
                Some(_) => {}
            }
        }
        for missing in other.missing {
            if !self.missing.iter().any(|known| known.place.run_key == missing.place.run_key) {
                self.missing.push(missing);
            }
        }
        self.provenance.merge(&other.provenance);
        for (told, keys) in other.left_out {
            self.left_out.entry(told).or_default().extend(keys);
        }
        self.warnings.extend(other.warnings);
    }

    /// That trials left data out, in a sentence; `None` where none did.
    pub fn data_left_out(&self) -> Option<String> {
        let runs: BTreeSet<&String> = self.left_out.values().flatten().collect();
        let (first, _) = self.left_out.iter().max_by_key(|(_, keys)| keys.len())?;
        let others = match self.left_out.len() - 1 {
            0 => String::new(),
            others => format!(", and {others} other such {}", if others == 1 { "list" } else { "lists" }),
        };
        Some(format!(
            "data of {} of {} runs were left out or are doubtful: {first}{others}",
            runs.len(),
            self.runs.len()
        ))
    }

    /// The arms in the order of their sweeps, then of their runs; the first is the base.
    pub fn arms(&self) -> Vec<&str> {
        let declared = self.sweeps.iter().flat_map(|sweep| sweep.arms.iter().map(|arm| arm.name.as_str()));
        let of_runs = self.runs.iter().map(|run| run.place.arm.as_str());
        let mut seen = HashSet::new();
        let present: HashSet<&str> = of_runs.clone().collect();
        declared.chain(of_runs).filter(|&arm| present.contains(arm) && seen.insert(arm)).collect()
    }

    /// How many trials have no finished run, and what came of them; `None` where all have.
    pub fn shortfall(&self) -> Option<String> {
        let mut states: Vec<(&str, usize)> = Vec::new();
        for missing in &self.missing {
            // The reasons of failures differ; their number is told, and each reason stands in the run's journal.
            let state = missing.state.split(':').next().unwrap_or_default();
            match states.iter_mut().find(|(known, _)| *known == state) {
                Some((_, count)) => *count += 1,
                None => states.push((state, 1)),
            }
        }
        if states.is_empty() {
            return None;
        }
        let states: Vec<String> = states.into_iter().map(|(state, count)| format!("{count} {state}")).collect();
        let all = self.runs.len() + self.missing.len();
        Some(format!("{} of {all} trials have no finished run ({})", self.missing.len(), states.join(", ")))
    }
}

/// What tells a sweep from others. A records file of an earlier version knows neither what a sweep confounds and merges nor when a
/// claim was stated.
fn rest(sweep: &SweepSummary) -> SweepSummary {
    let mut rest = SweepSummary { confounds: None, merged: Vec::new(), ..sweep.clone() };
    rest.claims.iter_mut().for_each(|claim| claim.after = 0);
    rest
}
