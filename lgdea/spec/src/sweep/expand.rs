//! The trials of a sweep: arms × axes × seeds.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::Sweep;
use super::share::Tables;
use crate::error::{Problem, ProblemKind, SpecError};
use crate::identity::{self, IdentityHash};
use crate::{Data, Evidence};

/// Most trials of a sweep, before conditions leave any out.
const MOST: u128 = 2_000_000;
/// Problems after which the expansion ends.
const ENOUGH: usize = 20;

/// One experiment of a sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    pub(crate) arm: u32,
    /// For each axis its point; none where the axis does not apply.
    pub(crate) points: Arc<[Option<u32>]>,
    /// The seed.
    pub seed: u64,
    /// Which of [`Expansion::inputs`] it reads.
    pub inputs: usize,
    identity: blake3::Hash,
}

impl Trial {
    /// Position of its arm in [`Sweep::arms`].
    pub fn arm(&self) -> usize {
        self.arm as usize
    }

    /// [`crate::Experiment::identity`] of its experiment.
    pub fn identity(&self) -> String {
        self.identity.to_hex().to_string()
    }

    /// Whether another trial differs in nothing but the seed.
    pub fn same_setting(&self, other: &Trial) -> bool {
        self.arm == other.arm && self.points == other.points
    }
}

/// What trials read: their identity names only that data and evidence are read, the digests of both belong to the run's
/// key.
#[derive(Debug, Clone, PartialEq)]
pub struct Inputs {
    /// Where studies come from.
    pub data: Data,
    /// Who reads evidence.
    pub evidence: Evidence,
    /// The seed that splits the data; trials with other seeds share these inputs only where it does not matter.
    pub seed: u64,
}

/// JSON of data and evidence, and the seed where it matters.
type InputsKey = (Arc<str>, Arc<str>, Option<u64>);

/// A trial that is another one again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// The trial that is left out.
    pub trial: Trial,
    /// Position in [`Expansion::trials`] of the one that is kept.
    pub of: usize,
}

/// All trials of a sweep.
#[derive(Debug, Clone, Default)]
pub struct Expansion {
    /// The trials, no two of them the same experiment: arm by arm, the last axis fastest, seeds within.
    pub trials: Vec<Trial>,
    /// What they read.
    pub inputs: Vec<Inputs>,
    /// Trials that are another one again.
    pub duplicates: Vec<Duplicate>,
    /// Trials that conditions left out.
    pub left_out: usize,
}

impl Sweep {
    /// Lists the trials.
    ///
    /// # Errors
    /// Combinations that are no valid experiments, each where the value that breaks it stands; conditions that cannot be
    /// decided; too many trials to list; none at all.
    pub fn expand(&self) -> Result<Expansion, SpecError> {
        let combinations = self.axes.iter().fold(1_u128, |all, axis| all.saturating_mul(axis.points.len() as u128));
        let all = combinations.saturating_mul((self.arms.len() * self.seeds.len()) as u128);
        if all > MOST {
            return Err(self.refused(format!("the sweep has {all} trials before any is left out; the most are {MOST}")));
        }
        let mut expansion = Expansion::default();
        let mut known = Known::default();
        let mut problems = Vec::new();
        for arm in 0..self.arms.len() {
            let tables = Tables::new(self, arm);
            let found = (&mut expansion, &mut known, &mut problems);
            let mut walk = Walk { sweep: self, arm, tables, decided: HashMap::new(), found };
            walk.axis(&mut Vec::with_capacity(self.axes.len()));
        }
        if !problems.is_empty() {
            let mut seen = std::collections::HashSet::new();
            problems.retain(|problem| seen.insert((problem.offset(), problem.to_string())));
        }
        SpecError::unless_empty(problems)?;
        if expansion.trials.is_empty() {
            return Err(self.refused("the conditions leave no trial".to_owned()));
        }
        Ok(expansion)
    }

    fn refused(&self, reason: String) -> SpecError {
        let kind =
            ProblemKind::Inconsistent { reason, remedy: "change `[grid]`, `[[exclude]]` or `[[require]]`".to_owned() };
        match (self.axes.first(), self.conditions.first()) {
            (_, Some((condition, _))) => Problem::at_value(kind, &condition.place).into(),
            (Some(axis), None) => Problem::at_key(kind, &axis.place).into(),
            (None, None) => Problem::nowhere(kind).into(),
        }
    }
}

/// What was seen already.
#[derive(Default)]
struct Known {
    trials: HashMap<(blake3::Hash, usize), usize>,
    inputs: HashMap<InputsKey, usize>,
}

