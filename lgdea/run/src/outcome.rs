//! What a run ends with.

use lgdea_eval::{Score, Scores, table};
use lgdea_metric::{Bound, Split};
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
    /// Scores by `<split>/<task>/<metric>`.
    pub scores: Scores,
    /// Seconds that the last attempt took.
    pub seconds: f64,
    /// How far the tracker's view has come, if there is one and the run finished just now.
    pub tracked: Option<Report>,
}

impl Outcome {
    /// A run that finished earlier, from its journal.
    pub(crate) fn of_history(run: &RunDir, history: &History) -> Self {
        let value = |name: &str| history.metrics.get(name).map(|&(_, value)| value);
        let score = |(name, score): (&str, f64)| {
            let [low, high] = Bound::ALL.map(|bound| value(&bound.of_score(name)));
            (name.to_owned(), Score { value: score, interval: low.zip(high).map(|(low, high)| [low, high]) })
        };
        Self {
            run_key: history.run_key.clone(),
            dir: run.path().display().to_string(),
            scores: history.scores().map(score).collect(),
            seconds: history.seconds,
            tracked: None,
        }
    }
}

/// The split that is reported and the table of its scores: the test split, or where it was not scored the validation split.
pub fn reported(scores: &Scores) -> (&'static str, String) {
    let is_tested = scores.keys().any(|name| Split::of(name) == Some(Split::Test));
    let reported = if is_tested { Split::Test } else { Split::Validation };
    let of_split =
        |name: &str| Split::strip(name).filter(|(split, _)| *split == reported).map(|(_, name)| name.to_owned());
    let found: Scores = scores.iter().filter_map(|(name, score)| Some((of_split(name)?, *score))).collect();
    (reported.name(), table::summary(&found))
}
