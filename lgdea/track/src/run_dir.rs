//! The folder of a run and the files in it.

use std::fs::{File, TryLockError};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, Instant};

use crate::{Error, Result};

/// Longest part of a folder's name that is taken from the experiment's name, in characters.
const NAME_LENGTH: usize = 80;
/// Length of the key at the end of that name.
const KEY_LENGTH: usize = 12;
/// How long a held lock is asked for again, and how often.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// The folder of a run, `results/runs/<name>-<key>`.
///
/// ```text
/// journal.jsonl     what happened, one event per line: the truth
/// experiment.toml   the resolved experiment
/// pairing.json      which studies were pairs, as ids
/// tokenizer.json    the word pieces
/// artifacts/        figures and tables, for people
/// checkpoints/      model, optimizer, random streams
/// mlflow.json       how far the journal has been sent
/// trial.log         what the run said, where a sweep started it
/// journal.torn      what was left of a line that could not be written whole
/// .*.lock           who writes the journal, and who sends it
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir(PathBuf);

impl RunDir {
    /// The folder of run `key` under the results folder. Characters of `name` that file systems do not share become `-`.
    pub fn new(results: &Path, name: &str, key: &str) -> RunDir {
        let portable = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        let name: String = name.chars().map(|c| if portable(c) { c } else { '-' }).take(NAME_LENGTH).collect();
        let name = name.trim_start_matches('.');
        RunDir(results.join("runs").join(format!("{name}-{key}")))
    }

    /// A folder that is known to be a run's.
    pub fn at(path: impl Into<PathBuf>) -> RunDir {
        RunDir(path.into())
    }

    /// The runs of a folder of runs, `results/runs`, by name: what has a journal.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub fn list(runs: &Path) -> std::io::Result<Vec<RunDir>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(runs)? {
            found.push(RunDir(entry?.path()));
        }
        found.retain(|run| run.journal().is_file());
        found.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(found)
    }

    /// The run that is meant by its folder, or in a results folder by its name or the key at the end of its name. A name alone is that
    /// of a run in the results folder, if there is one; see [`is_path`].
    pub fn find(wanted: &Path, results: &Path) -> Option<RunDir> {
        let at = |path: PathBuf| Some(RunDir(path)).filter(|run| run.journal().is_file());
        let folder = || at(wanted.to_owned());
        let with_key = || RunDir::with_key(wanted.to_str()?, results).try_into().ok().map(|[run]: [RunDir; 1]| run);
        let named = || at(results.join("runs").join(wanted)).or_else(with_key);
        if is_path(wanted) { folder().or_else(named) } else { named().or_else(folder) }
    }

    /// The runs of a results folder whose names end with a key: one, or several where it was run under several names.
    pub fn with_key(key: &str, results: &Path) -> Vec<RunDir> {
        if key.len() < KEY_LENGTH {
            return Vec::new();
        }
        let mut found = RunDir::list(&results.join("runs")).unwrap_or_default();
        found.retain(|run| run.name().ends_with(&format!("-{key}")));
        found
    }

    /// Whether a process writes its journal right now.
    pub fn is_written(&self) -> bool {
        let lock = File::open(self.0.join(".journal.lock"));
        lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Name of the folder, or its path where that has no name.
    pub fn name(&self) -> String {
        self.0.file_name().map_or_else(|| self.0.display().to_string(), |name| name.to_string_lossy().into_owned())
    }

    /// `journal.jsonl`.
    pub fn journal(&self) -> PathBuf {
        self.0.join("journal.jsonl")
    }

    /// `experiment.toml`.
    pub fn experiment(&self) -> PathBuf {
        self.0.join("experiment.toml")
    }

    /// `pairing.json`.
    pub fn pairing(&self) -> PathBuf {
        self.0.join("pairing.json")
    }

    /// `tokenizer.json`.
    pub fn tokenizer(&self) -> PathBuf {
        self.0.join("tokenizer.json")
    }

    /// `artifacts/`.
    pub fn artifacts(&self) -> PathBuf {
        self.0.join("artifacts")
    }

    /// `checkpoints/`.
    pub fn checkpoints(&self) -> PathBuf {
        self.0.join("checkpoints")
    }

    /// `mlflow.json`: which MLflow run shows this one, and how far the journal has been sent.
    pub(crate) fn mlflow(&self) -> PathBuf {
        self.0.join("mlflow.json")
    }

    /// The results folder that the run lies in, `results` of `results/runs/<name>-<key>`.
    pub(crate) fn results(&self) -> Option<&Path> {
        self.0.parent()?.parent()
    }

    /// Makes the folder with its `artifacts` and `checkpoints`.
    pub fn create(&self) -> Result<()> {
        for path in [self.artifacts(), self.checkpoints()] {
            std::fs::create_dir_all(&path).map_err(Error::io("create", &path))?;
        }
        Ok(())
    }

    /// Takes a lock of the run, which lasts as long as the returned file is open and ends with the process.
    pub(crate) fn lock(&self, what: &str) -> Result<File> {
        lock(self.0.join(format!(".{what}.lock")))
    }
}

