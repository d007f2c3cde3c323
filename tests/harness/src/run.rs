//! A run's folder and what its journal says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A run's folder.
#[derive(Debug, Clone)]
pub struct Run(PathBuf);

impl Run {
    /// The run in this folder.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// The run that said this at its end.
    pub fn of(outcome: &Value) -> Self {
        Self::at(outcome["dir"].as_str().unwrap())
    }

    /// Path of a file in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Name of its folder, which commands take.
    pub fn name(&self) -> &str {
        self.0.file_name().unwrap().to_str().unwrap()
    }

    /// All its files, in the order of their paths.
    pub fn files(&self) -> Vec<PathBuf> {
        files(&self.0)
    }

    /// A copy of it beside it, to be changed.
    pub fn copy(&self, name: &str) -> Run {
        let run = Run(self.0.with_file_name(name));
        copy(&self.0, &run.0);
        run
    }

    /// Its journal so far; empty where there is none yet.
    pub fn journal(&self) -> String {
        std::fs::read_to_string(self.path("journal.jsonl")).unwrap_or_default()
    }

    /// Events of a kind. Every line of the journal must be an event; the last one may just be being written.
    pub fn events(&self, kind: &str) -> Vec<Value> {
        let journal = self.journal();
        let whole = journal.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let events = whole.map(|line| serde_json::from_str::<Value>(line).unwrap());
        events.filter(|event| event["event"] == kind).collect()
    }

    /// Number of attempts.
    pub fn attempts(&self) -> usize {
        self.events("started").len()
    }

    /// Whether there were several attempts, of which each went on from the last checkpoint.
    pub fn went_on(&self) -> bool {
        let steps: Vec<u64> = self.events("checkpoint").iter().map(|event| event["step"].as_u64().unwrap()).collect();
        self.attempts() > 1 && steps.is_sorted_by(|before, after| before < after)
    }

    /// How the attempts ended that ended.
    pub fn endings(&self) -> Vec<String> {
        self.events("ended").iter().map(|event| event["status"].as_str().unwrap().to_owned()).collect()
    }

    /// Whether an attempt finished.
    pub fn is_finished(&self) -> bool {
        self.endings().iter().any(|ending| ending == "finished")
    }

    /// The last values of the evaluation's metrics.
    pub fn metrics(&self) -> BTreeMap<String, Value> {
        let metrics = self.events("metrics").into_iter().flat_map(|event| event["values"].as_object().unwrap().clone());
        let metrics: BTreeMap<String, Value> =
            metrics.filter(|(name, _)| name.starts_with("test/") || name.starts_with("validation/")).collect();
        assert!(metrics.contains_key("test/zero_shot/auroc_macro"), "{metrics:?}");
        metrics
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

/// Copies a folder into one that may be there.
pub(crate) fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(&file, target).unwrap();
    }
}
