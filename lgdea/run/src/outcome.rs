//! What a run ends with.

use std::collections::BTreeMap;

use lgdea_eval::{Score, Scores, table};
use lgdea_metric::{Bound, EvalSet, Split};
use lgdea_track::mlflow::Report;
use lgdea_track::{History, RunDir};

/// How a run ended that met no error.
#[derive(Debug)]
pub enum Ended {
    /// It was trained and evaluated.
    Finished(Outcome),
    /// It had been finished earlier.
    Earlier(Outcome),
    /// It was told to stop, and goes on from its checkpoint.
    Stopped,
    /// It was told to stop before its journal was free.
    NotBegun,
}

/// What a finished run came to.
#[derive(Debug)]
pub struct Outcome {
    /// The run's key.
    pub run_key: String,
    /// Its folder, as a text.
    pub dir: String,
    /// Scores by `<split or evaluation set>/<task>/<metric>`.
    pub scores: Scores,
    /// Seconds that all attempts took.
    pub seconds: f64,
    /// How many attempts there were.
    pub attempts: u32,
    /// How far the tracker's view has come, if there is one and the run finished just now.
    pub tracked: Option<Report>,
}

impl Outcome {
    /// A run that finished earlier, from its journal.
    pub(crate) fn of_history(run: &RunDir, history: &History) -> Self {
        let value = |name: &str| history.metrics.get(name).map(|&(_, value)| value);
        let score = |(name, score): (&str, f64)| {
            (name.to_owned(), Score { value: score, interval: Bound::interval(name, value) })
        };
        Self {
            run_key: history.run_key.clone(),
            dir: run.path().display().to_string(),
            scores: history.scores().map(score).collect(),
            seconds: history.seconds,
            attempts: history.attempts,
            tracked: None,
        }
    }
}

/// The tables of scores that are reported, each with what it is of: that of the test split, or where it was not scored of the
/// validation split, and those of the evaluation sets.
pub fn reported(scores: &Scores) -> Vec<(String, String)> {
    let mut tables: BTreeMap<(bool, &str), Scores> = BTreeMap::new();
    for (name, score) in scores {
        if let Some((on, name)) = EvalSet::strip(name) {
            let is_set = matches!(on, EvalSet::Named(_));
            tables.entry((is_set, on.name())).or_default().insert(name.to_owned(), *score);
        }
    }
    let (test, validation) = ((false, Split::Test.name()), (false, Split::Validation.name()));
    if tables.contains_key(&test) {
        tables.remove(&validation);
    }
    let called = |(is_set, name)| if is_set { format!("evaluation set {name}") } else { format!("{name} split") };
    tables.into_iter().map(|(on, scores)| (called(on), table::summary(&scores))).collect()
}