/// The way through the axes of one arm.
struct Walk<'a, 's> {
    sweep: &'s Sweep,
    arm: usize,
    tables: Tables<'s>,
    /// Conditions by their number and the points that decide what they read.
    decided: HashMap<(usize, Vec<Option<u32>>), bool>,
    found: (&'a mut Expansion, &'a mut Known, &'a mut Vec<Problem>),
}

impl Walk<'_, '_> {
    /// Goes through the axes that are not reached yet; `points` holds the points of the others.
    fn axis(&mut self, points: &mut Vec<Option<u32>>) {
        if self.found.2.len() >= ENOUGH {
            return;
        }
        let position = points.len();
        let Some(axis) = self.sweep.axes.get(position) else {
            return self.combination(points);
        };
        let applies = match &axis.when {
            None => true,
            Some(_) => match self.holds(position, points) {
                Ok(applies) => applies,
                Err(problem) => return self.found.2.push(*problem),
            },
        };
        let choices = if applies { axis.points.len() } else { 0 };
        let inside = (0..choices).map(|point| Some(point as u32));
        for point in inside.chain((!applies).then_some(None)) {
            points.push(point);
            self.axis(points);
            points.pop();
        }
    }

    /// Whether the condition of an axis, or the one behind the axes, holds.
    fn holds(&mut self, number: usize, points: &[Option<u32>]) -> Result<bool, Box<Problem>> {
        let axes = &self.sweep.axes;
        let condition = match axes.get(number) {
            Some(axis) => axis.when.as_ref(),
            None => self.sweep.conditions.get(number - axes.len()).map(|(condition, _)| condition),
        };
        let Some(condition) = condition else { return Ok(true) };
        let reads = condition.tables();
        let reads: Vec<&'static str> = identity::tables().filter(|table| reads.contains(table)).collect();
        let deciding = reads.iter().flat_map(|table| self.tables.deciding(table, points)).collect();
        let key = (number, deciding);
        if let Some(known) = self.decided.get(&key) {
            return Ok(*known);
        }
        let merged: HashMap<&str, Arc<crate::tree::Node>> =
            reads.iter().map(|table| (*table, self.tables.merged(table, points))).collect();
        let arm = &self.sweep.arms[self.arm].name;
        let holds = condition.holds(arm, |table| merged.get(table)?.get(table))?;
        self.decided.insert(key, holds);
        Ok(holds)
    }

    /// Whether a condition leaves a combination out.
    fn is_left_out(&mut self, points: &[Option<u32>]) -> Result<bool, Box<Problem>> {
        for number in 0..self.sweep.conditions.len() {
            let leaves_out = self.sweep.conditions[number].1;
            if self.holds(self.sweep.axes.len() + number, points)? == leaves_out {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Adds a combination with all seeds.
    fn combination(&mut self, points: &[Option<u32>]) {
        match self.is_left_out(points) {
            Ok(false) => {}
            Ok(true) => {
                self.found.0.left_out += self.sweep.seeds.len();
                return;
            }
            Err(problem) => return self.found.2.push(*problem),
        }
        let mut fine = true;
        let mut table = |name: &'static str| {
            let table = self.tables.checked(name, points, self.found.2);
            fine &= table.is_some();
            table
        };
        let inside: Vec<_> = identity::inside().map(|name| (name, table(name))).collect();
        let (data, evidence) = (table("data"), table("evidence"));
        let (true, Some(data), Some(evidence)) = (fine, data, evidence) else { return };

        let mut before_seed = IdentityHash::default();
        let (before, after) = inside.split_at(inside.iter().position(|(name, _)| *name == "seed").unwrap_or_default());
        let add = |hash: &mut IdentityHash, tables: &[(&'static str, Option<Arc<super::share::Table>>)]| {
            for (name, table) in tables {
                if let Some(table) = table {
                    hash.add(name, &table.identity);
                }
            }
        };
        add(&mut before_seed, before);
        let points: Arc<[Option<u32>]> = points.into();
        for &seed in &self.sweep.seeds {
            let mut hash = before_seed.clone();
            hash.add("seed", &seed.to_string());
            add(&mut hash, &after[1..]);
            let Some(inputs) = self.inputs(&data.json, &evidence.json, seed) else { return };
            let points = Arc::clone(&points);
            self.trial(Trial { arm: self.arm as u32, points, seed, inputs, identity: hash.finish() });
        }
    }

    fn trial(&mut self, trial: Trial) {
        let (expansion, known, _) = &mut self.found;
        match known.trials.entry((trial.identity, trial.inputs)) {
            Entry::Occupied(of) => expansion.duplicates.push(Duplicate { trial, of: *of.get() }),
            Entry::Vacant(place) => {
                place.insert(expansion.trials.len());
                expansion.trials.push(trial);
            }
        }
    }

    /// The position of what a trial reads.
    fn inputs(&mut self, data: &Arc<str>, evidence: &Arc<str>, seed: u64) -> Option<usize> {
        let (expansion, known, _) = &mut self.found;
        // The seed splits real data; the phantom comes in splits.
        let splits = data.contains("\"manifest\"") || data.contains("\"openi\"");
        let key = (Arc::clone(data), Arc::clone(evidence), splits.then_some(seed));
        if let Some(position) = known.inputs.get(&key) {
            return Some(*position);
        }
        // Both were written from these types.
        let (data, evidence) = (serde_json::from_str(data).ok()?, serde_json::from_str(evidence).ok()?);
        expansion.inputs.push(Inputs { data, evidence, seed });
        known.inputs.insert(key, expansion.inputs.len() - 1);
        Some(expansion.inputs.len() - 1)
    }
}
