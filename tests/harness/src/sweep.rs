//! Sweeps of the tiny trial, and what lies in their folder afterwards.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use assert_cmd::assert::Assert;
use serde_json::Value;

use crate::{Run, Said, Workspace, tiny};

impl Workspace {
    /// A folder with the tiny trial in `tiny.toml`.
    pub fn of_sweeps() -> Self {
        Self::new().with("tiny.toml", tiny::TRIAL)
    }

    /// Writes `sweep.toml`, which varies the tiny trial; its path.
    pub fn sweep(&self, text: &str) -> PathBuf {
        self.write("sweep.toml", format!("experiment = 'tiny.toml'\n{text}"))
    }

    /// A sweep that says in JSON what it came to.
    pub fn sweep_command(&self, sweep: &Path, results: &str) -> Command {
        let mut command = self.std_command();
        command.arg("sweep").arg(sweep).args(["--json", "--results", results]);
        command
    }

    /// Starts a sweep.
    pub fn start(&self, sweep: &Path, results: &str, flags: &[&str]) -> Child {
        let mut command = self.sweep_command(sweep, results);
        command.args(flags).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Starts a sweep whose words nobody reads.
    pub fn start_unheard(&self, sweep: &Path, results: &str) -> Child {
        let mut command = self.std_command();
        command.arg("sweep").arg(sweep).args(["--workers", "2", "--results", results]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Runs a sweep to its end.
    pub fn end(&self, sweep: &Path, results: &str, flags: &[&str]) -> Assert {
        ended(self.start(sweep, results, flags))
    }

    /// Runs a sweep that must succeed; what it told.
    pub fn finish(&self, sweep: &Path, results: &str, flags: &[&str]) -> String {
        self.end(sweep, results, flags).success().told()
    }

    /// What `lgdea sweep --status` says of `sweep.toml`.
    pub fn status(&self, results: &str) -> Value {
        self.lgdea(&["sweep", "sweep.toml", "--results", results, "--status", "--json"]).assert().success().json()
    }

    /// The trials of `sweep.toml`, as `trials.jsonl` lists them.
    pub fn trials(&self, results: &str) -> Vec<Value> {
        self.trials_of(results, "sweep")
    }

    /// The trials of a sweep.
    pub fn trials_of(&self, results: &str, sweep: &str) -> Vec<Value> {
        let text = self.read(&format!("{results}/sweeps/{sweep}/trials.jsonl"));
        text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The run of a trial.
    pub fn run_of(&self, results: &str, trial: &Value) -> Run {
        Run::at(self.path(results).join("runs").join(trial["dir"].as_str().unwrap()))
    }
}

/// Waits for the end of a command whose words are read.
pub fn ended(child: Child) -> Assert {
    Assert::new(child.wait_with_output().unwrap())
}
