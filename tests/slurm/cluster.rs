//! The Slurm of the tests.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::place::Place;

/// Ends a test whose condition never comes true; says nothing of how fast it should.
const LIMIT: Duration = Duration::from_mins(10);

pub(crate) struct Cluster {
    configuration: String,
}

/// Elements of a sweep's array jobs.
pub(crate) struct States {
    pub(crate) running: usize,
}

impl Cluster {
    /// None, said so, where there is no Slurm.
    pub(crate) fn new() -> Option<Cluster> {
        let configuration = std::env::var("LGDEA_TEST_SLURM").ok();
        if configuration.is_none() {
            println!("skipped: LGDEA_TEST_SLURM is not set");
        }
        configuration.map(|configuration| Cluster { configuration })
    }

    /// One of Slurm's programs; gives what it answered.
    pub(crate) fn call(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program).args(arguments).env("SLURM_CONF", &self.configuration).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// `lgdea sweep --launcher slurm`.
    pub(crate) fn command(&self, place: &Place, sweep: &Path, results: &str, flags: &[&str]) -> Command {
        let mut command = place.sweep_command(sweep, results);
        command.env("SLURM_CONF", &self.configuration).args(["--launcher", "slurm"]).args(flags);
        command
    }

    /// Submits a sweep; gives what was submitted.
    pub(crate) fn submit(&self, place: &Place, sweep: &Path, results: &str, flags: &[&str]) -> Value {
        let output = self.command(place, sweep, results, flags).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        answer["slurm"].clone()
    }

    /// Whether a job is no longer in the queue.
    pub(crate) fn has_ended(&self, job: &str) -> bool {
        let states = self.call("squeue", &["--noheader", "--states=all", "--array", "--format=%T", "--jobs", job]);
        states.lines().all(|state| !matches!(state.trim(), "PENDING" | "RUNNING" | "CONFIGURING" | "COMPLETING"))
    }

    /// The elements whose script is of this results folder.
    pub(crate) fn states(&self, place: &Place, results: &str) -> States {
        let folder = place.path(results).canonicalize().unwrap();
        let queue = self.call("squeue", &["--noheader", "--array", "--format=%T %o"]);
        let of_folder = |line: &&str| line.starts_with("RUNNING ") && line.contains(&*folder.to_string_lossy());
        States { running: queue.lines().filter(of_folder).filter(|line| line.ends_with("array.sh")).count() }
    }
}

pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let since = Instant::now();
    while !condition() {
        assert!(since.elapsed() < LIMIT, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
