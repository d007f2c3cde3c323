//! A folder for a sweep, and what lies in it afterwards.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// The smallest experiment that goes through every stage.
const TINY: &str = concat!(
    include_str!("../fixtures/tiny.toml"),
    "warmup = 1\ncheckpoint-every = 3\n",
    "[encoder.text.transformer]\nwidth = 16\nlayers = 1\nheads = 2\n[eval]\nbootstrap = 0\n"
);

pub(crate) struct Place {
    folder: tempfile::TempDir,
}

/// A run's folder.
pub(crate) struct Run(PathBuf);

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        place.write("tiny.toml", TINY);
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// Writes `sweep.toml`, which varies the tiny experiment.
    pub(crate) fn sweep(&self, text: &str) -> PathBuf {
        self.write("sweep.toml", &format!("experiment = 'tiny.toml'\n{text}"))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("lgdea"));
        command.env_remove("MLFLOW_TRACKING_URI").current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    pub(crate) fn lgdea(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    /// A sweep that says in JSON what it came to.
    pub(crate) fn sweep_command(&self, sweep: &Path, results: &str) -> Command {
        let mut command = self.command();
        command.arg("sweep").arg(sweep).args(["--json", "--results", results]);
        command
    }

    /// Starts a sweep.
    pub(crate) fn start(&self, sweep: &Path, results: &str, flags: &[&str]) -> Child {
        let mut command = self.sweep_command(sweep, results);
        command.args(flags).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Starts a sweep whose words nobody reads.
    pub(crate) fn start_unheard(&self, sweep: &Path, results: &str) -> Child {
        let mut command = self.command();
        command.arg("sweep").arg(sweep).args(["--workers", "2", "--results", results]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Runs a sweep that must succeed; gives what it said.
    pub(crate) fn finish(&self, sweep: &Path, results: &str, flags: &[&str]) -> String {
        let output = self.start(sweep, results, flags).wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        said
    }

    /// The trials of `sweep.toml`, as `trials.jsonl` lists them.
    pub(crate) fn trials(&self, results: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path(results).join("sweeps/sweep/trials.jsonl")).unwrap();
        text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Names of the folders of runs.
    pub(crate) fn folders(&self, results: &str) -> Vec<String> {
        let Ok(runs) = std::fs::read_dir(self.path(results).join("runs")) else { return Vec::new() };
        runs.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    pub(crate) fn run_of(&self, results: &str, trial: &Value) -> Run {
        Run(self.path(results).join("runs").join(trial["dir"].as_str().unwrap()))
    }

    /// The run of a key.
    pub(crate) fn run(&self, results: &str, key: &str) -> Run {
        let named = self.folders(results).into_iter().find(|name| name.ends_with(key)).unwrap();
        Run(self.path(results).join("runs").join(named))
    }
}

impl Run {
    pub(crate) fn journal(&self) -> String {
        std::fs::read_to_string(self.0.join("journal.jsonl")).unwrap_or_default()
    }

    /// Events of a kind. Every line of the journal must be an event.
    pub(crate) fn events(&self, kind: &str) -> Vec<Value> {
        let journal = self.journal();
        let events = journal.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        events.filter(|event| event["event"] == kind).collect()
    }

    pub(crate) fn attempts(&self) -> usize {
        self.events("started").len()
    }

    /// Whether there were several attempts, of which each went on from the last checkpoint.
    pub(crate) fn went_on(&self) -> bool {
        let steps: Vec<u64> = self.events("checkpoint").iter().map(|event| event["step"].as_u64().unwrap()).collect();
        self.attempts() > 1 && steps.is_sorted_by(|before, after| before < after)
    }

    /// How the attempts ended that ended.
    pub(crate) fn endings(&self) -> Vec<String> {
        self.events("ended").iter().map(|event| event["status"].as_str().unwrap().to_owned()).collect()
    }

    /// The last values of the evaluation's metrics.
    pub(crate) fn metrics(&self) -> BTreeMap<String, Value> {
        let metrics = self.events("metrics").into_iter().flat_map(|event| event["values"].as_object().unwrap().clone());
        let metrics: BTreeMap<String, Value> =
            metrics.filter(|(name, _)| name.starts_with("test/") || name.starts_with("validation/")).collect();
        assert!(metrics.contains_key("test/zero_shot/auroc_macro"), "{metrics:?}");
        metrics
    }
}
