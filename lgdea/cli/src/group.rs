//! Programs that are ended together with what they start.

use std::process::{Child, Command, Stdio};

/// Gives a program a process group of its own: Ctrl-C is then for us alone, who end it with all that it started.
pub(crate) fn apart(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Ends a program that was started [`apart`] with what it started, by this signal. Nothing is left to be done where that fails.
pub(crate) fn end(child: &mut Child, signal: &str) {
    if cfg!(unix) {
        let group = format!("-{}", child.id());
        let _ = Command::new("kill").args([signal, "--", &group]).stderr(Stdio::null()).status();
    } else {
        let _ = child.kill();
    }
    let _ = child.wait();
}
