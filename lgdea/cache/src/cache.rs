//! Files that are made once for each content: their names, and how one of several processes makes them.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::holder::Holder;
use crate::{CacheError, Claim, Leases};

/// How often work that another process does is looked at.
const PAUSE: Duration = Duration::from_millis(100);

/// What a cached file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// What is known of data without reading them again. It is named by the data's settings, and says itself of which files it is
    /// true.
    Data,
    /// The images of a corpus.
    Images,
    /// What a frozen network makes of images or texts.
    Features,
    /// The name of the run that has the weights.
    Training,
    /// What an evaluation found.
    Evaluation,
    /// Nothing: evidence has a cache of its own, report by report, which one process fills at a time.
    Evidence,
}

impl Stage {
    /// Those of which files are kept here.
    pub(crate) const KEPT: [Stage; 5] =
        [Stage::Data, Stage::Images, Stage::Features, Stage::Training, Stage::Evaluation];

    /// Name of its folder.
    fn name(self) -> &'static str {
        match self {
            Stage::Data => "data",
            Stage::Images => "images",
            Stage::Features => "features",
            Stage::Training => "training",
            Stage::Evaluation => "evaluation",
            Stage::Evidence => "evidence",
        }
    }
}

/// Files that are made once per content, by whichever process comes first, and never change.
///
/// A file's name is the hash of all that determines its content, so that nothing goes stale, but for [`Stage::Data`]; what is no
/// longer wanted may be removed at any time.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The cache of a results folder. Nothing is written before there is something to keep.
    pub fn of_results(results: &Path) -> Cache {
        Cache { folder: results.join("cache") }
    }

    /// Where something is, or would be.
    pub fn path(&self, stage: Stage, key: &str) -> PathBuf {
        self.folder.join(stage.name()).join(key)
    }

    /// Opens what is there, else makes it first. Where another process is making it, waits for that one; `waiting` is then
    /// called once with who it is.
    ///
    /// `make` writes the file whose path it is given. What `open` finds broken is made anew.
    ///
    /// # Errors
    /// What `make` says; what the file system says, of the cache's own files.
    pub fn get_or_make<T, E: From<CacheError>>(
        &self,
        stage: Stage,
        key: &str,
        open: impl Fn(&Path) -> io::Result<T>,
        make: impl FnOnce(&Path) -> Result<(), E>,
        waiting: &dyn Fn(&str),
    ) -> Result<T, E> {
        if let Some(there) = self.open(stage, key, &open) {
            return Ok(there);
        }
        self.alone(stage, key, waiting, || {
            // Another process may have made it meanwhile.
            if let Some(there) = self.open(stage, key, &open) {
                return Ok(there);
            }
            self.write(stage, key, make)?;
            let path = self.path(stage, key);
            open(&path).map_err(|source| CacheError { path, source }.into())
        })?
    }

    /// Does work while no other process does work of the same name; `waiting` is called once with whom it waits for.
    ///
    /// # Errors
    /// The file system's, about the lease.
    pub fn alone<T>(
        &self,
        stage: Stage,
        key: &str,
        waiting: &dyn Fn(&str),
        work: impl FnOnce() -> T,
    ) -> Result<T, CacheError> {
        let (name, folder) = (format!("{}-{key}", stage.name()), self.folder.join("leases"));
        let failed = |source| CacheError { path: folder.clone(), source };
        let mut leases = Leases::new(&folder, Leases::PATIENCE).map_err(failed)?;
        let mut told = false;
        while leases.claim(&name).map_err(failed)? == Claim::Held {
            if let (false, Some(holder)) = (told, leases.holder(&name)) {
                waiting(&holder);
                told = true;
            }
            thread::sleep(PAUSE);
        }
        Ok(work())
    }

    /// What is there; `None` where there is nothing, or what cannot be read, which is said.
    pub fn json<T: DeserializeOwned>(&self, stage: Stage, key: &str) -> Option<T> {
        self.open(stage, key, |path| Ok(serde_json::from_slice(&fs::read(path)?)?))
    }

    /// Keeps a value. What cannot be kept is made again next time, so that this is said and no error.
    pub fn keep_json(&self, stage: Stage, key: &str, value: &impl Serialize) {
        self.keep(stage, key, |path| fs::write(path, serde_json::to_vec(value)?));
    }

    /// Keeps a copy of a file, in the same way.
    pub fn keep_file(&self, stage: Stage, key: &str, file: &Path) {
        self.keep(stage, key, |path| fs::copy(file, path).map(drop));
    }

    fn keep(&self, stage: Stage, key: &str, write: impl FnOnce(&Path) -> io::Result<()>) {
        let make = |path: &Path| write(path).map_err(|source| CacheError { path: path.to_owned(), source });
        if let Err(error) = self.write(stage, key, make) {
            tracing::warn!("what was found is not kept: {error}: {}", error.source);
        }
    }

    fn open<T>(&self, stage: Stage, key: &str, open: impl Fn(&Path) -> io::Result<T>) -> Option<T> {
        let path = self.path(stage, key);
        match open(&path) {
            Ok(there) => {
                touch(&path);
                Some(there)
            }
            // Where the folder is none, keeping what is made says so.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => None,
            Err(error) => {
                tracing::warn!("{} cannot be used and is made anew: {error}", path.display());
                None
            }
        }
    }

    /// Writes a file under another name first, so that nobody sees half of it.
    fn write<E: From<CacheError>>(
        &self,
        stage: Stage,
        key: &str,
        make: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<(), E> {
        let path = self.path(stage, key);
        let failed = |source| CacheError { path: path.clone(), source };
        let begin = || {
            fs::create_dir_all(self.folder.join(stage.name()))?;
            Holder::this()
        };
        let draft = path.with_added_extension(format!("{}.draft", begin().map_err(failed)?.file_name()));
        let end = || {
            File::open(&draft)?.sync_all()?;
            fs::rename(&draft, &path)
        };
        let written = make(&draft).and_then(|()| Ok(end().map_err(failed)?));
        if written.is_err() {
            let _ = fs::remove_file(&draft);
        }
        written
    }
}

