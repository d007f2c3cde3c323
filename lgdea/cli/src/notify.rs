//! Tells by the user's command that a run or a sweep has ended.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::group;
use crate::progress::say;

/// How long the command may take, and how often it is looked at.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(50);

/// What has ended, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End<'a> {
    /// Of the experiment or sweep.
    pub(crate) name: &'a str,
    /// `finished`, `failed` or `stopped`.
    pub(crate) status: &'a str,
    /// The run's folder, or the sweep's; empty where the run failed before it had one.
    pub(crate) folder: &'a Path,
    pub(crate) seconds: f64,
    /// In a line.
    pub(crate) message: &'a str,
}

/// Runs `command` in the user's shell, unless it is empty. What goes wrong with it is said, and changes nothing else; the command
/// itself is not shown, for it may hold a secret address.
pub(crate) fn notify(command: &str, end: End<'_>) {
    if command.trim().is_empty() {
        return;
    }
    let wrong = match shell(command, end).spawn() {
        Ok(child) => waited_for(child, PATIENCE),
        Err(error) => Some(format!("cannot be started: {error}")),
    };
    if let Some(wrong) = wrong {
        say(format!("note: the command of `notify.command` {wrong}"));
    }
}

fn shell(command: &str, end: End<'_>) -> Command {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut shell = Command::new(shell);
    shell
        .args([flag, command])
        .env("LGDEA_NAME", end.name)
        .env("LGDEA_STATUS", end.status)
        .env("LGDEA_FOLDER", end.folder)
        .env("LGDEA_SECONDS", format!("{:.0}", end.seconds))
        .env("LGDEA_MESSAGE", end.message)
        .stdin(Stdio::null())
        // Standard output is for the scores.
        .stdout(Stdio::null());
    group::apart(&mut shell);
    shell
}

/// Waits for the command's end; what was wrong with it.
fn waited_for(mut child: Child, patience: Duration) -> Option<String> {
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return None,
            Ok(Some(status)) => return Some(format!("ended with {status}")),
            Ok(None) if began.elapsed() > patience => {
                group::end(&mut child, "-KILL");
                return Some(format!("did not end within {} s and was ended", patience.as_secs()));
            }
            Ok(None) => std::thread::sleep(PAUSE),
            Err(error) => return Some(format!("cannot be waited for: {error}")),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn end() -> End<'static> {
        let message = "it's \"so\"; $HOME";
        End { name: "a run", status: "failed", folder: Path::new("x"), seconds: 3.0, message }
    }

    #[test]
    fn the_command_is_told_what_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let command = format!("echo \"$LGDEA_NAME|$LGDEA_STATUS|$LGDEA_SECONDS|$LGDEA_MESSAGE\" > '{}'", out.display());
        notify(&command, end());
        assert_eq!(std::fs::read_to_string(out).unwrap(), "a run|failed|3|it's \"so\"; $HOME\n");
    }

    #[test]
    fn a_command_that_fails_or_hangs_is_told_of_and_holds_nothing_up() {
        let ended = |command: &str| waited_for(shell(command, end()).spawn().unwrap(), Duration::from_millis(200));
        assert_eq!(ended("true"), None);
        assert!(ended("exit 3").unwrap().contains("exit status: 3"));
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let hangs = format!("(sleep 2; echo alive > '{}') & wait", out.display());
        assert!(ended(&hangs).unwrap().contains("did not end"));
        std::thread::sleep(Duration::from_millis(2500));
        assert!(!out.exists(), "what it started goes on");
    }
}
