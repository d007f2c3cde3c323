//! The runs of a results folder, by key.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use lgdea_track::{History, RunDir, Status};

/// Hexadecimal digits of a run's key.
const KEY_LENGTH: usize = 12;

/// Where the run of each key lies.
///
/// A key may have been run under the name of another sweep or experiment: its result is the same, so its folder is taken.
#[derive(Debug)]
pub(crate) struct Runs {
    results: PathBuf,
    folders: HashMap<String, RunDir>,
}

/// What came of a run so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It has not begun.
    Waiting,
    /// It has begun and not ended: it goes on right now, or was cut off.
    Begun,
    /// It did all that it was asked to.
    Finished,
    /// It was ended because others promise more.
    Pruned,
    /// It was told to stop, and goes on from its checkpoint.
    Stopped,
    /// It met an error.
    Failed(String),
}

impl State {
    /// What a journal that was read comes to.
    pub fn of(history: &History) -> State {
        match history.status {
            None => State::Begun,
            Some(Status::Finished) => State::Finished,
            Some(Status::Pruned) => State::Pruned,
            Some(Status::Killed) => State::Stopped,
            Some(Status::Failed) => State::Failed(history.error.clone().unwrap_or_default()),
        }
    }
}

impl Runs {
    /// Looks up the folders below a results folder.
    pub(crate) fn read(results: &Path) -> std::io::Result<Runs> {
        let mut runs = Runs { results: results.to_owned(), folders: HashMap::new() };
        let folder = results.join("runs");
        if !folder.exists() {
            return Ok(runs);
        }
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            let Some(key) = path.file_name().and_then(|name| key_of(name.to_str()?)) else { continue };
            let run = RunDir::at(&path);
            // Of several folders the one that is finished counts.
            let rank = |run: &RunDir| (state(run).0 == State::Finished, run.journal().exists());
            let key = key.to_owned();
            if runs.folders.get(&key).is_none_or(|other| (rank(&run), &path) > (rank(other), &other.path().to_owned()))
            {
                runs.folders.insert(key, run);
            }
        }
        Ok(runs)
    }

    /// The folder of a key's run, which is called `name` where there is none yet.
    pub(crate) fn folder(&self, key: &str, name: &str) -> RunDir {
        self.folders.get(key).cloned().unwrap_or_else(|| RunDir::new(&self.results, name, key))
    }
}

/// The key at the end of a folder's name.
pub(crate) fn key_of(name: &str) -> Option<&str> {
    let (_, key) = name.rsplit_once('-')?;
    (key.len() == KEY_LENGTH && key.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(key)
}

/// What a run's journal says. A journal that cannot be read is a failure: nothing can go on from it.
pub fn state(run: &RunDir) -> (State, History) {
    let history = match History::read(run) {
        Ok(Some(history)) => history,
        Ok(None) => return (State::Waiting, History::default()),
        Err(error) => return (State::Failed(error.to_string()), History::default()),
    };
    (State::of(&history), history)
}

#[cfg(test)]
mod tests {
    use lgdea_track::{Event, Journal, Lineage};

    use super::*;

    fn write(run: &RunDir, end: Option<Status>) {
        let journal = Journal::open(run).unwrap();
        let lineage = Box::new(Lineage::default());
        let (run_key, name) = ("0123456789ab".to_owned(), "a".to_owned());
        journal.write(Event::Started { run_key, name, attempt: 1, lineage }).unwrap();
        if let Some(status) = end {
            journal.write(Event::Ended { status, error: Some("why".to_owned()), seconds: 1.0 }).unwrap();
        }
    }

    #[test]
    fn a_run_is_found_by_its_key_whatever_its_name() {
        let results = tempfile::tempdir().unwrap();
        let named = |name| RunDir::new(results.path(), name, "0123456789ab");
        assert_eq!(Runs::read(results.path()).unwrap().folder("0123456789ab", "mine"), named("mine"));
        write(&named("a"), Some(Status::Finished));
        write(&named("z"), None);
        std::fs::create_dir(results.path().join("runs/b-0123456789ab.old-1")).unwrap();
        std::fs::create_dir(results.path().join("runs/anything")).unwrap();
        let runs = Runs::read(results.path()).unwrap();
        assert_eq!(runs.folder("0123456789ab", "mine"), named("a"), "the finished one");
        assert_eq!(runs.folders.len(), 1);
    }

    #[test]
    fn the_state_is_what_the_last_attempt_came_to() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::at(folder.path().join("run"));
        assert_eq!(state(&run).0, State::Waiting);
        let ends = [
            (None, State::Begun),
            (Some(Status::Killed), State::Stopped),
            (Some(Status::Failed), State::Failed("why".to_owned())),
            (Some(Status::Pruned), State::Pruned),
            (Some(Status::Finished), State::Finished),
        ];
        for (attempts, (end, expected)) in ends.into_iter().enumerate() {
            write(&run, end);
            let (state, history) = state(&run);
            assert_eq!((state, history.attempts as usize), (expected, attempts + 1));
        }
        std::fs::write(run.journal(), "nonsense\n").unwrap();
        assert!(matches!(state(&run).0, State::Failed(why) if why.contains("line 1")));
    }
}
