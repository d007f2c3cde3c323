//! Sweeps: one experiment, varied. A sweep file becomes a [`Sweep`], and that the exact list of its trials.
//!
//! 1. `read` takes the file apart: tables of its own (`file`, `declared`), axes (`axis`), a search space (`search`), conditions
//!    (`expression`), cases and components (`build`, `arm`, `ablate`).
//! 2. `expand` lists the trials: arms × axes × seeds, less what conditions leave out and what is listed twice. Trials
//!    share all that they have in common (`share`), because there may be a hundred thousand of them.
//! 3. `confound` compares the arms with the first one.
//!
//! The declaration of a sweep is part of this crate because it is made of layers: every value of an axis and every arm is
//! checked, merged and explained as any other layer of an experiment is.

mod ablate;
mod arm;
mod axis;
mod build;
mod confound;
mod declared;
mod expand;
mod expression;
mod file;
mod metrics;
mod quoted;
mod read;
mod recognise;
mod role;
mod schema;
mod search;
mod share;
mod slurm;
#[cfg(test)]
mod tests;

use std::path::Path;

use toml::Value;

use crate::error::SpecError;
use crate::resolve::{self, Resolved};
use crate::tree::Node;

pub use arm::Refused;
pub use confound::{Confound, ConfoundKind};
pub use expand::{Duplicate, Expansion, Trial};
pub use file::{AblateMode, Budget, Execute, Launcher, OnFailure, PruneRule};
pub use role::Role;
pub use schema::sweep_schema_text;
pub use search::{Domain, Goal, Parameter, Sampler, Search};
pub use slurm::Slurm;

use arm::Arm;
use axis::Axis;
use expression::Expression;

/// A sweep file, read and checked.
#[derive(Debug)]
pub struct Sweep {
    /// Its name.
    pub name: String,
    /// The question that it answers.
    pub description: String,
    /// Where tensors live, the same for all trials: the experiment's, unless another one is put here.
    pub device: String,
    /// Command that is run when the sweep has ended: the experiment's, see [`crate::Notify`].
    pub notify: String,
    /// The seeds of every trial.
    pub seeds: Vec<u64>,
    /// Combinations of components that cannot be.
    pub refused: Vec<Refused>,
    /// Settings that are searched instead of listed.
    pub search: Option<Search>,
    /// Which trials are stopped early.
    pub prune: Option<Prune>,
    /// Where the sweep ends.
    pub budget: Budget,
    /// How trials are run.
    pub execute: Execute,
    /// What the sweep is to show.
    pub claims: Vec<Claim>,
    pub(crate) defaults: Node,
    pub(crate) arms: Vec<Arm>,
    pub(crate) axes: Vec<Axis>,
    /// Conditions, and whether a trial that satisfies it is left out.
    pub(crate) conditions: Vec<(Expression, bool)>,
}

/// Which trials are stopped early.
#[derive(Debug, Clone, PartialEq)]
pub struct Prune {
    /// How.
    pub rule: PruneRule,
    /// The metric that decides.
    pub metric: String,
    /// Whether more of it is better.
    pub goal: Goal,
    /// First step at which a trial may be stopped.
    pub min_step: u64,
    /// Of the trials at a rung, one in so many goes on.
    pub reduction: u64,
    /// Brackets with a later first rung each.
    pub brackets: u32,
    /// Trials that must have reached a step before one is stopped there.
    pub startup_trials: usize,
}

/// What a sweep is to show.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The metric.
    pub metric: String,
    /// The arm that is better.
    pub better: String,
    /// The arm that it is better than.
    pub than: String,
    /// Least difference of the means.
    pub min_delta: f64,
}

impl Sweep {
    /// Reads a sweep file and all that it builds on.
    ///
    /// # Errors
    /// Every problem of the file, where it stands, among them keys that no experiment has and arms that are no valid
    /// experiments.
    pub fn from_file(path: &Path) -> Result<Sweep, SpecError> {
        read::read(path)
    }