/// Whether what the user typed is a path, such as `.`, `./a`, `a/b` or `a/`, and not the name alone of something in the results folder.
pub fn is_path(wanted: &Path) -> bool {
    let is_name = |part| matches!(part, Component::Normal(_));
    wanted.to_string_lossy().contains(std::path::is_separator) || !wanted.components().all(is_name)
}

/// Takes a lock, which lasts as long as the returned file is open and ends with the process.
///
/// A lock that is held is asked for again for a moment: a child process that was started elsewhere in this program
/// holds all our files between its fork and its exec. A file system without locks is taken as it is: refusing to run
/// there would help nobody.
pub(crate) fn lock(path: PathBuf) -> Result<File> {
    let file = File::create(&path).map_err(Error::io("create", &path))?;
    let patience = Instant::now() + LOCK_PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < patience => std::thread::sleep(LOCK_PAUSE),
            Err(TryLockError::WouldBlock) => return Err(Error::Busy { path }),
            Err(TryLockError::Error(error)) => {
                tracing::warn!(%error, "no lock on {}: take care that only one process uses it", path.display());
                return Ok(file);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_found_by_its_folder_its_name_and_its_key() {
        let results = tempfile::tempdir().unwrap();
        let run = RunDir::new(results.path(), "a", "0123456789ab");
        run.create().unwrap();
        let find = |wanted: &str| RunDir::find(Path::new(wanted), results.path());
        assert_eq!(find("a-0123456789ab"), None, "a folder without a journal is no run");
        std::fs::write(run.journal(), "").unwrap();
        for wanted in ["a-0123456789ab", "0123456789ab", run.path().to_str().unwrap()] {
            assert_eq!(find(wanted).map(|run| run.name()), Some("a-0123456789ab".to_owned()), "{wanted}");
        }
        assert_eq!(find("789ab"), None, "a part of a key is none");
        let other = RunDir::new(results.path(), "b", "0123456789ab");
        other.create().unwrap();
        std::fs::write(other.journal(), "").unwrap();
        assert_eq!(find("0123456789ab"), None, "a key of two runs means neither");
        assert_eq!(RunDir::with_key("0123456789ab", results.path()), [run, other]);
        assert_eq!(RunDir::with_key("", results.path()), []);
    }

    #[test]
    fn a_name_is_that_of_a_run_in_the_results_before_that_of_a_folder() {
        let place = tempfile::tempdir_in(".").unwrap();
        let here = place.path().file_name().map(Path::new).unwrap();
        let results = tempfile::tempdir().unwrap();
        let with_journal = |folder: &Path| {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(folder.join("journal.jsonl"), "").unwrap();
        };
        let find = |wanted: &Path| RunDir::find(wanted, results.path()).map(|run| run.path().to_owned());
        with_journal(here);
        assert_eq!(find(here), Some(here.to_owned()), "no run has this name");
        let inside = results.path().join("runs").join(here);
        with_journal(&inside);
        assert_eq!(find(here), Some(inside));
        for path in [Path::new(".").join(here), here.join("")] {
            assert_eq!(find(&path), Some(path.clone()), "{path:?}");
        }
    }

    #[test]
    fn who_writes_a_journal_is_seen() {
        let results = tempfile::tempdir().unwrap();
        let run = RunDir::new(results.path(), "a", "0123456789ab");
        assert!(!run.is_written());
        let journal = crate::Journal::open(&run).unwrap();
        assert!(run.is_written());
        drop(journal);
        assert!(!run.is_written());
    }

    #[test]
    fn a_name_cannot_leave_the_results() {
        let run = RunDir::new(Path::new("results"), "../../etc/low pair", "abc");
        assert_eq!(run.path(), Path::new("results/runs/-..-etc-low-pair-abc"));
        let long = RunDir::new(Path::new("r"), &"é".repeat(300), "abc");
        assert_eq!(long.path(), Path::new("r/runs").join(format!("{}-abc", "é".repeat(80))));
    }
}
