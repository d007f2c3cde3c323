//! Runs that the user names, and what is asked before something is removed.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use lgdea_run::no_such_run;
use lgdea_track::RunDir;

use crate::failure::{Failure, refused};

/// The run that is meant by a folder, a name or a key.
pub(crate) fn named(wanted: &Path, results: &Path) -> Result<RunDir, Failure> {
    RunDir::find(wanted, results).ok_or_else(|| no_such_run(wanted, results).into())
}

/// The runs of a results folder, by name; none where there is no such folder.
pub(crate) fn all(results: &Path) -> Vec<RunDir> {
    RunDir::list(&results.join("runs")).unwrap_or_default()
}

/// Whether the user wants something to be removed. Where nobody can be asked, only `--yes` says so.
pub(crate) fn is_wanted(question: &str, yes: bool) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() {
        return Err(refused(format!("{question} Nobody can be asked here: add `--yes`")));
    }
    let mut err = std::io::stderr().lock();
    write!(err, "{question} [y/N] ").and_then(|()| err.flush())?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Bytes of a file, or of all files in a folder. What cannot be read has none.
pub(crate) fn size(path: &Path) -> u64 {
    let Ok(about) = path.symlink_metadata() else { return 0 };
    if !about.is_dir() {
        return about.len();
    }
    std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| size(&entry.path())).sum()
}

/// Bytes as people read them.
pub(crate) fn readable_size(bytes: u64) -> String {
    let mut size = bytes as f64;
    for unit in ["B", "KB", "MB", "GB"] {
        if size < 1000.0 {
            return if unit == "B" { format!("{bytes} B") } else { format!("{size:.1} {unit}") };
        }
        size /= 1000.0;
    }
    format!("{size:.1} TB")
}

/// Removes a file or a folder. A folder is renamed first, so that nobody takes what is left of it for a whole one.
pub(crate) fn remove(path: &Path) -> std::io::Result<()> {
    if !path.symlink_metadata()?.is_dir() {
        return std::fs::remove_file(path);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let aside: PathBuf = path.with_file_name(format!("{REMOVING}{}", name.trim_start_matches(REMOVING)));
    if aside != path {
        std::fs::rename(path, &aside)?;
    }
    std::fs::remove_dir_all(&aside)
}

/// What the name of a folder begins with that is being removed.
pub(crate) const REMOVING: &str = ".removing-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_for_people() {
        let table = [(0, "0 B"), (999, "999 B"), (1200, "1.2 KB"), (5_000_000, "5.0 MB"), (7_250_000_000, "7.2 GB")];
        for (bytes, text) in table {
            assert_eq!(readable_size(bytes), text);
        }
        assert_eq!(readable_size(3_000_000_000_000), "3.0 TB");
    }

    #[test]
    fn a_folder_is_removed_with_all_that_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        std::fs::create_dir_all(run.join("a/b")).unwrap();
        std::fs::write(run.join("a/b/c"), "four").unwrap();
        assert_eq!(size(&run), 4);
        remove(&run).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
