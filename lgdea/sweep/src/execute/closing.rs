//! Why a sweep starts no further trials: it was told to stop, too many failed, or its budget is spent.

use std::sync::atomic::Ordering;

use lgdea_spec::sweep::OnFailure;

use super::{Execution, Executor, News};

impl Executor<'_> {
    pub(super) fn heed_signals(&mut self) {
        let signals = self.signals.load(Ordering::Relaxed);
        if signals > 0 && self.heeded == 0 {
            self.audience.news(&News::Stopping);
            self.closed = Some("the sweep was stopped");
            self.workers.iter_mut().flatten().for_each(|worker| worker.process.stop());
        }
        if signals > 1 && self.heeded < 2 {
            self.audience.news(&News::Killing);
            self.workers.iter_mut().flatten().for_each(|worker| worker.process.kill());
        }
        self.heeded = signals;
    }

    pub(super) fn heed_failures(&mut self) {
        let Execution { on_failure, max_failures, .. } = *self.execution;
        if self.failures > 0 && on_failure == OnFailure::Stop {
            self.close("a trial failed, and the others are to stop then");
        } else if max_failures > 0 && self.failures >= max_failures {
            self.close("too many trials failed");
        }
    }

    pub(super) fn close(&mut self, reason: &'static str) {
        if self.closed.is_none() {
            self.closed = Some(reason);
            self.audience.news(&News::Closed(reason));
        }
    }

    pub(super) fn check_budget(&mut self) {
        let Some(hours) = self.jobs.plan.sweep.budget.hours else { return };
        let running: f64 = self.workers.iter().flatten().map(|worker| worker.since.elapsed().as_secs_f64()).sum();
        let spent = running + self.jobs.all.iter().map(|job| job.seconds).sum::<f64>();
        if spent >= hours * 3600.0 {
            self.close("the hours of the budget are spent");
        }
    }
}
