//! Pauses between attempts to reach a server.

use std::time::{Duration, Instant};

use super::Error;

/// Longest pause that we choose ourselves; the server may ask for more.
const LONGEST: Duration = Duration::from_mins(1);
/// Longest pause that a server may ask for.
const LONGEST_ASKED: Duration = Duration::from_mins(10);

/// Pauses between attempts: 1 s, then twice as long each time, each shortened at random by up to half so that many runs
/// do not return to a server all at once.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Begins again with short pauses.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The pause after one more failure, at least as long as the server asked for.
    pub(super) fn pause(&mut self, asked: Option<Duration>) -> Duration {
        let full = Duration::from_secs(1 << self.failures.min(6)).min(LONGEST);
        self.failures += 1;
        // Nothing that a run computes depends on this number, so it comes from no seed.
        let pause = full.mul_f64(rand::random_range(0.5..=1.0));
        asked.map_or(pause, |asked| pause.max(asked.min(LONGEST_ASKED)))
    }
}

/// Makes a call until it succeeds; gives up where waiting mends nothing, or `wait` would be over.
pub(super) fn patiently<T>(wait: Duration, mut call: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    let (mut backoff, deadline) = (Backoff::default(), Instant::now() + wait);
    loop {
        let error = match call() {
            Err(error) if error.is_transient() => error,
            outcome => return outcome,
        };
        let pause = backoff.pause(error.retry_after());
        if Instant::now() + pause > deadline {
            return Err(error);
        }
        std::thread::sleep(pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_ceiling_and_the_server_is_heard() {
        let mut backoff = Backoff::default();
        for full in [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0] {
            let pause = backoff.pause(None).as_secs_f64();
            assert!((full / 2.0..=full).contains(&pause), "{pause} of {full}");
        }
        backoff.reset();
        assert_eq!(backoff.pause(Some(Duration::from_secs(30))), Duration::from_secs(30));
        assert_eq!(backoff.pause(Some(Duration::MAX)), LONGEST_ASKED);
    }
}
