//! Whether the metrics that a sweep names are ones that its trials log.

use std::collections::BTreeSet;
use std::ops::Range;

use lgdea_metric::task::zero_shot::AUROC_MACRO;
use lgdea_metric::{EvalSet, Group, Name, Split};
use toml::Spanned;

use super::arm::Arm;
use super::axis::Axis;
use super::file::ClaimTable;
use super::read::{Reader, related};
use super::search::Goal;
use crate::{Eval, instead, suggest};

/// What decides which scores there are.
const DECIDING: [&str; 5] =
    ["eval.zero-shot.enabled", "eval.retrieval.enabled", "eval.retrieval.at", "eval.grounding.enabled", "eval.within"];

impl Reader {
    /// Checks the metrics that a search, early stopping (which begins at a step) and claims name.
    pub(super) fn check_metrics(
        &mut self,
        objective: Option<&Spanned<String>>,
        pruned_by: Option<&(Spanned<String>, u64)>,
        claims: &[ClaimTable],
        arms: &[Arm],
        axes: &[Axis],
    ) {
        for metric in objective.into_iter().chain(pruned_by.map(|(metric, _)| metric)) {
            self.check_metric(metric.get_ref(), metric.span(), arms, axes);
        }
        if let Some((metric, min_step)) = pruned_by {
            self.check_prune(metric.get_ref(), *min_step, metric.span(), arms, axes);
        }
        for claimed in claims.iter().map(|claim| &claim.metric) {
            for metric in &claimed.get_ref().0 {
                self.check_metric(metric, claimed.span(), arms, axes);
            }
        }
    }

    /// Refuses a metric that no arm logs; one that axes decide is left alone.
    fn check_metric(&mut self, metric: &str, bytes: Range<usize>, arms: &[Arm], axes: &[Axis]) {
        let evals = || arms.iter().map(|arm| &arm.resolved.experiment.eval);
        let first = metric.split_once('/').map_or("", |(first, _)| first);
        if evals().any(|eval| eval.sets.contains_key(first)) {
            return self.check_metric_of_set(metric, first, bytes, arms, axes);
        }
        let Some((split, score)) = Split::strip(metric) else {
            if let Some(EvalSet::Named(set)) = EvalSet::of(metric) {
                let sets: BTreeSet<&String> = evals().flat_map(|eval| eval.sets.keys()).collect();
                let sets: Vec<String> = sets.into_iter().cloned().collect();
                let reason =
                    format!("`{metric}` is of an evaluation set `{set}`, which no trial has{}", instead(set, &sets));
                return self.refuse(reason, "give the experiment a table `[eval.set.<name>]`", bytes);
            }
            // What a run logs while it trains depends on its method.
            if Group::of(metric).is_none() {
                self.unknown_metric(metric, metric.trim_start_matches('/'), bytes, evals());
            }
            return;
        };
        let is_scored = |eval: &Eval| eval.splits.iter().any(|held_out| held_out.split() == split);
        if !varied(axes, "eval.splits") && !evals().any(is_scored) {
            let reason = format!("`{metric}` is of the {split} split, which `eval.splits` leaves out");
            return self.refuse(reason, "add it to `eval.splits`", bytes);
        }
        if !DECIDING.iter().any(|key| varied(axes, key)) && !evals().any(|eval| eval.logs(score)) {
            self.unknown_metric(metric, score, bytes, evals());
        }
    }

    /// Refuses a metric of an evaluation set that no arm logs.
    fn check_metric_of_set(&mut self, metric: &str, set: &str, bytes: Range<usize>, arms: &[Arm], axes: &[Axis]) {
        let evals: Vec<Eval> = arms
            .iter()
            .map(|arm| &arm.resolved.experiment.eval)
            .filter_map(|eval| eval.sets.get(set).map(|set| eval.of_set(set)))
            .collect();
        let score = &metric[set.len() + 1..];
        let is_varied = DECIDING.iter().any(|key| varied(axes, key)) || varied(axes, &format!("eval.set.{set}"));
        if !is_varied && !evals.iter().any(|eval| eval.logs(score)) {
            self.unknown_metric(metric, score, bytes, evals.iter());
        }
    }

    fn unknown_metric<'e>(
        &mut self,
        metric: &str,
        name: &str,
        bytes: Range<usize>,
        evals: impl Iterator<Item = &'e Eval>,
    ) {
        let names: Vec<String> = evals.flat_map(Eval::score_names).collect();
        // The last part alone is what people remember.
        let short = |known: &String| known.rsplit('/').next().is_some_and(|last| last.contains(name));
        let meant = suggest::nearest(name, names.iter().map(String::as_str))
            .or_else(|| names.iter().find(|known| short(known)).map(String::as_str));
        let example = meant.unwrap_or(AUROC_MACRO.name);
        let on = metric.split_once('/').map_or("", |(first, _)| first);
        let is_known = Split::ALL.iter().any(|split| split.name() == on) || EvalSet::refusal(on).is_none();
        let on = if is_known { on } else { Split::Test.name() };
        let remedy = format!("write it as a run's journal has it, such as `{on}/{example}`");
        self.refuse(format!("no trial logs a metric `{metric}`"), &remedy, bytes);
    }

    /// The goal for a metric: the way that it is declared to be better, which a goal that is written must not contradict. What
    /// nobody declared is maximised unless the goal says otherwise.
    pub(super) fn goal(&mut self, metric: &str, written: Option<Spanned<Goal>>) -> Goal {
        let declared = Name::parse(metric).declared_better().map(Goal::from);
        let Some(written) = written else { return declared.unwrap_or_default() };
        if let Some(declared) = declared.filter(|declared| declared != written.get_ref()) {
            let (better, goal) = match declared {
                Goal::Maximise => ("higher", "maximise"),
                Goal::Minimise => ("lower", "minimise"),
            };
            let reason = format!("the goal is the wrong way round: `{metric}` is better when it is {better}");
            self.refuse(reason, &format!("write `goal = \"{goal}\"`, or leave it out"), written.span());
        }
        written.into_inner()
    }

    /// Refuses to stop trials early by what they do not log on the way.
    fn check_prune(&mut self, metric: &str, min_step: u64, bytes: Range<usize>, arms: &[Arm], axes: &[Axis]) {
        let experiments = || arms.iter().map(|arm| &arm.resolved.experiment);
        let on_the_way = varied(axes, "eval.every") || experiments().any(|experiment| experiment.eval.every > 0);
        if Split::of(metric) == Some(Split::Validation) && !on_the_way {
            let reason = format!("`{metric}` is scored at the end alone, so no trial would be stopped by it");
            self.refuse(reason, "set `eval.every`, as in `[grid] eval.every = [50]`", bytes.clone());
        }
        let longest = experiments().map(|experiment| experiment.train.steps as u64).max().unwrap_or(0);
        if !varied(axes, "train.steps") && min_step >= longest {
            let reason = format!("trials end after {longest} steps, so none would be stopped at step {min_step}");
            self.refuse(reason, "lower `min-step`", bytes);
        }
    }
}

/// Whether an axis varies a key, or one within it.
fn varied(axes: &[Axis], key: &str) -> bool {
    axes.iter().flat_map(|axis| &axis.keys).any(|varied| related(varied, key))
}
