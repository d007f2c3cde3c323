//! What is told of a sweep while it runs.

use std::time::{Duration, Instant};

use crate::execute::Ending;

/// Who is told how a sweep goes.
pub trait Audience {
    /// Something happened.
    fn news(&mut self, news: &News<'_>);
    /// How things stand, several times a second.
    fn standing(&mut self, running: &[Running<'_>], counts: &Counts);
}

/// Something that happened.
#[derive(Debug)]
pub enum News<'a> {
    /// A trial's process was started.
    Started {
        /// The trial.
        trial: &'a str,
        /// Whether it had begun earlier and goes on.
        resumed: bool,
    },
    /// A trial crashed and will be tried again.
    Retry {
        /// The trial.
        trial: &'a str,
        /// How it ended and what it said last.
        message: &'a str,
        /// When it is tried again.
        wait: Duration,
    },
    /// A trial has ended, here or in another process.
    Ended {
        /// The trial.
        trial: &'a str,
        /// How.
        ending: &'a Ending,
    },
    /// The sweep was told to stop: trials write their checkpoints.
    Stopping,
    /// The sweep was told to stop at once.
    Killing,
    /// No further trials are started, for a reason.
    Closed(&'a str),
    /// Something that the user should know.
    Warning(&'a str),
    /// What the tracker lacks of the trials, why, and which command sends it.
    Unsent(&'a str),
}

/// A trial that runs in this process's care.
#[derive(Debug)]
pub struct Running<'a> {
    /// Its slot, from 0.
    pub slot: usize,
    /// The trial.
    pub trial: &'a str,
    /// When its process was started.
    pub since: Instant,
    /// The step that it began from.
    pub first_step: u64,
    /// The last logged step.
    pub step: u64,
    /// Steps of the training.
    pub steps: u64,
    /// Name and value of the last metric: the one that decides about pruning, else the training loss.
    pub metric: Option<(&'a str, f64)>,
}

/// How many runs of a sweep are in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Counts {
    /// All that are known so far.
    pub runs: usize,
    /// Finished, `cached` ones included.
    pub finished: usize,
    /// Finished before this call.
    pub cached: usize,
    /// Stopped early, because others promise more.
    pub pruned: usize,
    /// Failed, `failed_before` included.
    pub failed: usize,
    /// Failed before this call, as a trial of the same submission.
    pub failed_before: usize,
    /// Stopped with a checkpoint, or not begun when the sweep stopped.
    pub left: usize,
    /// Run by this process.
    pub running: usize,
    /// Run by other processes.
    pub elsewhere: usize,
}
