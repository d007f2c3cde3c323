//! Looking into runs through the binary: heat maps, prototypes, and what cannot be looked into.
#![allow(clippy::unwrap_used, missing_docs)]

mod ground;
mod opening;
mod prototypes;

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use assert_cmd::Command;
use serde_json::Value;

/// An experiment of a few seconds that goes through every stage.
const TINY: &str = concat!(include_str!("../fixtures/tiny.toml"), "[eval]\nbootstrap = 0\n");

/// A folder with experiments and their runs.
struct Workspace(tempfile::TempDir);

/// A run and what it said.
struct Run {
    /// Name of its folder.
    name: String,
    outcome: Value,
    said: String,
}

impl Workspace {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A run's folder.
    fn folder(&self, run: &str) -> PathBuf {
        self.path("results/runs").join(run)
    }

    /// Runs the tiny experiment with more lines.
    fn run_tiny(&self, name: &str, more: &[&str]) -> Output {
        let file = self.path(&format!("{name}.toml"));
        std::fs::write(&file, TINY).unwrap();
        self.lgdea(&[&["run", file.to_str().unwrap(), "--json"], more].concat())
    }

    /// As [`Self::run_tiny`]; must succeed.
    fn run(&self, name: &str, more: &[&str]) -> Run {
        let output = self.run_tiny(name, more);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        let out = String::from_utf8(output.stdout).unwrap();
        let outcome: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        let name = Path::new(outcome["dir"].as_str().unwrap()).file_name().unwrap().to_str().unwrap().to_owned();
        Run { name, outcome, said }
    }

    /// Any command, on this folder's results.
    fn lgdea(&self, arguments: &[&str]) -> Output {
        Command::cargo_bin("lgdea")
            .unwrap()
            .env_remove("MLFLOW_TRACKING_URI")
            .env("NO_COLOR", "1")
            .args(arguments)
            .arg("--results")
            .arg(self.path("results"))
            .output()
            .unwrap()
    }

    /// A command that must succeed: its standard output.
    fn output(&self, arguments: &[&str]) -> String {
        let output = self.lgdea(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.output(&[arguments, &["--json"]].concat())).unwrap()
    }

    /// A command that must end with an exit code, without a panic; what it said, in one line.
    fn ended(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.lgdea(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(!said.contains("panicked"), "{said}");
        // A message is wrapped and indented for the terminal.
        let words = said.split(|c: char| c.is_whitespace() || "│×".contains(c)).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" ")
    }

    /// A copy of a run, to be changed.
    fn copy(&self, run: &str, name: &str) {
        let (from, to) = (self.folder(run), self.folder(name));
        for file in files(&from) {
            let target = to.join(file.strip_prefix(&from).unwrap());
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::copy(&file, target).unwrap();
        }
    }
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    files.sort();
    files
}

/// The method's run that all tests look into.
fn finished() -> (&'static Workspace, &'static Run) {
    static RUN: OnceLock<(Workspace, Run)> = OnceLock::new();
    let (place, run) = RUN.get_or_init(|| {
        let place = Workspace::new();
        let run = place.run("tiny", &[]);
        (place, run)
    });
    (place, run)
}

/// A baseline's run, which has no evidence space.
fn baseline() -> (&'static Workspace, &'static Run) {
    static RUN: OnceLock<(Workspace, Run)> = OnceLock::new();
    let (place, run) = RUN.get_or_init(|| {
        let place = Workspace::new();
        let off = ["text-evidence", "reconstruction", "evidence-paired", "evidence-unpaired", "evidence-alignment"];
        let flags: Vec<String> = off.iter().map(|term| format!("--set=loss.{term}.weight=0")).collect();
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let run = place.run("clip", &flags);
        (place, run)
    });
    (place, run)
}
