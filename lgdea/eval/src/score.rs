//! Scores, and what an evaluation found.

use std::collections::BTreeMap;

use lgdea_metric::{Bound, EvalSet};
use serde::{Deserialize, Serialize};

/// A measured value and how well the data determine it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The metric on all evaluated studies.
    pub value: f64,
    /// Bootstrap 95 % interval, lower and upper end; none without resampling, or where too few resamples define the
    /// metric (see [`crate::metric::bootstrap`]).
    pub interval: Option<[f64; 2]>,
}

/// Scores by flat name: `zero_shot/auroc_macro`, `retrieval/i2t_r_at_10`, `grounding/evidence/pointing`, ….
pub type Scores = BTreeMap<String, Score>;

/// What a task found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The task's scores; a metric that the data leave undefined is absent, never zero.
    pub scores: Scores,
    /// What was left out and why, one sentence each, without clinical text.
    pub warnings: Vec<String>,
    /// The protocols that the scores are by, by the tasks of theirs that have one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub protocols: BTreeMap<String, String>,
}

impl Evaluation {
    /// The scores as a journal has them: with the name of what they are measured on before theirs, and the ends of an interval beside
    /// its value.
    pub fn logged(&self, on: EvalSet<'_>) -> BTreeMap<String, f64> {
        let mut values = BTreeMap::new();
        for (name, score) in &self.scores {
            let name = on.of_score(name);
            if let Some(interval) = score.interval {
                values.extend(Bound::ALL.into_iter().zip(interval).map(|(bound, end)| (bound.of_score(&name), end)));
            }
            values.insert(name, score.value);
        }
        values
    }
}
