//! The setting of a search that the validation split chooses, and what the test split says of it afterwards.
//!
//! The choice is the search's own: the best mean over seeds of its objective. No test score takes part in it, nor stands in for a
//! validation score that is missing.

use std::collections::HashMap;

use lgdea_metric::{Better, Name, readable};
use lgdea_sweep::SearchSummary;
use serde::Serialize;
use serde_json::Value;

use crate::{Collection, ComparedRow, Comparison, Metric, Run, Setting, Split};

use super::candidate::{Candidate, Scores, ranked};
use super::settings;

const TEST_ALONE: &str = "the runs have scores of the test split alone, and a setting that is chosen by its test score is no longer \
                          tested by it";

/// What was chosen of an arm's search, or why nothing was.
#[derive(Serialize, Default)]
pub(super) struct Choices {
    /// What decided, and who said so.
    decided_by: String,
    /// One for each setting of the axes that are not searched.
    chosen: Vec<Chosen>,
    /// Why nothing is chosen.
    problem: Option<String>,
    /// Whether test scores are left out, as the report is of validation scores alone.
    is_tuning: bool,
}

/// A chosen setting.
#[derive(Serialize)]
struct Chosen {
    /// The axes that are not searched; empty where there are none.
    at: String,
    /// Settings that it was chosen of, and those that could not be chosen.
    of: usize,
    left_out: usize,
    validation: Scores,
    /// The objective of the next best setting.
    next: Option<String>,
    test: Option<Scores>,
    toml: String,
    flags: String,
}

/// What decides.
struct Objective<'a> {
    metric: Metric,
    /// The search that declares it.
    search: Option<&'a SearchSummary>,
}

impl Choices {
    pub(super) fn new(collection: &Collection, comparison: &Comparison, arm: &str, rows: &[&ComparedRow]) -> Choices {
        Choices::choose(collection, comparison, arm, rows)
            .unwrap_or_else(|problem| Choices { problem: Some(problem), ..Choices::default() })
    }

    /// The choices; why nothing can be chosen where there are none.
    fn choose(
        collection: &Collection,
        comparison: &Comparison,
        arm: &str,
        rows: &[&ComparedRow],
    ) -> Result<Choices, String> {
        let runs: HashMap<&str, &Run> = collection.runs.iter().map(|run| (run.place.run_key.as_str(), run)).collect();
        let mut candidates: Vec<Candidate<'_>> = rows.iter().map(|row| Candidate::new(row, &runs)).collect();
        if !candidates.iter().any(Candidate::has_validation) {
            return Err(TEST_ALONE.to_owned());
        }
        let objective = Objective::new(collection, comparison, arm, &candidates)?;
        let mut fixed: Vec<usize> = Vec::new();
        if let Some(search) = objective.search {
            // Runs that no search proposed may be in the report, too.
            candidates.retain(|candidate| candidate.has_any(&search.keys));
            fixed = (0..comparison.keys.len()).filter(|&key| !search.keys.contains(&comparison.keys[key])).collect();
        }
        let mut groups: Vec<(Setting, Vec<Candidate<'_>>)> = Vec::new();
        for candidate in candidates {
            let at: Setting = fixed.iter().map(|&key| candidate.row.setting[key].clone()).collect();
            match groups.iter_mut().find(|(known, _)| *known == at) {
                Some((_, group)) => group.push(candidate),
                None => groups.push((at, vec![candidate])),
            }
        }
        let is_tuning = comparison.is_of_validation();
        let arm = collection.sweeps.iter().flat_map(|sweep| &sweep.arms).find(|of| of.name == arm);
        let changes: Vec<(&str, &Value)> =
            arm.into_iter().flat_map(|arm| &arm.changes).map(|(key, value)| (key.as_str(), value)).collect();
        let chosen = groups.iter().filter_map(|(at, group)| {
            let names = fixed.iter().map(|&key| &comparison.keys[key]).zip(at);
            let names = names.filter_map(|(key, value)| Some(format!("{key} = {}", readable(value.as_ref()?))));
            Chosen::new(names.collect::<Vec<_>>().join(", "), group, &objective.metric, is_tuning, &changes)
        });
        let chosen: Vec<Chosen> = chosen.collect();
        if chosen.is_empty() {
            return Err(format!("no finished trial has {}", objective.describe()));
        }
        Ok(Choices { decided_by: objective.describe(), chosen, problem: None, is_tuning })
    }
}

impl<'a> Objective<'a> {
    /// That of the one search which sweeps declare for the arm; the first score of the report, on validation, where none does.
    fn new(
        collection: &'a Collection,
        comparison: &Comparison,
        arm: &str,
        candidates: &[Candidate<'_>],
    ) -> Result<Objective<'a>, String> {
        match declared(collection, arm)[..] {
            [] => {
                let scores = comparison.metrics.iter().filter_map(|metric| Split::strip(&metric.name));
                let mut metrics = scores.map(|(_, score)| Metric::new(&Split::Validation.of_score(score)));
                let known = |metric: &Metric| candidates.iter().any(|one| !one.values(&metric.name).is_empty());
                let metric = metrics.find(known).ok_or("no score of this report is known of the validation split")?;
                Ok(Objective { metric, search: None })
            }
            [search] => {
                // What nobody declared is better as the search has it.
                let declared = Name::parse(&search.objective).declared_better();
                let lower_is_better = declared.unwrap_or(search.goal.better()) == Better::Lower;
                Ok(Objective {
                    metric: Metric { lower_is_better, ..Metric::new(&search.objective) },
                    search: Some(search),
                })
            }
            _ => Err("its sweeps declare different searches; report them one by one".to_owned()),
        }
    }