    /// Names of the arms; the first is what the others are compared with.
    pub fn arms(&self) -> impl ExactSizeIterator<Item = &str> {
        self.arms.iter().map(|arm| arm.name.as_str())
    }

    /// The part that an arm plays, where the file declares it.
    pub fn role(&self, arm: usize) -> Option<Role> {
        self.arms[arm].role
    }

    /// What an arm changes of the experiment, key by key; for a case that extends a preset, all that this changes.
    pub fn changes(&self, arm: usize) -> &[(String, Value)] {
        &self.arms[arm].changes
    }

    /// Name of a trial's arm.
    pub fn arm(&self, trial: &Trial) -> &str {
        &self.arms[trial.arm as usize].name
    }

    /// Name of a trial's run, which it shares with all trials of its arm.
    pub fn run_name(&self, trial: &Trial) -> &str {
        &self.arms[trial.arm as usize].resolved.experiment.name
    }

    /// The values that the axes give a trial, in the order of the file.
    pub fn deltas(&self, trial: &Trial) -> Vec<(String, Value)> {
        let nodes = trial.points.iter().zip(&self.axes).filter_map(|(point, axis)| Some((axis, point.as_ref()?)));
        nodes
            .flat_map(|(axis, point)| axis.keys.iter().zip(&axis.points[*point as usize]))
            .filter_map(|(key, node)| Some((key.clone(), node.find(key.split('.'))?.to_value())))
            .collect()
    }

    /// The experiment of a trial, with where each of its values comes from.
    ///
    /// # Errors
    /// The trial is not of this sweep's expansion.
    pub fn resolve(&self, trial: &Trial) -> Result<Resolved, SpecError> {
        let deltas = self.delta_nodes(&trial.points);
        let tree = share::laid_over(self.arms[trial.arm as usize].stack.clone(), deltas, &self.defaults);
        let mut resolved = Resolved::from_tree(resolve::completed(tree, &self.defaults))?;
        resolved.experiment.seed.0 = trial.seed;
        Ok(resolved)
    }

    /// The experiment at a point of the search: `coordinates` in [0, 1], one for each parameter in its order.
    ///
    /// Parameters whose condition does not hold keep the trial's values; their keys are not among those returned.
    ///
    /// # Errors
    /// The point is no valid experiment, or a condition cannot be decided there.
    pub fn resolve_at(
        &self,
        trial: &Trial,
        coordinates: &[f64],
    ) -> Result<(Resolved, Vec<(String, Value)>), SpecError> {
        let arm = &self.arms[trial.arm as usize];
        let deltas = self.delta_nodes(&trial.points);
        let mut tree = share::laid_over(arm.stack.clone(), deltas, &self.defaults);
        let mut values = Vec::new();
        let space = self.search.as_ref().map_or(&[][..], |search| search.space.as_slice());
        for (parameter, coordinate) in space.iter().zip(coordinates) {
            let applies = match &parameter.when {
                None => true,
                Some(when) => {
                    let chosen = resolve::completed(tree.clone(), &self.defaults);
                    when.holds(&arm.name, |table| chosen.get(table)).map_err(SpecError::One)?
                }
            };
            if applies {
                tree = share::laid_over(tree, [&parameter.delta(*coordinate)], &self.defaults);
                values.push((parameter.key.clone(), parameter.domain.at(*coordinate)));
            }
        }
        let mut resolved = Resolved::from_tree(resolve::completed(tree, &self.defaults))?;
        resolved.experiment.seed.0 = trial.seed;
        Ok((resolved, values))
    }

    /// What the arms' differences from the first arm confound.
    pub fn confounds(&self) -> Vec<Confound> {
        confound::confounds(&self.arms)
    }

    /// What the axes lay over an arm.
    fn delta_nodes<'a>(&'a self, points: &'a [Option<u32>]) -> impl Iterator<Item = &'a Node> {
        points.iter().zip(&self.axes).filter_map(|(point, axis)| Some(&axis.points[(*point)? as usize])).flatten()
    }
}
