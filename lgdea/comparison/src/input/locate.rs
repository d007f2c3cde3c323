//! What a path names.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use lgdea_track::{RunDir, is_path};

use crate::error::suggestion;
use crate::{ComparisonError, records};

use super::foreign::not_results;

/// The list of a sweep's trials in its folder.
const TRIALS: &str = "trials.jsonl";
/// Bytes of a first line that are looked at; that of a records file is shorter.
const FIRST_LINE: u64 = 16 << 20;

/// What a path names.
#[derive(Debug, PartialEq)]
pub(super) enum Located {
    /// A records file.
    Records(PathBuf),
    /// A sweep that was run: its list of trials, and the results folder that it lies in.
    Sweep { trials: PathBuf, results: PathBuf },
    /// A sweep file.
    SweepFile(PathBuf),
    /// Folders of runs.
    Runs(Vec<PathBuf>),
}

/// Finds out what a path names: itself, or what has its name in the results folder.
pub(super) fn locate(path: &Path, results: &Path) -> Result<Located, ComparisonError> {
    let Some(found) = places(path, results).into_iter().find(|place| place.exists()) else {
        return Err(not_found(path, results));
    };
    if found.is_dir() { folder(&found) } else { file(&found) }
}

/// Where what a path names may be. A name alone is that of something in the results folder, if there is such a thing.
fn places(path: &Path, results: &Path) -> [PathBuf; 3] {
    let mut places = [path.to_path_buf(), results.join("sweeps").join(path), results.join("runs").join(path)];
    if !is_path(path) {
        places.rotate_left(1);
    }
    places
}

/// The files that a path may name: itself, and the lists of a sweep and of a run where it names a folder.
pub(super) fn files(path: &Path, results: &Path) -> impl Iterator<Item = PathBuf> {
    places(path, results).into_iter().flat_map(|place| [place.join(TRIALS), RunDir::at(&place).journal(), place])
}

fn folder(path: &Path) -> Result<Located, ComparisonError> {
    let trials = path.join(TRIALS);
    if trials.is_file() {
        return Ok(Located::Sweep { results: results_of(path), trials });
    }
    if RunDir::at(path).journal().is_file() {
        return Ok(Located::Runs(vec![path.to_path_buf()]));
    }
    let runs = if path.join("runs").is_dir() { path.join("runs") } else { path.to_path_buf() };
    let folders = run_folders(&runs).map_err(ComparisonError::file("read", &runs))?;
    if folders.is_empty() {
        let reason = "is neither a sweep (trials.jsonl) nor a run (journal.jsonl), and holds no runs".to_owned();
        return Err(ComparisonError::NotResults { path: path.to_path_buf(), reason });
    }
    Ok(Located::Runs(folders))
}

fn file(path: &Path) -> Result<Located, ComparisonError> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if extension == "toml" {
        return Ok(Located::SweepFile(path.to_path_buf()));
    }
    let first = first_line(path).map_err(ComparisonError::file("read", path))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    if records::is_records(&first) {
        Ok(Located::Records(path.to_path_buf()))
    } else if path.file_name().is_some_and(|name| name == TRIALS) {
        Ok(Located::Sweep { trials: path.to_path_buf(), results: results_of(folder) })
    } else if path.file_name().is_some_and(|name| name == "journal.jsonl") {
        Ok(Located::Runs(vec![folder.to_path_buf()]))
    } else {
        Err(ComparisonError::NotResults { path: path.to_path_buf(), reason: not_results(&first) })
    }
}

/// The first line that has anything in it; empty of a file without one.
fn first_line(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut reader = BufReader::new(std::fs::File::open(path)?.take(FIRST_LINE));
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 && line.trim_ascii().is_empty() {
        line.clear();
    }
    Ok(line)
}

/// The results folder of `results/sweeps/<name>`.
fn results_of(sweep: &Path) -> PathBuf {
    sweep.join("..").join("..")
}

/// Folders of runs, in the order of their names; without those that were set aside for another run.
fn run_folders(runs: &Path) -> std::io::Result<Vec<PathBuf>> {
    let set_aside =
        |path: &Path| path.extension().is_some_and(|extension| extension.to_string_lossy().starts_with("old-"));
    let folders = RunDir::list(runs)?.into_iter().map(|run| run.path().to_path_buf());
    Ok(folders.filter(|path| !set_aside(path)).collect())
}

/// Folders of runs by the key that their names end with.
pub(super) fn runs_by_key(runs: &Path) -> HashMap<String, PathBuf> {
    // Where there is no such folder, no trial has begun.
    let folders = run_folders(runs).unwrap_or_default();
    let key = |folder: &PathBuf| folder.file_name()?.to_str()?.rsplit('-').next().map(str::to_owned);
    folders.into_iter().filter_map(|folder| Some((key(&folder)?, folder))).collect()
}

fn not_found(path: &Path, results: &Path) -> ComparisonError {
    let mut known = Vec::new();
    for below in ["sweeps", "runs"] {
        let entries = std::fs::read_dir(results.join(below)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        known.extend(names);
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut suggestion = suggestion(&name, known.iter().map(String::as_str));
    if known.is_empty() {
        suggestion =
            format!(", nor any other in {}; `--results` names the folder that runs are written to", results.display());
    }
    ComparisonError::NotFound { path: path.to_path_buf(), suggestion }
}
