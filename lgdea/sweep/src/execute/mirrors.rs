//! Shows trials on the tracker beside the sweep: a trial's process neither speaks to it nor waits for it.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use lgdea_spec::Tracker;
use lgdea_track::RunDir;
use lgdea_track::mlflow::{Mirror, Settings};

/// The trials that are shown, by job.
#[derive(Debug, Default)]
pub(super) struct Mirrors {
    by_job: HashMap<usize, Mirror>,
    /// Longest wait that an experiment allows at the end.
    wait: Duration,
}

impl Mirrors {
    /// Shows a trial's run from now on, where its experiment or the environment names a server.
    pub(super) fn start(&mut self, job: usize, run: &RunDir, tracker: &Tracker) {
        // What is wrong with the settings the trial says itself, which does not begin with them.
        if let Ok(Some(settings)) = Settings::from_env(&tracker.uri, &tracker.experiment) {
            self.wait = self.wait.max(Duration::from_secs(tracker.flush_seconds));
            self.by_job.entry(job).or_insert_with(|| Mirror::start(run, settings));
        }
    }

    /// A trial has ended for good: what is left of it is sent while others run.
    pub(super) fn stop(&mut self, job: usize) {
        if let Some(mirror) = self.by_job.get_mut(&job) {
            mirror.stop();
        }
    }

    /// Waits for what is left of all trials together. What was not sent, as one sentence; none where all was.
    pub(super) fn finish(mut self, command: &str) -> Option<String> {
        self.by_job.values_mut().for_each(Mirror::stop);
        let (all, end) = (self.by_job.len(), Instant::now() + self.wait);
        let reports: Vec<_> = self.by_job.into_values().map(|mirror| mirror.finish(end)).collect();
        // Most trials have the same.
        let problems: BTreeSet<&str> = reports.iter().flat_map(|report| &report.problems).map(String::as_str).collect();
        for problem in problems {
            tracing::warn!("{problem}");
        }
        let left: Vec<_> = reports.iter().filter(|report| !report.complete).collect();
        let error = left.iter().find_map(|report| report.error.clone());
        let why = error.unwrap_or_else(|| "there was no time".to_owned());
        let count = left.len();
        (count > 0)
            .then(|| format!("{count} of {all} runs are not whole on the tracker ({why}); `{command}` sends the rest"))
    }
}