/// Notes that a file of a cache was of use. Where its time cannot be changed, it only seems older than it is.
fn touch(path: &Path) {
    let _ = fs::File::options().append(true).open(path).and_then(|file| file.set_modified(SystemTime::now()));
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn read(path: &Path) -> io::Result<String> {
        fs::read_to_string(path)
    }

    fn write(path: &Path, content: &str) -> Result<(), CacheError> {
        fs::write(path, content).map_err(|source| CacheError { path: path.to_owned(), source })
    }

    #[test]
    fn of_many_that_want_it_one_makes_it() {
        let results = tempfile::tempdir().unwrap();
        let made = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let make = |path: &Path| {
                        made.fetch_add(1, Ordering::Relaxed);
                        write(path, "content")
                    };
                    let cache = Cache::of_results(results.path());
                    let found = cache.get_or_make(Stage::Images, "a", read, make, &|_| ());
                    assert_eq!(found.unwrap(), "content");
                });
            }
        });
        assert_eq!(made.into_inner(), 1);
        let left: Vec<_> = fs::read_dir(results.path().join("cache/images")).unwrap().collect();
        assert_eq!(left.len(), 1, "no draft is left");
    }

    #[test]
    fn what_is_broken_is_made_anew_and_what_fails_leaves_nothing() {
        let results = tempfile::tempdir().unwrap();
        let cache = Cache::of_results(results.path());
        let failing = |path: &Path| {
            write(path, "half")?;
            Err(CacheError { path: path.to_owned(), source: io::Error::other("no more") })
        };
        let error = cache.get_or_make(Stage::Images, "a", read, failing, &|_| ()).unwrap_err();
        assert_eq!(error.source.to_string(), "no more");
        assert_eq!(fs::read_dir(results.path().join("cache/images")).unwrap().count(), 0);

        let number = |path: &Path| read(path)?.parse::<u32>().map_err(io::Error::other);
        fs::write(cache.path(Stage::Images, "a"), "torn").unwrap();
        let found = cache.get_or_make(Stage::Images, "a", number, |path| write(path, "7"), &|_| ());
        assert_eq!(found.unwrap(), 7);
    }

    #[test]
    fn who_waits_is_told_for_whom() {
        let results = tempfile::tempdir().unwrap();
        let cache = Cache::of_results(results.path());
        let (begun, begins) = std::sync::mpsc::channel();
        let (told, is_told) = std::sync::mpsc::channel();
        thread::scope(|scope| {
            let first = cache.clone();
            scope.spawn(move || {
                first.alone(Stage::Evidence, "a", &|_| (), || {
                    begun.send(()).unwrap();
                    is_told.recv().unwrap()
                })
            });
            begins.recv().unwrap();
            let waiting = |holder: &str| told.send(holder.to_owned()).unwrap();
            cache.alone(Stage::Evidence, "a", &waiting, || ()).unwrap();
        });
    }

    #[test]
    fn values_are_kept_by_key() {
        let results = tempfile::tempdir().unwrap();
        let cache = Cache::of_results(results.path());
        assert_eq!(cache.json::<Vec<u32>>(Stage::Training, "a"), None);
        cache.keep_json(Stage::Training, "a", &[1, 2]);
        assert_eq!(cache.json(Stage::Training, "a"), Some(vec![1, 2]));
        fs::write(cache.path(Stage::Training, "a"), "[1,").unwrap();
        assert_eq!(cache.json::<Vec<u32>>(Stage::Training, "a"), None);
        cache.keep_file(Stage::Training, "copy", &cache.path(Stage::Training, "a"));
        assert_eq!(read(&cache.path(Stage::Training, "copy")).unwrap(), "[1,");
    }
}
