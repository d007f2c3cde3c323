//! The trials of a sweep: arms × axes × seeds.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::Sweep;
use super::share::{SharedInputs, Table, Tables};
use crate::error::{Problem, ProblemKind, SpecError};
use crate::identity::{self, IdentityHash};
use crate::{Inputs, Seed};

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

/// What trials read, but for the seed that splits their data; and that seed, where it does.
type InputsKey = (Arc<str>, Option<Seed>);

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
    /// Conditions that decide nothing, each in a sentence with where it stands.
    pub idle: Vec<String>,
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
        let parts: Vec<Part> =
            self.parts().into_par_iter().map(|(arm, first)| Walk::new(self, arm, first).go()).collect();
        let mut expansion = Expansion::default();
        let mut known = Known::default();
        let mut problems = Vec::new();
        let mut acts = vec![false; self.axes.len() + self.conditions.len()];
        for part in parts {
            expansion.left_out += part.left_out;
            acts.iter_mut().zip(part.acts).for_each(|(acts, here)| *acts |= here);
            problems.extend(part.problems);
            let inputs: Vec<usize> =
                part.inputs.into_iter().map(|inputs| known.inputs(inputs, &mut expansion)).collect();
            for trial in part.trials {
                known.trial(Trial { inputs: inputs[trial.inputs], ..trial }, &mut expansion);
            }
        }
        let mut seen = HashSet::new();
        problems.retain(|problem| seen.insert((problem.offset(), problem.to_string())));
        problems.truncate(ENOUGH);
        SpecError::unless_empty(problems)?;
        if expansion.trials.is_empty() {
            return Err(self.refused("the conditions leave no trial".to_owned()));
        }
        expansion.idle = self.idle(&acts);
        Ok(expansion)
    }

    /// The conditions that decide nothing: a number compared with text, say, is never equal to it.
    fn idle(&self, acts: &[bool]) -> Vec<String> {
        let applying = self.axes.iter().map(|axis| (axis.when.as_ref(), "holds nowhere: its axis never applies"));
        let leaving_out = self.conditions.iter().map(|(condition, _)| (Some(condition), "leaves no further trial out"));
        let conditions = applying.chain(leaving_out).zip(acts);
        let idle = conditions.filter(|(_, acts)| !**acts).filter_map(|((condition, why), _)| Some((condition?, why)));
        idle.map(|(condition, why)| format!("{}: the condition {condition} {why}", condition.place)).collect()
    }

    /// What is listed side by side: each arm with each point of the first axis.
    fn parts(&self) -> Vec<(usize, Range<usize>)> {
        let points = self.axes.first().map_or(1, |axis| axis.points.len());
        (0..self.arms.len()).flat_map(|arm| (0..points).map(move |point| (arm, point..point + 1))).collect()
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

impl Known {
    fn trial(&mut self, trial: Trial, expansion: &mut Expansion) {
        match self.trials.entry((trial.identity, trial.inputs)) {
            Entry::Occupied(of) => expansion.duplicates.push(Duplicate { trial, of: *of.get() }),
            Entry::Vacant(place) => {
                place.insert(expansion.trials.len());
                expansion.trials.push(trial);
            }
        }
    }

    /// The position of what trials read.
    fn inputs(&mut self, (key, inputs): (InputsKey, Inputs), expansion: &mut Expansion) -> usize {
        *self.inputs.entry(key).or_insert_with(|| {
            expansion.inputs.push(inputs);
            expansion.inputs.len() - 1
        })
    }
}

/// The trials of a part, and what they read; [`Trial::inputs`] counts in the part.
#[derive(Default)]
struct Part {
    trials: Vec<Trial>,
    inputs: Vec<(InputsKey, Inputs)>,
    left_out: usize,
    /// For each axis whether it applies anywhere, then for each condition whether it leaves anything out.
    acts: Vec<bool>,
    problems: Vec<Problem>,
}

/// The way through the axes of one arm.
struct Walk<'s> {
    sweep: &'s Sweep,
    arm: usize,
    /// The points of the first axis that are gone through.
    first: Range<usize>,
    tables: Tables<'s>,
    /// Conditions by their number and the points that decide what they read.
    decided: HashMap<(usize, Vec<Option<u32>>), bool>,
    /// Hashes of the tables before the seed, as far as the last combination has got.
    hashed: Vec<(Arc<Table>, IdentityHash)>,
    known: HashMap<InputsKey, usize>,
    found: Part,
}

