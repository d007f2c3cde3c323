//! Whether a server is heard of: since when it owes an answer, and how long one is waited for.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a server that was never heard of may leave its first answer out. One on the other side of the world takes about a
/// second, encryption included.
const FIRST: Duration = Duration::from_secs(1);
/// How long one that has answered may be silent. A server and its proxies take this long for a large request now and then.
const SILENCE: Duration = Duration::from_secs(5);

/// What is known of a server, shared by who speaks to it and who waits for that.
#[derive(Debug, Clone, Default)]
pub(super) struct Pulse(Arc<Mutex<Heard>>);

#[derive(Debug, Default)]
struct Heard {
    /// Whether it ever answered.
    answered: bool,
    /// Whether a request is on its way.
    asking: bool,
    /// Since when it owes an answer: the first request that it has not answered, whatever was tried since.
    owing: Option<Instant>,
}

impl Heard {
    fn is_overdue(&self) -> bool {
        let patience = if self.answered { SILENCE } else { FIRST };
        self.owing.is_some_and(|since| since.elapsed() >= patience)
    }
}

impl Pulse {
    /// A request is sent.
    pub(super) fn asks(&self) {
        let mut heard = self.lock();
        heard.asking = true;
        heard.owing.get_or_insert_with(Instant::now);
    }

    /// The server answered, if only that it does not want what was sent.
    pub(super) fn answers(&self) {
        *self.lock() = Heard { answered: true, asking: false, owing: None };
    }

    /// The server took a part of a large request.
    fn takes(&self) {
        self.lock().owing = Some(Instant::now());
    }

    /// A request failed, and will be made again.
    pub(super) fn fails(&self) {
        self.lock().asking = false;
    }

    /// Whether the server answered before it fell silent.
    pub(super) fn is_alive(&self) -> bool {
        let heard = self.lock();
        heard.answered && !heard.is_overdue()
    }

    /// Whether an answer is owed for longer than one is waited for.
    pub(super) fn is_overdue(&self) -> bool {
        self.lock().is_overdue()
    }

    /// Gives a server that was away a last chance, as if it owed nothing yet. One that is being asked has it already.
    pub(super) fn last_chance(&self) {
        let mut heard = self.lock();
        if !heard.asking {
            heard.owing = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The content of a request; each part that the server takes shows that it is there.
#[derive(Debug)]
pub(super) struct Taken<R> {
    pub(super) content: R,
    pub(super) pulse: Pulse,
}

impl<R: Read> Read for Taken<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.pulse.takes();
        self.content.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Pulse {
        /// As if the answer that is owed had been owed for longer.
        fn after(&self, time: Duration) -> &Pulse {
            let mut heard = self.lock();
            heard.owing = heard.owing.and_then(|since| since.checked_sub(time));
            drop(heard);
            self
        }
    }

    #[test]
    fn a_server_that_never_answered_is_waited_for_shorter_than_one_that_did() {
        let pulse = Pulse::default();
        assert!(!pulse.is_alive() && !pulse.is_overdue(), "nothing was asked");
        pulse.asks();
        assert!(!pulse.is_alive() && !pulse.is_overdue());
        assert!(pulse.after(FIRST).is_overdue());
        pulse.answers();
        assert!(pulse.is_alive() && !pulse.is_overdue());
        pulse.asks();
        assert!(pulse.after(FIRST).is_alive());
        assert!(pulse.after(SILENCE).is_overdue() && !pulse.is_alive());
    }

    #[test]
    fn failures_do_not_begin_the_waiting_anew_and_progress_does() {
        let pulse = Pulse::default();
        pulse.answers();
        pulse.asks();
        pulse.after(SILENCE).fails();
        pulse.asks();
        assert!(pulse.is_overdue(), "it owes the answer since the first request");
        let mut taken = Taken { content: io::repeat(7), pulse: pulse.clone() };
        taken.read_exact(&mut [0; 8]).unwrap();
        assert!(!pulse.is_overdue() && pulse.is_alive());
    }

    #[test]
    fn a_last_chance_is_one_of_a_server_that_is_not_being_asked() {
        let pulse = Pulse::default();
        pulse.answers();
        pulse.asks();
        pulse.after(SILENCE).last_chance();
        assert!(pulse.is_overdue(), "it is being asked");
        pulse.fails();
        pulse.last_chance();
        assert!(!pulse.is_overdue() && pulse.is_alive());
    }
}
