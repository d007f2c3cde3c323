//! What is told of a sweep while it runs.

use std::time::{Duration, Instant};

use lgdea_track::History;

use crate::execute::Ending;

/// Who is told how a sweep goes.
pub trait Audience {
    /// Something happened.
    fn news(&mut self, news: &News<'_>);
    /// How things stand, several times a second.
    fn standing(&mut self, running: &[Running<'_>], counts: &Counts);
}

/// What there is of a trial that begins from before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// Nothing.
    First,
    /// A checkpoint, from which it goes on.
    Resumed,
    /// An attempt that left no checkpoint: it begins anew.
    Again,
}

impl Begin {
    pub(super) fn of(history: &History) -> Begin {
        match (history.attempts, &history.checkpoint) {
            (0, _) => Begin::First,
            (_, Some(_)) => Begin::Resumed,
            (_, None) => Begin::Again,
        }
    }
}

/// Something that happened.
#[derive(Debug)]
pub enum News<'a> {
    /// A trial's process was started.
    Started {
        /// The trial.
        trial: &'a str,
        /// What there is of it from before.
        begin: Begin,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_checkpoint_a_trial_begins_anew() {
        let history = |attempts, checkpoint: Option<u64>| {
            let checkpoint = checkpoint.map(|step| (step, "checkpoints/10".to_owned()));
            History { attempts, checkpoint, ..History::default() }
        };
        assert_eq!(Begin::of(&history(0, None)), Begin::First);
        assert_eq!(Begin::of(&history(1, None)), Begin::Again);
        assert_eq!(Begin::of(&history(1, Some(10))), Begin::Resumed);
    }
}
