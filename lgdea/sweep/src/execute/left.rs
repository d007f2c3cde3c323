//! What of a sweep is left to run, for whoever submits it instead of running it.

use std::path::Path;

use super::jobs::{JobState, Jobs};
use crate::left_behind::LeftBehind;
use crate::runs::{State, state};
use crate::submission::Submission;
use crate::{ExecuteError, Plan, SweepSummary};

/// What is left.
pub(crate) struct Left {
    /// Keys of the runs that have not ended, or failed.
    pub(crate) keys: Vec<String>,
    /// Runs that a search has still to propose.
    pub(crate) to_propose: usize,
    /// Finished runs of its name that are no part of it now.
    pub(crate) behind: Option<LeftBehind>,
    /// What failed so far.
    pub(crate) submission: Submission,
}

/// What is left of a plan; writes its list of trials.
pub(crate) fn left(plan: Plan, file: &Path, results: &Path) -> Result<Left, ExecuteError> {
    let summary = SweepSummary::new(&plan.sweep, &plan.expansion, file);
    let jobs = Jobs::new(plan, summary, results, None)?;
    let (to_propose, behind) = (jobs.to_propose(), jobs.left_behind()?);
    let mut left = Left { keys: Vec::new(), to_propose, behind, submission: Submission::default() };
    for job in jobs.all.iter().filter(|job| job.place == JobState::Waiting) {
        left.keys.push(job.key.clone());
        if matches!(state(&job.run).0, State::Failed(_)) {
            left.submission.failed.insert(job.key.clone(), job.attempts);
        }
    }
    Ok(left)
}
