//! A setting of a search that may be chosen, with the scores of its runs.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::statistic::{mean, standard_deviation};
use crate::{ComparedRow, Metric, Run, Split};

/// A setting that may be chosen.
#[derive(Debug)]
pub(super) struct Candidate<'a> {
    pub(super) row: &'a ComparedRow,
    /// Its runs, by seed.
    runs: Vec<(u64, &'a Run)>,
}

impl<'a> Candidate<'a> {
    /// Of a row; `runs` are by key.
    pub(super) fn new(row: &'a ComparedRow, runs: &HashMap<&str, &'a Run>) -> Candidate<'a> {
        let keys = row.seeds.iter().zip(&row.run_keys);
        Candidate { row, runs: keys.filter_map(|(seed, key)| Some((*seed, *runs.get(key.as_str())?))).collect() }
    }

    /// Values of a metric by seed, of the seeds that have it.
    pub(super) fn values(&self, metric: &str) -> Vec<(u64, f64)> {
        self.runs.iter().filter_map(|(seed, run)| Some((*seed, *run.metrics.get(metric)?))).collect()
    }

    /// Mean of a metric over seeds.
    pub(super) fn mean(&self, metric: &Metric) -> Option<f64> {
        let values: Vec<f64> = self.values(&metric.name).into_iter().map(|(_, value)| value).collect();
        (!values.is_empty()).then(|| mean(&values))
    }

    /// The values that axes and the search gave it.
    pub(super) fn deltas(&self) -> Option<&'a Map<String, Value>> {
        self.runs.first().map(|(_, run)| &run.place.deltas)
    }

    /// Whether a run has any of the keys.
    pub(super) fn has_any(&self, keys: &[String]) -> bool {
        self.deltas().is_some_and(|deltas| keys.iter().any(|key| deltas.contains_key(key)))
    }

    /// Whether a run has any score of the validation split.
    pub(super) fn has_validation(&self) -> bool {
        self.runs.iter().any(|(_, run)| run.metrics.keys().any(|name| Split::of(name) == Some(Split::Validation)))
    }
}

/// The candidates by their mean, the best first; without those that lack a seed which another has: a search counts them for
/// the worst, and what was stopped early must not win by the seeds that went well.
pub(super) fn ranked<'c, 'a>(candidates: &'c [Candidate<'a>], metric: &Metric) -> Vec<&'c Candidate<'a>> {
    let seeds = |candidate: &Candidate<'_>| candidate.values(&metric.name).len();
    let most = candidates.iter().map(seeds).max().unwrap_or_default();
    let complete = candidates.iter().filter(|candidate| seeds(candidate) == most);
    let gains = complete.filter_map(|candidate| Some((metric.gain(candidate.mean(metric)?), candidate)));
    let mut gains: Vec<(f64, &Candidate<'_>)> = gains.collect();
    // Of equal ones the first stays first.
    gains.sort_by(|a, b| b.0.total_cmp(&a.0));
    gains.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Scores of a setting.
#[derive(Serialize)]
pub(super) struct Scores {
    label: String,
    /// Mean ± standard deviation.
    mean: String,
    /// By seed.
    values: Vec<(u64, String)>,
}

impl Scores {
    /// None where no run has the metric.
    pub(super) fn new(metric: &Metric, of: &Candidate<'_>) -> Option<Scores> {
        let values = of.values(&metric.name);
        let numbers: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
        let deviation = standard_deviation(&numbers).map(|deviation| format!(" ± {}", metric.show(deviation)));
        Some(Scores {
            label: metric.label.clone(),
            mean: metric.show(of.mean(metric)?) + &deviation.unwrap_or_default(),
            values: values.into_iter().map(|(seed, value)| (seed, metric.show(value))).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SweepPlace;

    const OBJECTIVE: &str = "validation/zero_shot/auroc_macro";

    fn run(key: &str, seed: u64, score: Option<f64>) -> Run {
        let place = SweepPlace { run_key: key.to_owned(), arm: "a".to_owned(), seed, deltas: Map::new() };
        let metrics = score.into_iter().map(|score| (OBJECTIVE.to_owned(), score)).collect();
        Run {
            place,
            seconds: 1.0,
            metrics,
            sets: std::collections::BTreeMap::new(),
            data: None,
            protocols: std::collections::BTreeMap::new(),
            ceiling: false,
            labels: false,
            settings: std::sync::Arc::default(),
            folder: None,
        }
    }

    fn row(keys: &[&str]) -> ComparedRow {
        ComparedRow {
            group: "a".to_owned(),
            role: None,
            labels: false,
            setting: Vec::new(),
            seeds: (0..keys.len() as u64).collect(),
            run_keys: keys.iter().map(|&key| key.to_owned()).collect(),
            cells: Vec::new(),
        }
    }

    #[test]
    fn what_lacks_a_seed_or_the_metric_cannot_win() {
        let all = [
            run("a0", 0, Some(0.7)),
            run("a1", 1, Some(0.8)),
            run("b0", 0, Some(0.9)),
            run("c0", 0, Some(0.7)),
            run("c1", 1, Some(0.9)),
            run("d0", 0, None),
            run("d1", 1, Some(1.0)),
        ];
        let runs: HashMap<&str, &Run> = all.iter().map(|run| (run.place.run_key.as_str(), run)).collect();
        let rows = [row(&["a0", "a1"]), row(&["b0"]), row(&["c0", "c1"]), row(&["d0", "d1"])];
        let candidates: Vec<Candidate<'_>> = rows.iter().map(|row| Candidate::new(row, &runs)).collect();
        let order = |metric: &Metric| -> Vec<&str> {
            ranked(&candidates, metric).iter().map(|one| one.row.run_keys[0].as_str()).collect()
        };
        let metric = Metric::new(OBJECTIVE);
        assert_eq!(order(&metric), ["c0", "a0"]);
        assert_eq!(order(&Metric { lower_is_better: true, ..metric.clone() }), ["a0", "c0"]);
        assert_eq!(order(&Metric::new("validation/grounding/cnr")), Vec::<&str>::new());
        let scores = Scores::new(&metric, &candidates[0]).unwrap();
        assert_eq!(scores.mean, "0.750 ± 0.071");
        assert_eq!(scores.values, [(0, "0.700".to_owned()), (1, "0.800".to_owned())]);
    }
}
