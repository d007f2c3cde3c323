//! The tables of a sweep that say how its trials are found, judged and seeded.

use lgdea_metric::{EvalSet, Split};
use toml::Spanned;
use toml::de::DeValue;

use super::arm::Arm;
use super::file::{ClaimTable, PruneTable, SearchTable, Seeds};
use super::read::{Reader, Value};
use super::search::{Parameter, Search, SpaceReader};
use super::{Claim, Prune};

impl Reader {
    /// The parameters of `[search.space]`, unless it is empty.
    pub(super) fn space(&mut self, value: Value<'_>) -> Option<Vec<Parameter>> {
        let DeValue::Table(table) = value.into_inner() else { return None };
        let is_empty = table.is_empty();
        let mut reader = SpaceReader { source: &self.source, folder: &self.folder, problems: &mut self.problems };
        (!is_empty).then(|| reader.space(table))
    }

    pub(super) fn search(&mut self, table: SearchTable, space: Option<Vec<Parameter>>, has_budget: bool) -> Search {
        let bytes = table.objective.span();
        let objective = table.objective.into_inner();
        let split = Split::of(&objective);
        if split != Some(Split::Validation) {
            let reason = if split == Some(Split::Test) {
                format!("`{objective}` is of the test split: settings that are chosen by it are no longer tested by it")
            } else {
                format!("`{objective}` is no metric of the validation split")
            };
            self.refuse(reason, "name one such as `validation/zero_shot/auroc_macro`", bytes.clone());
        }
        if space.is_none() {
            self.refuse(
                "the search has no `[search.space]`".to_owned(),
                "give at least one key with a range",
                bytes.clone(),
            );
        }
        if !has_budget {
            self.refuse("the search has no end".to_owned(), "give `[budget]` with `trials = …`", bytes);
        }
        let SearchTable { sampler, goal, seed, startup, .. } = table;
        let goal = self.goal(&objective, goal);
        Search { sampler, objective, goal, seed, startup, space: space.unwrap_or_default() }
    }

    pub(super) fn prune(&mut self, table: PruneTable) -> Option<Prune> {
        let bytes = table.metric.span();
        let PruneTable { rule, metric, goal, min_step, reduction, brackets, startup_trials } = table;
        let metric = metric.into_inner();
        let on = EvalSet::of(&metric);
        if matches!(on, Some(EvalSet::Split(Split::Test) | EvalSet::Named(_))) || metric.is_empty() {
            let reason = format!(
                "`{metric}` cannot decide which trials are stopped: it must not be of the test split or of an evaluation set"
            );
            self.refuse(reason, "name a metric that the run logs while it trains, such as `train/loss`", bytes);
            return None;
        }
        let goal = self.goal(&metric, goal);
        Some(Prune { rule, metric, goal, min_step, reduction, brackets, startup_trials })
    }

    /// A claim for each of the table's metrics and arms.
    pub(super) fn claims(&mut self, table: ClaimTable, arms: &[Arm]) -> Vec<Claim> {
        let ClaimTable { metric, better, than, min_delta } = table;
        let than_span = than.span();
        let others = than.into_inner().0.into_iter().map(|name| Spanned::new(than_span.clone(), name));
        let others: Vec<Spanned<String>> = others.collect();
        let known = || arms.iter().map(|arm| arm.name.as_str()).collect::<Vec<_>>();
        for name in std::iter::once(&better).chain(&others) {
            if !known().contains(&name.get_ref().as_str()) {
                self.unknown("arm", name, known());
                return Vec::new();
            }
        }
        let better = better.into_inner();
        if others.iter().any(|other| *other.get_ref() == better) {
            let reason = format!("an arm cannot be better than itself: `{better}`");
            self.refuse(reason, "name two arms", than_span);
            return Vec::new();
        }
        let claim = |metric: &String, than: &Spanned<String>| Claim {
            metric: metric.clone(),
            better: better.clone(),
            than: than.get_ref().clone(),
            min_delta,
        };
        metric.into_inner().0.iter().flat_map(|metric| others.iter().map(move |than| claim(metric, than))).collect()
    }

    pub(super) fn seeds(&mut self, seeds: Seeds, first: u64) -> Vec<u64> {
        match (seeds.count, seeds.list) {
            (Some(_), Some(list)) => {
                self.refuse("`[seeds]` has both `count` and `list`".to_owned(), "keep one of them", list.span());
                Vec::new()
            }
            // TOML knows no greater seed, and a trial is written as TOML.
            (Some(count), None) if count > (i64::MAX as u64).saturating_sub(first) => {
                let reason =
                    format!("{count} seeds from the experiment's own, {first}, upwards are beyond {}", i64::MAX);
                self.refuse(reason, "give the experiment a smaller seed", 0..0);
                Vec::new()
            }
            (Some(count), None) => (first..first + count).collect(),
            (None, Some(list)) => {
                let span = list.span();
                let seeds = list.into_inner();
                let mut sorted = seeds.clone();
                sorted.sort_unstable();
                sorted.dedup();
                if seeds.is_empty() || sorted.len() < seeds.len() {
                    self.refuse("`seeds.list` is empty or names a seed twice".to_owned(), "name each seed once", span);
                }
                seeds
            }
            (None, None) => vec![first],
        }
    }
}
