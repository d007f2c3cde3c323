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

/// The processes of this machine, which is a Linux, each with the words of its command.
pub fn processes() -> Vec<(u32, Vec<String>)> {
    let numbers =
        std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let words = |process: u32| {
        let command = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        command.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
    };
    numbers.map(|process| (process, words(process))).collect()
}

/// The process that started another one, on a Linux; `None` where there is no such process any more.
pub fn parent(process: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:")?.trim().parse().ok())
}
