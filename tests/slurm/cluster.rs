//! The Slurm of the tests.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use assert_cmd::assert::Assert;
use lgdea_harness::{Said, Service, Workspace};
use serde_json::Value;

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
        Service::Slurm.find().map(|configuration| Cluster { configuration })
    }

    /// One of Slurm's programs; gives what it answered.
    pub(crate) fn call(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program).args(arguments).env("SLURM_CONF", &self.configuration).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// `lgdea sweep --launcher slurm`.
    fn command(&self, place: &Workspace, sweep: &Path, results: &str, flags: &[&str]) -> Command {
        let mut command = place.sweep_command(sweep, results);
        command.env("SLURM_CONF", &self.configuration).args(["--launcher", "slurm"]).args(flags);
        command
    }

    /// Submits a sweep; gives what was submitted.
    pub(crate) fn submit(&self, place: &Workspace, sweep: &Path, results: &str, flags: &[&str]) -> Value {
        self.end(place, sweep, results, flags).success().json()["slurm"].take()
    }

    /// As [`Cluster::command`], run to its end.
    pub(crate) fn end(&self, place: &Workspace, sweep: &Path, results: &str, flags: &[&str]) -> Assert {
        Assert::new(self.command(place, sweep, results, flags).output().unwrap())
    }

    /// Whether a job is no longer in the queue.
    pub(crate) fn has_ended(&self, job: &str) -> bool {
        let states = self.call("squeue", &["--noheader", "--states=all", "--array", "--format=%T", "--jobs", job]);
        states.lines().all(|state| !matches!(state.trim(), "PENDING" | "RUNNING" | "CONFIGURING" | "COMPLETING"))
    }

    /// The elements whose script is of this results folder.
    pub(crate) fn states(&self, place: &Workspace, results: &str) -> States {
        let folder = place.path(results).canonicalize().unwrap();
        let queue = self.call("squeue", &["--noheader", "--array", "--format=%T %o"]);
        let of_folder = |line: &&str| line.starts_with("RUNNING ") && line.contains(&*folder.to_string_lossy());
        States { running: queue.lines().filter(of_folder).filter(|line| line.ends_with("array.sh")).count() }
    }
}

pub(crate) fn wait_until(what: &str, condition: impl FnMut() -> bool) {
    lgdea_harness::wait_until(what, Duration::from_millis(100), condition);
}