    fn describe(&self) -> String {
        let better = if self.metric.lower_is_better { "less is better" } else { "more is better" };
        let why = match self.search {
            Some(_) => "the search's objective",
            None => "the first score of this report, as no sweep here declares the objective of a search",
        };
        format!("`{}`, {why} ({better})", self.metric.name)
    }
}

/// The searches that sweeps declare for an arm, each once.
fn declared<'a>(collection: &'a Collection, arm: &str) -> Vec<&'a SearchSummary> {
    let mut found: Vec<&SearchSummary> = Vec::new();
    for sweep in &collection.sweeps {
        let search = sweep.search.as_ref().filter(|_| sweep.arms.iter().any(|of| of.name == arm));
        if let Some(search) = search.filter(|search| !found.contains(search)) {
            found.push(search);
        }
    }
    found
}

/// Whether a sweep declares a search for an arm.
pub(super) fn is_declared(collection: &Collection, arm: &str) -> bool {
    !declared(collection, arm).is_empty()
}

impl Chosen {
    /// The best of a group; none where no run of it has the metric. `changes` are the arm's, by key.
    fn new(
        at: String,
        group: &[Candidate<'_>],
        metric: &Metric,
        is_tuning: bool,
        changes: &[(&str, &Value)],
    ) -> Option<Chosen> {
        let ranked = ranked(group, metric);
        let best = ranked.first()?;
        let deltas = best.deltas()?;
        let changes = changes.iter().copied().filter(|(key, _)| !deltas.contains_key(*key));
        let copied: Vec<(&str, &Value)> =
            changes.chain(deltas.iter().map(|(key, value)| (key.as_str(), value))).collect();
        // Whoever looks at validation scores alone is still choosing, and should not see the test split.
        let test = Split::strip(&metric.name).filter(|_| !is_tuning);
        let test = test.map(|(_, score)| Metric::new(&Split::Test.of_score(score)));
        Some(Chosen {
            at,
            of: ranked.len(),
            left_out: group.len() - ranked.len(),
            validation: Scores::new(metric, best)?,
            next: ranked.get(1).and_then(|next| next.mean(metric)).map(|mean| metric.show(mean)),
            test: test.and_then(|test| Scores::new(&Metric { label: format!("test {}", test.label), ..test }, best)),
            toml: settings::toml(&copied),
            flags: settings::flags(&copied),
        })
    }
}
