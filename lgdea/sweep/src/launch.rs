//! How a trial's process is started: `lgdea run` on this machine.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

use lgdea_track::RunDir;

/// Most bytes and lines that are told of what a trial said last.
const TAIL: u64 = 8192;
const TAIL_LINES: usize = 12;

/// Starts trials on this machine.
#[derive(Debug, Clone)]
pub struct Local {
    /// The program, lgdea itself.
    pub program: PathBuf,
    /// Folder that results are written to.
    pub results: PathBuf,
    /// Where tensors live, whatever the experiments say.
    pub device: String,
    /// CPU threads of each trial.
    pub threads: usize,
}

/// A place for one trial at a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slot {
    /// The GPU that the trial sees, as `CUDA_VISIBLE_DEVICES` names it; none without a GPU.
    pub gpu: Option<String>,
}

/// The process of a trial.
///
/// It holds one end of a pipe whose other end is the trial's standard input: when this process ends, however it ends, the trial
/// reads the pipe's end, writes a checkpoint and stops.
#[derive(Debug)]
pub struct Process {
    child: Child,
    pipe: Option<ChildStdin>,
    log: PathBuf,
    /// Length of the log when the process started.
    log_start: u64,
}

impl Local {
    /// Starts the trial whose experiment is `file` and whose run has this key and folder. What it says goes to `trial.log` in
    /// that folder.
    pub fn start(&self, file: &Path, key: &str, run: &RunDir, slot: &Slot) -> io::Result<Process> {
        std::fs::create_dir_all(run.path())?;
        let log = run.path().join("trial.log");
        let mut output = OpenOptions::new().append(true).create(true).open(&log)?;
        let log_start = output.seek(SeekFrom::End(0))?;
        let mut command = Command::new(&self.program);
        command.arg("run").arg(file).arg("--results").arg(&self.results).args(["--trial", key]);
        command.args(["--device", &self.device]);
        if let Some(gpu) = &slot.gpu {
            command.env("CUDA_VISIBLE_DEVICES", gpu);
        }
        for library in ["OMP_NUM_THREADS", "RAYON_NUM_THREADS"] {
            command.env(library, self.threads.to_string());
        }
        // libtorch's threads wait for each other in loops that take the processor from the trials beside them.
        if std::env::var_os("OMP_WAIT_POLICY").is_none() {
            command.env("OMP_WAIT_POLICY", "passive");
        }
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            // Ctrl-C on the terminal is for the sweep, which tells its trials.
            command.process_group(0).arg0("lgdea");
        }
        command.stdin(Stdio::piped()).stdout(output.try_clone()?).stderr(output);
        let mut child = command.spawn()?;
        Ok(Process { pipe: child.stdin.take(), child, log, log_start })
    }
}

impl Process {
    /// How it ended; `None` while it runs.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Asks it to write a checkpoint and stop.
    pub fn stop(&mut self) {
        self.pipe = None;
    }

    /// Asks it to stop for good, because others promise more.
    pub fn prune(&mut self, reason: &str) {
        if let Some(mut pipe) = self.pipe.take() {
            // A trial that has ended meanwhile does not hear it.
            let _ = writeln!(pipe, "{}", reason.replace('\n', " "));
        }
    }

    /// Ends it now.
    pub fn kill(&mut self) {
        // It may have ended meanwhile.
        let _ = self.child.kill();
    }

    /// What it said last.
    pub fn last_words(&self) -> String {
        last_lines(&self.log, self.log_start).unwrap_or_default()
    }
}

fn last_lines(log: &Path, start: u64) -> io::Result<String> {
    let mut file = File::open(log)?;
    let end = file.metadata()?.len();
    file.seek(SeekFrom::Start(start.max(end.saturating_sub(TAIL))))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    // Where a program panicked says less than why.
    let told = text.split("\nstack backtrace:").next().unwrap_or_default();
    let lines: Vec<&str> = told.lines().filter(|line| !line.trim().is_empty()).collect();
    Ok(lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that says what it was started with, reads its standard input to the end and says so.
    fn local(folder: &Path) -> Local {
        let program = folder.join("trial.sh");
        let script =
            "#!/bin/sh\necho \"$@ on $CUDA_VISIBLE_DEVICES with $OMP_NUM_THREADS\"\ncat\necho over >&2\nexit 3\n";
        std::fs::write(&program, script).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        Local { program, results: folder.join("results"), device: "flex".to_owned(), threads: 2 }
    }

    fn wait(mut process: Process) -> (Option<i32>, String) {
        loop {
            if let Some(status) = process.ended().unwrap() {
                return (status.code(), process.last_words());
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_trial_is_told_its_place_and_when_to_stop() {
        let folder = tempfile::tempdir().unwrap();
        let local = local(folder.path());
        let run = RunDir::new(&local.results, "a", "k");
        let start = |gpu: &str| {
            let slot = Slot { gpu: Some(gpu.to_owned()) };
            loop {
                match local.start(Path::new("t.toml"), "k", &run, &slot) {
                    // Another test's child, just forked, may still hold the script that was written.
                    Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => {}
                    process => break process.unwrap(),
                }
            }
        };
        let mut stopped = start("1");
        assert_eq!(stopped.ended().unwrap(), None, "it waits for its standard input");
        stopped.stop();
        let (code, said) = wait(stopped);
        let results = local.results.display();
        assert_eq!(said, format!("run t.toml --results {results} --trial k --device flex on 1 with 2\nover"));
        assert_eq!(code, Some(3));

        let mut pruned = start("0");
        pruned.prune("others\nare better");
        let (_, said) = wait(pruned);
        assert!(said.contains("on 0") && said.contains("\nothers are better\nover"), "{said}");
        assert!(!said.contains("on 1"), "the words of the attempt before: {said}");

        let mut killed = start("0");
        killed.kill();
        assert_eq!(wait(killed).0, None);
    }

    #[test]
    fn of_a_long_log_the_end_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        std::fs::write(&log, format!("{}\n\nlast", "x\n".repeat(10_000))).unwrap();
        let lines = last_lines(&log, 0).unwrap();
        assert_eq!(lines.lines().count(), TAIL_LINES);
        assert!(lines.ends_with("x\nlast"));
        std::fs::write(&log, "first\npanicked: why\nstack backtrace:\n 0: main\n").unwrap();
        assert_eq!(last_lines(&log, 0).unwrap(), "first\npanicked: why");
    }
}
