//! What reading data asks of the disk. All of it is asked here, so that what was answered can be kept and asked again.
//!
//! [`noted`] does work and notes what it asks; [`Asked::is_still_true`] says later whether a disk would answer the same.
//! Sources and tables call nothing of [`std::fs`] themselves.

mod notes;
mod question;

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use question::{Answer, Question};

pub(crate) use notes::{Asked, noted};

/// A file or a folder in a folder.
pub(crate) struct Entry {
    pub(crate) path: PathBuf,
    /// Links are followed: large sets are often links into another disk.
    pub(crate) is_folder: bool,
}

/// The content of a file.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    note_what(path);
    noted_failure(fs::read(path))
}

/// A file, to be read.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    note_what(path);
    noted_failure(File::open(path))
}

/// Whether there is something.
pub(crate) fn exists(path: &Path) -> bool {
    what(path).is_ok()
}

/// Whether it is a file.
pub(crate) fn is_file(path: &Path) -> bool {
    what(path).is_ok_and(|found| found.is_file())
}

/// Whether it is a folder.
pub(crate) fn is_folder(path: &Path) -> bool {
    what(path).is_ok_and(|found| found.is_dir())
}

/// What is at a path.
pub(crate) fn what(path: &Path) -> io::Result<Metadata> {
    notes::note(|asked| {
        let found = fs::metadata(path);
        (asked.then(|| (Question::what(path), Answer::of_what(&found))), found)
    })
}

/// Refuses what is no folder, or one whose files may not be listed. It does not matter what is in it.
pub(crate) fn check_folder(path: &Path) -> io::Result<()> {
    note_what(path);
    noted_failure(fs::read_dir(path).map(drop))
}

/// What is in a folder, in the order of the paths.
pub(crate) fn list(path: &Path) -> io::Result<Vec<Entry>> {
    notes::note(|asked| {
        let found = entries(path);
        (asked.then(|| (Question::list(path), Answer::of_list(&found))), found)
    })
}

/// The path that a text means, which may name environment variables.
pub(crate) fn expand(text: &str) -> Result<PathBuf, lgdea_spec::EnvironmentError> {
    notes::note(|asked| {
        let found = lgdea_spec::expand_env(text);
        (asked.then(|| (Some(Question::Path(text.to_owned())), Answer::of_path(found.as_deref().ok()))), found)
    })
}

/// What tells this program apart from others that were or will be at its path.
pub(crate) fn program() -> Option<String> {
    let found = fs::metadata(std::env::current_exe().ok()?);
    found.is_ok().then(|| Answer::of_what(&found).hash.to_hex().to_string())
}

fn entries(path: &Path) -> io::Result<Vec<Entry>> {
    let entry = |entry: io::Result<fs::DirEntry>| {
        let entry = entry?;
        let path = entry.path();
        let kind = entry.file_type();
        let is_folder = kind.is_ok_and(|kind| kind.is_dir() || kind.is_symlink() && path.is_dir());
        Ok(Entry { path, is_folder })
    };
    let mut entries = fs::read_dir(path)?.map(entry).collect::<io::Result<Vec<Entry>>>()?;
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

/// Notes what is at a path, before it is read: a change that comes later shows.
fn note_what(path: &Path) {
    notes::note(|asked| (asked.then(|| (Question::what(path), Answer::of_what(&fs::metadata(path)))), ()));
}

/// Notes that something could not be read which another time may be: nothing that follows from it is kept.
fn noted_failure<T>(result: io::Result<T>) -> io::Result<T> {
    if result.as_ref().is_err_and(|error| !is_absence(error)) {
        notes::give_up();
    }
    result
}

/// Whether an error says that nothing is there, which is as good an answer as another.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests;
