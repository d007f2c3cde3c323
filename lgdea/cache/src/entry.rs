//! What a cache holds, and when it was last of use.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::{Cache, Stage};

/// A file of a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub stage: Stage,
    /// Where it lies.
    pub path: PathBuf,
    /// When it was made or last opened.
    pub used: SystemTime,
    /// Whether it is a file that is being written, or that was when its process died.
    pub is_draft: bool,
}

impl Cache {
    /// All that it holds, stage by stage; nothing where there is no such folder.
    ///
    /// # Errors
    /// A folder that cannot be listed.
    pub fn entries(&self) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for stage in Stage::KEPT {
            let folder = self.path(stage, "");
            let listed = match fs::read_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                listed => listed?,
            };
            for file in listed {
                let (path, about) = file.and_then(|file| Ok((file.path(), file.metadata()?)))?;
                if about.is_file() {
                    let is_draft = path.extension().is_some_and(|extension| extension == "draft");
                    entries.push(Entry { stage, path, used: about.modified()?, is_draft });
                }
            }
        }
        entries.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_opened_is_of_use() {
        let results = tempfile::tempdir().unwrap();
        let cache = Cache::of_results(results.path());
        assert_eq!(cache.entries().unwrap(), []);
        for key in ["a", "b"] {
            cache.keep_json(Stage::Training, key, &key);
            let file = fs::File::options().append(true).open(cache.path(Stage::Training, key)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_hours(1000)).unwrap();
        }
        assert_eq!(cache.json::<String>(Stage::Training, "b").as_deref(), Some("b"));
        let age = |entry: &Entry| entry.used.elapsed().unwrap_or_default() > Duration::from_hours(1);
        let old: Vec<bool> = cache.entries().unwrap().iter().map(age).collect();
        assert_eq!(old, [true, false]);
        fs::write(cache.path(Stage::Training, "c.host-1.draft"), "half").unwrap();
        let drafts: Vec<bool> = cache.entries().unwrap().iter().map(|entry| entry.is_draft).collect();
        assert_eq!(drafts, [false, false, true]);
    }
}
