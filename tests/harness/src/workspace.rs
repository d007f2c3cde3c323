//! A folder in which a test works, with the binary at hand.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use serde_json::Value;

use crate::binary::std_command;
use crate::{Run, Said, signal, wait_until};

/// A small radiograph, as a PNG file.
pub const PNG: &[u8] = include_bytes!("../../../lgdea/data/src/source/manifest/example/images/heart.png");

/// A folder of a test's own, removed with this.
#[derive(Debug)]
pub struct Workspace(tempfile::TempDir);

impl Workspace {
    /// An empty folder.
    #[allow(clippy::new_without_default, reason = "a folder is no value")]
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With a file, as [`Workspace::write`] writes it.
    pub fn with(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.write(name, content);
        self
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    /// Path of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Path of a file in it, as an argument of a command.
    pub fn at(&self, name: &str) -> String {
        self.path(name).into_os_string().into_string().unwrap()
    }

    /// Writes a file, and the folders that lead to it; its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Writes a small grey picture, another one for each number; its path.
    #[cfg(feature = "results")]
    pub fn picture(&self, name: &str, number: u32) -> PathBuf {
        let path = self.write(name, "");
        let grey = |x: u32, y: u32| image::Luma([((x * 3 + y * number) % 251) as u8]);
        image::GrayImage::from_fn(40, 48, grey).save(&path).unwrap();
        path
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The binary, to be started in this folder.
    pub fn std_command(&self) -> std::process::Command {
        let mut command = std_command();
        command.current_dir(self.folder());
        command
    }

    /// The binary, to be run to its end in this folder.
    pub fn lgdea(&self, arguments: &[&str]) -> Command {
        let mut command = Command::from_std(self.std_command());
        command.args(arguments);
        command
    }

    /// Standard output of a command that must succeed.
    pub fn output(&self, arguments: &[&str]) -> String {
        self.lgdea(arguments).assert().success().printed()
    }

    /// What a command that must succeed says with `--json`.
    pub fn json(&self, arguments: &[&str]) -> Value {
        self.lgdea(arguments).arg("--json").assert().success().json()
    }

    /// What a command tells that must end with an exit code, in one line.
    pub fn ended(&self, code: i32, arguments: &[&str]) -> String {
        self.lgdea(arguments).assert().code(code).told_in_a_line()
    }

    /// `lgdea run --json` of an experiment into a results folder.
    pub fn run(&self, file: &Path, results: &str, more: &[&str]) -> Assert {
        self.lgdea(&["run", "--json", "--results", &self.at(results)]).arg(file).args(more).assert()
    }

    /// As [`Workspace::run`]; must succeed. What came of it.
    pub fn outcome(&self, file: &Path, results: &str, more: &[&str]) -> Value {
        self.run(file, results, more).success().outcome()
    }

    /// Starts a run, sends it a signal once its journal holds `moment`, and waits for its end; the run.
    pub fn signal_at(&self, moment: &str, name: &str, file: &Path, results: &str) -> Run {
        let mut command = self.std_command();
        command.arg("run").arg(file).args(["--results", results]);
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        self.wait_for(moment, results, &mut child);
        signal(child.id(), name);
        child.wait().unwrap();
        self.runs(results).remove(0)
    }

    /// Waits until the journal of the only run of a results folder, which `child` writes, holds `moment`.
    pub fn wait_for(&self, moment: &str, results: &str, child: &mut Child) {
        wait_until(moment, Duration::from_millis(2), || {
            assert!(child.try_wait().unwrap().is_none(), "the run ended without {moment}");
            self.runs(results).first().is_some_and(|run| run.journal().contains(moment))
        });
    }

    /// The runs of a results folder, in the order of their names.
    pub fn runs(&self, results: &str) -> Vec<Run> {
        let Ok(runs) = std::fs::read_dir(self.path(results).join("runs")) else { return Vec::new() };
        let mut runs: Vec<PathBuf> = runs.map(|entry| entry.unwrap().path()).collect();
        runs.sort();
        runs.into_iter().map(Run::at).collect()
    }

    /// The run of a results folder whose folder's name ends so, as all end in their key.
    pub fn run_of_key(&self, results: &str, key: &str) -> Run {
        self.runs(results).into_iter().find(|run| run.name().ends_with(key)).unwrap()
    }
}
