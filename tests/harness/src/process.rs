//! Other processes: waiting for what they do, and sending them signals.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Ends a test whose condition never comes true; says nothing of how fast it should.
const LIMIT: Duration = Duration::from_mins(10);

/// Waits until `condition` holds, and looks after each `pause`.
pub fn wait_until(what: &str, pause: Duration, mut condition: impl FnMut() -> bool) {
    let since = Instant::now();
    while !condition() {
        assert!(since.elapsed() < LIMIT, "in vain: {what}");
        std::thread::sleep(pause);
    }
}

/// Sends a signal, such as `-KILL`, to a process, which may have ended meanwhile.
pub fn signal(process: u32, signal: &str) {
    let _ = Command::new("kill").args([signal, &process.to_string()]).stderr(Stdio::null()).status();
}