impl<'s> Walk<'s> {
    fn new(sweep: &'s Sweep, arm: usize, first: Range<usize>) -> Walk<'s> {
        Walk {
            sweep,
            arm,
            first,
            tables: Tables::new(sweep, arm),
            decided: HashMap::new(),
            hashed: Vec::new(),
            known: HashMap::new(),
            found: Part { acts: vec![false; sweep.axes.len() + sweep.conditions.len()], ..Part::default() },
        }
    }

    fn go(mut self) -> Part {
        self.axis(&mut Vec::with_capacity(self.sweep.axes.len()));
        self.found
    }

    /// Goes through the axes that are not reached yet; `points` holds the points of the others.
    fn axis(&mut self, points: &mut Vec<Option<u32>>) {
        if self.found.problems.len() >= ENOUGH {
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
                Err(problem) => return self.found.problems.push(*problem),
            },
        };
        self.found.acts[position] |= applies;
        let here = if position == 0 { self.first.clone() } else { 0..axis.points.len() };
        // An axis that does not apply has a single point, which the first part takes.
        let none = (!applies && here.start == 0).then_some(None);
        let inside = here.filter(|_| applies).map(|point| Some(point as u32));
        for point in inside.chain(none) {
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
            let number = self.sweep.axes.len() + number;
            if self.holds(number, points)? == leaves_out {
                self.found.acts[number] = true;
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
                self.found.left_out += self.sweep.seeds.len();
                return;
            }
            Err(problem) => return self.found.problems.push(*problem),
        }
        let mut fine = true;
        let mut table = |name: &'static str| {
            let table = self.tables.checked(name, points, &mut self.found.problems);
            fine &= table.is_some();
            table
        };
        let inside: Vec<_> = identity::inside().filter_map(|name| Some((name, table(name)?))).collect();
        identity::with_paths().for_each(|name| drop(table(name)));
        if !fine {
            return;
        }
        let shared = self.tables.inputs(points);
        let (before, after) = inside.split_at(inside.partition_point(|(name, _)| *name < "seed"));
        let before_seed = self.hash(before);
        let points: Arc<[Option<u32>]> = points.into();
        for &seed in &self.sweep.seeds {
            let mut hash = before_seed.clone();
            hash.add("seed", &seed.to_string());
            for (name, table) in &after[1..] {
                hash.add(name, &table.identity);
            }
            let inputs = self.inputs(&shared, Seed(seed));
            let points = Arc::clone(&points);
            let identity = hash.finish();
            self.found.trials.push(Trial { arm: self.arm as u32, points, seed, inputs, identity });
        }
    }

    /// The hash of the first tables; those that the last combination had, too, are not hashed again.
    fn hash(&mut self, tables: &[(&'static str, Arc<Table>)]) -> IdentityHash {
        let same = self.hashed.iter().zip(tables).take_while(|((had, _), (_, has))| Arc::ptr_eq(had, has)).count();
        self.hashed.truncate(same);
        for (name, table) in &tables[same..] {
            let mut hash = self.hashed.last().map(|(_, hash)| hash.clone()).unwrap_or_default();
            hash.add(name, &table.identity);
            self.hashed.push((Arc::clone(table), hash));
        }
        self.hashed.last().map(|(_, hash)| hash.clone()).unwrap_or_default()
    }

    /// The position of what a trial with this seed reads.
    fn inputs(&mut self, shared: &SharedInputs, seed: Seed) -> usize {
        let inputs = &shared.inputs;
        let key = (Arc::clone(&shared.key), inputs.split_seed.map(|_| seed));
        *self.known.entry(key).or_insert_with_key(|key| {
            self.found.inputs.push((key.clone(), inputs.with_seed(seed)));
            self.found.inputs.len() - 1
        })
    }
}
