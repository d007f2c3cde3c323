//! How a trial's process ended, and what that means for its run.

use std::process::ExitStatus;

use lgdea_track::History;

use crate::runs::State;

/// How a run ended, as far as its sweep is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It did all that it was asked to.
    Finished,
    /// It had been finished before this sweep was called.
    Cached,
    /// It was stopped early, because others promise more.
    Pruned,
    /// It met an error: what, and what it said last.
    Failed(String),
    /// It was told to stop, or was not begun.
    Left,
}

/// What the end of a process means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The run has ended.
    Ended(Ending),
    /// It was told to stop and goes on from its checkpoint.
    Stopped,
    /// The process died from something that may pass.
    Crashed(String),
}

/// What a process's end means. `before` is the number of attempts before it was started; `last_words` what it said last.
pub(super) fn verdict(
    status: ExitStatus,
    (state, history): &(State, History),
    before: u32,
    last_words: &str,
) -> Verdict {
    let told = |what: String| if last_words.is_empty() { what } else { format!("{what}\n{last_words}") };
    let of_this_attempt = history.attempts > before;
    match state {
        State::Finished => Verdict::Ended(Ending::Finished),
        State::Pruned => Verdict::Ended(Ending::Pruned),
        State::Stopped if of_this_attempt && status.code() == Some(1) => Verdict::Stopped,
        State::Failed(error) if of_this_attempt && matches!(status.code(), Some(1 | 2)) => {
            Verdict::Ended(Ending::Failed(told(error.clone())))
        }
        _ => match status.code() {
            // Neither wrong input nor an error that was met in an orderly way passes by itself.
            Some(code @ (0..=2)) => Verdict::Ended(Ending::Failed(told(format!("ended with exit code {code}")))),
            Some(101) => Verdict::Crashed(told("panicked".to_owned())),
            Some(code) => Verdict::Crashed(told(format!("died with exit code {code}"))),
            None => Verdict::Crashed(told(format!("died: {status}"))),
        },
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn verdict_of(raw: i32, state: State, attempts: u32) -> Verdict {
        verdict(ExitStatus::from_raw(raw), &(state, History { attempts, ..History::default() }), 1, "words")
    }

    #[test]
    fn what_the_journal_says_counts_more_than_the_exit_code() {
        // Killed while it told the tracker.
        assert_eq!(verdict_of(9, State::Finished, 2), Verdict::Ended(Ending::Finished));
        assert_eq!(verdict_of(1 << 8, State::Pruned, 2), Verdict::Ended(Ending::Pruned));
        assert_eq!(verdict_of(1 << 8, State::Stopped, 2), Verdict::Stopped);
        let failed = State::Failed("the loss is NaN".to_owned());
        let Verdict::Ended(Ending::Failed(message)) = verdict_of(1 << 8, failed.clone(), 2) else { panic!() };
        assert_eq!(message, "the loss is NaN\nwords");
        // The error is that of an earlier attempt.
        let Verdict::Ended(Ending::Failed(message)) = verdict_of(2 << 8, failed.clone(), 1) else { panic!() };
        assert_eq!(message, "ended with exit code 2\nwords");
        assert!(matches!(verdict_of(9, failed, 1), Verdict::Crashed(_)));
    }

    #[test]
    fn crashes_are_told_from_errors() {
        for raw in [9, 11, 101 << 8, 137 << 8] {
            assert!(matches!(verdict_of(raw, State::Begun, 2), Verdict::Crashed(_)), "{raw}");
        }
        for raw in [0, 1 << 8, 2 << 8] {
            assert!(matches!(verdict_of(raw, State::Begun, 2), Verdict::Ended(Ending::Failed(_))), "{raw}");
        }
    }
}
