//! Questions to a disk, and what tells their answers apart.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use blake3::{Hash, Hasher};
use serde::{Deserialize, Serialize};

use super::{Entry, entries, is_absence};

/// Seconds after which a further change of a file is sure to change its time, too: file systems count in steps of up to two.
const STEP: i64 = 2;

/// A question to a disk.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Question {
    /// What is at a path: nothing, a folder, or a file of a size and a time of change.
    What(String),
    /// What is in a folder.
    List(String),
    /// Which path a text means that may name environment variables.
    Path(String),
}

/// An answer.
pub(super) struct Answer {
    /// What tells it apart.
    pub(super) hash: Hash,
    /// Whether a change after the question is sure to give another answer.
    pub(super) is_lasting: bool,
}

impl Question {
    /// Of a path; `None` where it is no text, so that it cannot be kept.
    pub(super) fn what(path: &Path) -> Option<Question> {
        path.to_str().map(|path| Question::What(path.to_owned()))
    }

    /// Of a folder, in the same way.
    pub(super) fn list(path: &Path) -> Option<Question> {
        path.to_str().map(|path| Question::List(path.to_owned()))
    }

    /// What the disk says now.
    pub(super) fn ask(&self) -> Hash {
        match self {
            Question::What(path) => Answer::of_what(&fs::metadata(path)).hash,
            Question::List(path) => Answer::of_list(&entries(Path::new(path))).hash,
            Question::Path(text) => Answer::of_path(lgdea_spec::expand_env(text).ok().as_deref()).hash,
        }
    }
}

impl Answer {
    /// To what is at a path.
    pub(super) fn of_what(found: &io::Result<Metadata>) -> Answer {
        match found {
            Ok(found) if found.is_dir() => Answer { hash: blake3::hash(b"folder"), is_lasting: true },
            Ok(found) => {
                let (stamp, changed) = stamp(found);
                Answer { hash: stamp, is_lasting: is_settled(changed, seconds(SystemTime::now())) }
            }
            Err(error) => Answer::of_error(error),
        }
    }

    /// To what is in a folder.
    pub(super) fn of_list(found: &io::Result<Vec<Entry>>) -> Answer {
        let entries = match found {
            Ok(entries) => entries,
            Err(error) => return Answer::of_error(error),
        };
        let mut hasher = Hasher::new();
        for Entry { path, is_folder } in entries {
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            hasher.update(&name.len().to_le_bytes()).update(name).update(&[u8::from(*is_folder)]);
        }
        Answer { hash: hasher.finalize(), is_lasting: true }
    }

    /// To which path a text means.
    pub(super) fn of_path(path: Option<&Path>) -> Answer {
        let bytes = path.map_or(&b""[..], |path| path.as_os_str().as_encoded_bytes());
        Answer { hash: blake3::hash(bytes), is_lasting: path.is_some() }
    }

    fn of_error(error: &io::Error) -> Answer {
        let hash = blake3::hash(if is_absence(error) { b"nothing" } else { b"unknown" });
        Answer { hash, is_lasting: is_absence(error) }
    }
}

/// Whether a file that changed at one time will show any change after another, both in seconds since 1970. A clock that goes
/// back makes files of the future, which may be changed once more at the very time that they bear.
fn is_settled(changed: i64, now: i64) -> bool {
    now.saturating_sub(changed) > STEP
}

fn seconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |seconds| -seconds),
    }
}

/// What tells a file apart from what was or will be at its path, and when it was last changed. Nobody can set the time at
/// which a file's entry changed, while copying may give it the size and the time of another's content.
#[cfg(unix)]
fn stamp(file: &Metadata) -> (Hash, i64) {
    use std::os::unix::fs::MetadataExt;
    let mut hasher = Hasher::new();
    for number in [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()] {
        hasher.update(&number.to_le_bytes());
    }
    hasher.update(&file.ino().to_le_bytes()).update(&file.len().to_le_bytes()).update(&[u8::from(file.is_file())]);
    (hasher.finalize(), file.ctime())
}

/// As on Unix, as far as other systems tell.
#[cfg(not(unix))]
fn stamp(file: &Metadata) -> (Hash, i64) {
    let changed = file.modified().ok();
    let nanoseconds =
        changed.and_then(|changed| changed.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_nanos());
    let mut hasher = Hasher::new();
    hasher.update(&nanoseconds.to_le_bytes()).update(&file.len().to_le_bytes()).update(&[u8::from(file.is_file())]);
    // What tells no time is never settled.
    (hasher.finalize(), changed.map_or(i64::MAX, seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_settled_once_a_change_must_show() {
        for (changed, now, settled) in [
            (100, 103, true),
            (100, 102, false),
            (100, 100, false),
            // The clock was put back.
            (100, 50, false),
            (100, i64::MIN, false),
            (i64::MIN, 100, true),
            (i64::MAX, 100, false),
        ] {
            assert_eq!(is_settled(changed, now), settled, "changed at {changed}, asked at {now}");
        }
    }
}
