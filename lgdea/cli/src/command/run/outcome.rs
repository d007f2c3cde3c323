//! What a run ends with: a table for people, one JSON object for programs.

use std::collections::BTreeMap;
use std::io::Write;

use lgdea_eval::{Score, Scores, table};
use lgdea_metric::{Bound, Split};
use lgdea_track::mlflow::Report;
use lgdea_track::{History, RunDir};
use serde_json::json;

use crate::failure::Failure;

/// A finished run.
pub(crate) struct Outcome {
    run_key: String,
    dir: String,
    scores: Scores,
    seconds: f64,
    /// How far the tracker's view has come, if there is one.
    pub(crate) tracked: Option<Report>,
}

impl Outcome {
    /// A run that finished just now.
    pub(crate) fn finished(run: &RunDir, run_key: &str, scores: Scores, seconds: f64) -> Self {
        let dir = run.path().display().to_string();
        Self { run_key: run_key.to_owned(), dir, scores, seconds, tracked: None }
    }

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

    /// Prints the table of the reported split and where things lie; with `json`, one object as the last line.
    pub(crate) fn print(&self, json: bool) -> Result<(), Failure> {
        let (split, table) = reported(&self.scores);
        let mut text = format!("{table}\n\nsplit     {split}\nrun       {}\n", self.dir);
        if let Some(tracked) = &self.tracked {
            text.push_str(&describe(tracked));
        }
        let mut out = std::io::stdout().lock();
        let written = if json {
            let metrics: BTreeMap<&str, f64> =
                self.scores.iter().map(|(name, score)| (name.as_str(), score.value)).collect();
            let object = json!({
                "run_key": self.run_key,
                "status": "finished",
                "dir": self.dir,
                "metrics": metrics,
                "seconds": self.seconds,
            });
            writeln!(out, "{text}{object}")
        } else {
            writeln!(out, "{text}took      {:.0} s", self.seconds)
        };
        written.map_err(|error| Failure::failed(&error))
    }
}

/// The split that is reported and the table of its scores: the test split, or where it was not scored the validation split.
pub(crate) fn reported(scores: &Scores) -> (&'static str, String) {
    let is_tested = scores.keys().any(|name| Split::of(name) == Some(Split::Test));
    let reported = if is_tested { Split::Test } else { Split::Validation };
    let of_split =
        |name: &str| Split::strip(name).filter(|(split, _)| *split == reported).map(|(_, name)| name.to_owned());
    let found: Scores = scores.iter().filter_map(|(name, score)| Some((of_split(name)?, *score))).collect();
    (reported.name(), table::summary(&found))
}

fn describe(tracked: &Report) -> String {
    let mut lines = Vec::new();
    if let Some(url) = &tracked.url {
        lines.push(format!("tracker   {url}\n"));
    }
    if !tracked.complete {
        let why = tracked.error.as_deref().unwrap_or("the server did not take everything in time");
        lines.push(format!("          not all of it arrived ({why}); the journal has everything\n"));
    }
    lines.extend(tracked.problems.iter().map(|problem| format!("          {problem}\n")));
    lines.concat()
}
