//! Where an execution stands.

use super::jobs::JobState;
use super::{Counts, Ending, Executor, Running};
use lgdea_metric::curve::LOSS;

impl Executor<'_> {
    /// Tells the audience where the execution stands.
    pub(super) fn tell_standing(&mut self) {
        let counts = self.counts();
        let prune = self.jobs.plan.sweep.prune.as_ref();
        let running = self.workers.iter().enumerate().filter_map(|(slot, worker)| {
            let worker = worker.as_ref()?;
            let watch = self.watches.get(&worker.job)?;
            let deciding = prune.zip(watch.curve.points.last());
            let deciding = deciding.map(|(prune, (_, value))| (prune.metric.as_str(), *value));
            Some(Running {
                slot,
                trial: &self.jobs.all[worker.job].label,
                since: worker.since,
                first_step: worker.first_step,
                step: watch.step,
                steps: worker.steps,
                metric: deciding.or(watch.loss.map(|loss| (LOSS.name, loss))),
            })
        });
        let running: Vec<Running<'_>> = running.collect();
        self.audience.standing(&running, &counts);
    }

    /// How many runs are where.
    pub(super) fn counts(&self) -> Counts {
        let (runs, failed_before) = (self.jobs.all.len(), self.failed_before);
        let mut counts = Counts { runs, failed_before, ..Counts::default() };
        for job in &self.jobs.all {
            let count = match &job.place {
                JobState::Settled(Ending::Finished) => &mut counts.finished,
                JobState::Settled(Ending::Cached) => {
                    counts.cached += 1;
                    &mut counts.finished
                }
                JobState::Settled(Ending::Pruned) => &mut counts.pruned,
                JobState::Settled(Ending::Failed(_)) => &mut counts.failed,
                JobState::Running => &mut counts.running,
                JobState::Elsewhere => &mut counts.elsewhere,
                JobState::Settled(Ending::Left) | JobState::Waiting | JobState::Delayed(_) => &mut counts.left,
            };
            *count += 1;
        }
        counts
    }
}
