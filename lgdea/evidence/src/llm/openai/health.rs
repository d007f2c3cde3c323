//! Whether a server may be asked now, for all requests together.

use std::cell::RefCell;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep_until};

/// Longest pause that a server may ask for.
const LONGEST_ASKED: Duration = Duration::from_mins(10);
/// Longest pause that we choose ourselves.
const LONGEST: Duration = Duration::from_secs(30);
const FIRST: Duration = Duration::from_millis(500);

/// What all requests together know of the server: when it may be asked again, and how long it has been failing.
///
/// While it fails request after request (the circuit is open), one request at a time tries it.
pub(super) struct Health {
    state: RefCell<State>,
    probe: Mutex<()>,
    patience: Duration,
    /// So many failures in a row open the circuit.
    threshold: u32,
}

struct State {
    not_before: Instant,
    failing_since: Option<Instant>,
    failures: u32,
    successes: u64,
}

/// Leave to send one request.
pub(super) struct Permit<'a> {
    _probe: Option<MutexGuard<'a, ()>>,
}

impl Health {
    pub(super) fn new(patience: Duration, concurrency: usize) -> Self {
        let state = State { not_before: Instant::now(), failing_since: None, failures: 0, successes: 0 };
        let threshold = concurrency.clamp(4, 1024) as u32;
        Self { state: RefCell::new(state), probe: Mutex::new(()), patience, threshold }
    }

    /// Waits until a request may be sent.
    pub(super) async fn permit(&self) -> Permit<'_> {
        loop {
            let probe = if self.is_open() { Some(self.probe.lock().await) } else { None };
            while Instant::now() < self.not_before() {
                sleep_until(self.not_before()).await;
            }
            if !self.is_open() {
                return Permit { _probe: None };
            }
            if probe.is_some() {
                return Permit { _probe: probe };
            }
        }
    }

    /// The server answered a request.
    pub(super) fn success(&self) {
        self.alive();
        self.state.borrow_mut().successes += 1;
    }

    /// The server did not want a request: it works.
    pub(super) fn alive(&self) {
        let mut state = self.state.borrow_mut();
        state.failures = 0;
        state.failing_since = None;
    }

    /// Requests answered so far.
    pub(super) fn successes(&self) -> u64 {
        self.state.borrow().successes
    }

    /// The server failed a request and may have asked to wait. Says when patience is at its end.
    pub(super) fn failure(&self, what: &str, retry_after: Option<Duration>) -> Result<(), String> {
        let now = Instant::now();
        let mut state = self.state.borrow_mut();
        state.failures += 1;
        let since = *state.failing_since.get_or_insert(now);
        let deadline = since + self.patience;
        let patience = self.patience.as_secs();
        if now >= deadline {
            return Err(format!("has failed every request for {patience} s (last: {what})"));
        }
        if let Some(asked) = retry_after.map(|asked| asked.min(LONGEST_ASKED)) {
            if now + asked > deadline {
                let seconds = asked.as_secs();
                return Err(format!(
                    "asks to wait {seconds} s (last: {what}), longer than patience-seconds = {patience} allows"
                ));
            }
            state.not_before = state.not_before.max(now + asked);
        }
        if state.failures == self.threshold {
            tracing::warn!(
                "the language model's server fails: {what}; it is asked again until it has failed for {patience} s"
            );
        }
        if let Some(probes) = state.failures.checked_sub(self.threshold) {
            // The last try comes when patience ends, not after.
            state.not_before = state.not_before.max((now + pause(probes)).min(deadline));
        }
        Ok(())
    }

    fn is_open(&self) -> bool {
        self.state.borrow().failures >= self.threshold
    }

    fn not_before(&self) -> Instant {
        self.state.borrow().not_before
    }
}

/// The pause after so many earlier ones: doubling, and each shortened at random by up to half so that requests that failed
/// together do not return together. Nothing that is computed depends on it.
pub(super) fn pause(earlier: u32) -> Duration {
    let full = FIRST.saturating_mul(1 << earlier.min(10)).min(LONGEST);
    full.mul_f64(rand::random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(patience: u64) -> Health {
        Health::new(Duration::from_secs(patience), 1)
    }

    #[test]
    fn pauses_grow_to_a_ceiling() {
        for (earlier, full) in [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0].into_iter().enumerate() {
            let pause = pause(earlier as u32).as_secs_f64();
            assert!((full / 2.0..=full).contains(&pause), "{pause} of {full}");
        }
        assert!(pause(u32::MAX) <= LONGEST);
    }

    #[test]
    fn patience_ends_and_a_server_is_not_waited_for_beyond_it() {
        let ended = health(0).failure("503", None).unwrap_err();
        assert_eq!(ended, "has failed every request for 0 s (last: 503)");
        let asked = health(20).failure("429", Some(Duration::from_hours(1000))).unwrap_err();
        assert_eq!(asked, "asks to wait 600 s (last: 429), longer than patience-seconds = 20 allows");
    }

    #[tokio::test]
    async fn all_requests_wait_as_long_as_the_server_asks() {
        let health = health(20);
        health.failure("429", Some(Duration::from_millis(200))).unwrap();
        let start = Instant::now();
        drop(health.permit().await);
        assert!(start.elapsed() >= Duration::from_millis(200));
    }

    #[tokio::test]
    async fn a_failing_server_is_asked_by_one_at_a_time_until_it_answers() {
        let health = health(20);
        for _ in 0..4 {
            health.failure("503", None).unwrap();
        }
        let probe = health.permit().await;
        let second = tokio::time::timeout(Duration::from_millis(50), health.permit()).await;
        assert!(second.is_err(), "two probes at a time");
        health.success();
        drop(probe);
        let (_one, _two) = (health.permit().await, health.permit().await);
    }
}
